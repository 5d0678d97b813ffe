"""How violations look, and the explanation of one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.table import Column, print_table
from rohe_iac.cli.views.observing.verdict import error_note, shown_error, shown_time, shown_verdict
from rohe_iac.foundation.quantities import counted, shown_measurement

COLUMNS = (
    Column("VIOLATION"),
    Column("OBJECTIVE"),
    Column("OPENED"),
    Column("ENDED"),
    Column("VALUE"),
    Column("PROMISE", prose=True, rank=2),
    Column("CAUSE", prose=True, rank=3),
    Column("ACTIONS", prose=True, rank=4),
)
"""The columns of the table of violations."""

PARTS = (
    Column("PART"),
    Column("SAMPLES", right=True, rank=3),
    Column("ALONE", right=True, rank=2),
    Column("BEFORE", right=True, rank=3),
    Column("WITHOUT", right=True),
    Column("WOULD BE"),
)
"""The columns of the table of contributions."""


class ViolationView:
    """Shows violations, which are JSON values of an agent."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def nothing(self, output: Output, unobserved: str = "") -> None:
        """Prints that there is no violation to explain, or why the stack is not observed."""
        if output is Output.json:
            self._screen.print_json({"id": None}, "violation")
        else:
            self._screen.out.print(unobserved or "No contract has been broken so far.", markup=False)

    def table(self, violations: list[dict[str, Any]], output: Output, unobserved: str = "") -> None:
        """Prints a row for each violation; without any, that there is none, or why the stack is not observed."""
        if output is Output.json:
            self._screen.print_json(violations, "violation")
            return
        if not violations:
            self._screen.out.print(unobserved or "No contract has been broken so far.", markup=False)
            return
        rows = []
        for item in violations:
            evidence = item["evidence"]
            cause = _cause(evidence)
            without = f"{cause['name']} (without: {_shown(evidence, cause['without'])})" if cause else ""
            rows.append(
                (
                    item["id"],
                    escape(f"{item['contract']}/{item['objective']}"),
                    shown_time(item["opened"]),
                    shown_time(item["ended"]) if item["ended"] else "[red]open[/red]",
                    escape(_shown(evidence, evidence["value"]) + shown_error(evidence)),
                    escape(evidence["promise"]),
                    escape(without or _joint_cause(evidence) or "no part alone"),
                    escape("; ".join(_action(action) for action in item["actions"])) or "alert",
                )
            )
        print_table(self._screen.out, COLUMNS, rows)
        if note := error_note(item["evidence"] for item in violations):
            self._screen.out.print(note, style="dim")

    def explain(self, violation: dict[str, Any], output: Output) -> None:
        """Prints one violation with all its evidence."""
        if output is Output.json:
            self._screen.print_json(violation, "violation")
            return
        out = self._screen.out
        evidence = violation["evidence"]
        ended = f"ended {shown_time(violation['ended'])}" if violation["ended"] else "[red]still open[/red]"
        out.print(
            f"[bold]{violation['id']}[/bold] {escape(violation['contract'])}/{escape(violation['objective'])}: "
            f"{shown_verdict('BROKEN')} {shown_time(violation['opened'])}, {ended}"
        )
        for label, text in _facts(evidence):
            out.print(f"  {label:<9} {escape(text)}")
        self._contributions(evidence)
        for action in violation["actions"]:
            out.print(f"  [yellow]done[/yellow]      {shown_time(action['begun'])} {escape(_action(action))}")
        out.print(f"[bold]Blame: {escape(_blame(evidence))}.[/bold]")

    def _contributions(self, evidence: dict[str, Any]) -> None:
        """Prints a row for each service and each part that some of the samples lack, then the parts in every sample."""
        contributions = evidence["contributions"]
        shown = [item for item in contributions if item["without"] is not None or item["kind"] == "service"]
        rows = []
        for item in shown:
            would = "-" if item["kept"] is None else shown_verdict("KEPT" if item["kept"] else "BROKEN")
            values = (escape(_shown(evidence, item[name])) for name in ("own", "was", "without"))
            rows.append((f"{escape(item['kind'])} {escape(item['name'])}", str(item["count"]), *values, would))
        if rows:
            print_table(self._screen.out, PARTS, rows, indent=2)
        everywhere = [item["name"] for item in contributions if item["kind"] == "instance" and item["without"] is None]
        if everywhere:
            self._screen.out.print(f"  took part in every sample: {', '.join(everywhere)}", style="dim", markup=False)


def _facts(evidence: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yields what was promised, what was measured, and what was measured before, each with its label."""
    yield "promised", f"{evidence['promise']}, over {evidence['window']}"
    span = f"{shown_time(evidence['start'])} to {shown_time(evidence['end'])}"
    value = _shown(evidence, evidence["value"]) + shown_error(evidence)
    yield "measured", f"{value} of {counted(evidence['count'], 'sample')}, {span}"
    if note := error_note([evidence]):
        yield "", note
    if explained := evidence.get("explained"):
        yield "", f"members and services by the newest {explained:,} samples alone, because memory was short"
    if baseline := evidence.get("baseline"):
        before = _shown(evidence, baseline["value"])
        yield "before", f"{before} in the window to {shown_time(baseline['end'])}, kept"


def _blame(evidence: dict[str, Any]) -> str:
    """Returns which part caused the violation, or that no part did alone."""
    cause = _cause(evidence)
    if cause:
        return f"{cause['kind']} {cause['name']}; without it: {_shown(evidence, cause['without'])}, KEPT"
    if evidence["value"] is None:
        return "no part; the window has no samples to compare"
    joint = _joint_cause(evidence)
    if joint:
        return f"no one part alone; together {joint}"
    found = [item for item in evidence["contributions"] if item["without"] is not None]
    if not found:
        return "no one part alone; every part took part in every sample, so that none can be compared"
    best = f"{found[0]['kind']} {found[0]['name']}"
    return (
        f"no one part alone, and no two or three together; most without {best}: "
        f"{_shown(evidence, found[0]['without'])}, still BROKEN"
    )


def _joint_cause(evidence: dict[str, Any]) -> str:
    """Returns the parts that would keep the objective only if all were gone, with the value; nothing if none do."""
    joint = evidence.get("together")
    if not joint:
        return ""
    names = [f"{joint['kind']} {name}" for name in joint["names"]]
    return f"{', '.join(names[:-1])} and {names[-1]} (without: {_shown(evidence, joint['without'])})"


def _shown(evidence: dict[str, Any], value: float | None) -> str:
    """Returns a value of the objective with its unit; evidence of older agents has none."""
    return shown_measurement(value, evidence.get("unit", ""))


def _cause(evidence: dict[str, Any]) -> dict[str, Any] | None:
    """Returns the part without which the objective would have been kept; None where there is none."""
    found = [item for item in evidence["contributions"] if item["without"] is not None]
    best: dict[str, Any] | None = found[0] if found else None
    if best is None or evidence["value"] is None or not best["kept"]:
        return None
    return best


def _action(action: dict[str, Any]) -> str:
    """Returns what an action does to which service, and when it ended."""
    dry = ", not carried out (dry run)" if action["dry"] else ""
    ended = f", ended {shown_time(action['ended'])}" if action["ended"] else ""
    return f"{action['kind']}: {action['service']} goes on without {action['dropped']}{dry}{ended}"
