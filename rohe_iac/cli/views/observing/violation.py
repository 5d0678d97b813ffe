"""How violations look, and the explanation of one."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.cli.views.observing.verdict import shown_time, shown_value, shown_verdict


class ViolationView:
    """Shows violations, which are JSON values of an agent."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def table(self, violations: list[dict[str, Any]], output: Output) -> None:
        """Prints a row for each violation."""
        if output is Output.json:
            self._screen.print_json(violations)
            return
        if not violations:
            self._screen.out.print("No contract has been broken so far.")
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("VIOLATION", "OBJECTIVE", "OPENED", "ENDED", "VALUE", "PROMISE", "CAUSE", "ACTIONS"):
            fixed = title in ("VIOLATION", "OPENED", "ENDED", "VALUE")
            table.add_column(title, overflow="fold", no_wrap=fixed, min_width=len(title))
        for item in violations:
            evidence = item["evidence"]
            cause = _cause(evidence)
            table.add_row(
                item["id"],
                escape(f"{item['contract']}/{item['objective']}"),
                shown_time(item["opened"]),
                shown_time(item["ended"]) if item["ended"] else "[red]open[/red]",
                shown_value(evidence["value"]),
                escape(evidence["promise"]),
                escape(f"{cause['name']} (without: {shown_value(cause['without'])})") if cause else "-",
                escape("; ".join(_action(action) for action in item["actions"])) or "alert",
            )
        self._screen.out.print(table)

    def explain(self, violation: dict[str, Any], output: Output) -> None:
        """Prints one violation with all its evidence."""
        if output is Output.json:
            self._screen.print_json(violation)
            return
        out = self._screen.out
        evidence = violation["evidence"]
        ended = f"ended {shown_time(violation['ended'])}" if violation["ended"] else "[red]still open[/red]"
        out.print(
            f"[bold]{violation['id']}[/bold] {escape(violation['contract'])}/{escape(violation['objective'])}: "
            f"{shown_verdict('BROKEN')} {shown_time(violation['opened'])}, {ended}"
        )
        out.print(
            f"  promised  {escape(evidence['promise'])}, over {evidence['window']}\n"
            f"  measured  {shown_value(evidence['value'])} of {evidence['count']} samples, "
            f"{shown_time(evidence['start'])} to {shown_time(evidence['end'])}"
        )
        baseline = evidence.get("baseline")
        if baseline:
            out.print(
                f"  before    {shown_value(baseline['value'])} in the window to {shown_time(baseline['end'])}, kept"
            )
        cause = _cause(evidence)
        if cause:
            kept = shown_verdict("KEPT" if cause["kept"] else "BROKEN")
            name = f"{cause['kind']} {cause['name']}"
            out.print(f"  [bold]without {escape(name)}: {shown_value(cause['without'])}, {kept}[/bold]")
        self._contributions(evidence["contributions"])
        for action in violation["actions"]:
            out.print(f"  [yellow]done[/yellow]      {shown_time(action['begun'])} {escape(_action(action))}")

    def _contributions(self, contributions: list[dict[str, Any]]) -> None:
        """Prints a row for each service and each part that some of the samples lack, then the parts in every sample."""
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("  PART", "SAMPLES", "ALONE", "BEFORE", "WITHOUT", "WOULD BE"):
            table.add_column(title)
        shown = [item for item in contributions if item["without"] is not None or item["kind"] == "service"]
        for item in shown:
            would = "-" if item["kept"] is None else shown_verdict("KEPT" if item["kept"] else "BROKEN")
            table.add_row(
                f"  {escape(item['kind'])} {escape(item['name'])}",
                str(item["count"]),
                shown_value(item["own"]),
                shown_value(item["was"]),
                shown_value(item["without"]),
                would,
            )
        if shown:
            self._screen.out.print(table)
        everywhere = [item["name"] for item in contributions if item["kind"] == "instance" and item["without"] is None]
        if everywhere:
            self._screen.out.print(f"  took part in every sample: {', '.join(everywhere)}", style="dim", markup=False)


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
