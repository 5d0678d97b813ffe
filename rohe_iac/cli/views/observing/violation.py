"""How violations look, and the explanation of one."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from rohe_iac.cli.console import Output, Screen
from rohe_iac.cli.views.observing.verdict import shown_time, shown_value, shown_verdict


class ViolationView:
    """Shows violations as an agent tells them."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def table(self, violations: list[dict[str, Any]], output: Output) -> None:
        """A row a violation."""
        if output is Output.json:
            self._screen.print_json(violations)
            return
        if not violations:
            self._screen.out.print("No contract was broken.")
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("VIOLATION", "OBJECTIVE", "OPENED", "ENDED", "VALUE", "PROMISE", "BLAMED", "DONE"):
            fixed = title in ("VIOLATION", "OPENED", "ENDED", "VALUE")
            table.add_column(title, overflow="fold", no_wrap=fixed, min_width=len(title))
        for item in violations:
            evidence = item["evidence"]
            blamed = _blamed(evidence)
            table.add_row(
                item["id"],
                escape(f"{item['contract']}/{item['objective']}"),
                shown_time(item["opened"]),
                shown_time(item["ended"]) if item["ended"] else "[red]open[/red]",
                shown_value(evidence["value"]),
                escape(evidence["promise"]),
                escape(f"{blamed['name']} (without: {shown_value(blamed['without'])})") if blamed else "-",
                escape("; ".join(_done(action) for action in item["actions"])) or "alert",
            )
        self._screen.out.print(table)

    def explain(self, violation: dict[str, Any], output: Output) -> None:
        """One violation with all its evidence."""
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
        blamed = _blamed(evidence)
        if blamed:
            kept = shown_verdict("KEPT" if blamed["kept"] else "BROKEN")
            name = f"{blamed['kind']} {blamed['name']}"
            out.print(f"  [bold]without {escape(name)}: {shown_value(blamed['without'])}, {kept}[/bold]")
        self._contributions(evidence["contributions"])
        for action in violation["actions"]:
            out.print(f"  [yellow]done[/yellow]      {shown_time(action['begun'])} {escape(_done(action))}")

    def _contributions(self, contributions: list[dict[str, Any]]) -> None:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for title in ("  WHO", "SAMPLES", "ALONE", "BEFORE", "WITHOUT", "WOULD BE"):
            table.add_column(title)
        told = [item for item in contributions if item["without"] is not None or item["kind"] == "service"]
        for item in told:
            would = "-" if item["kept"] is None else shown_verdict("KEPT" if item["kept"] else "BROKEN")
            table.add_row(
                f"  {escape(item['kind'])} {escape(item['name'])}",
                str(item["count"]),
                shown_value(item["own"]),
                shown_value(item["was"]),
                shown_value(item["without"]),
                would,
            )
        if told:
            self._screen.out.print(table)
        everywhere = [item["name"] for item in contributions if item["kind"] == "instance" and item["without"] is None]
        if everywhere:
            self._screen.out.print(f"  took part in every sample: {', '.join(everywhere)}", style="dim", markup=False)


def _blamed(evidence: dict[str, Any]) -> dict[str, Any] | None:
    found = [item for item in evidence["contributions"] if item["without"] is not None]
    best: dict[str, Any] | None = found[0] if found else None
    if best is None or evidence["value"] is None or not best["kept"]:
        return None
    return best


def _done(action: dict[str, Any]) -> str:
    dry = ", not told (dry run)" if action["dry"] else ""
    ended = f", ended {shown_time(action['ended'])}" if action["ended"] else ""
    return f"{action['kind']}: {action['service']} goes on without {action['dropped']}{dry}{ended}"
