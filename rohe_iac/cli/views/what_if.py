"""How the answer to `rohe plan --what-if` looks."""

from __future__ import annotations

from dataclasses import asdict

from rich.markup import escape

from rohe_iac.cli.console import Output, Screen
from rohe_iac.planning.serial import plan_to_json
from rohe_iac.usecases.what_if import WhatIf

FEW = 40
"""Changes told one by one; the others are counted."""

SIGNS = {"moved": "[yellow]~[/yellow]", "added": "[green]+[/green]", "removed": "[red]-[/red]"}


class WhatIfView:
    """Shows what a few edits would do to a plan."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, answer: WhatIf, output: Output) -> None:
        """Moved, lost and violated, then how many nodes are used."""
        if output is Output.json:
            self._screen.print_json(
                {
                    "edits": [str(edit) for edit in answer.edits],
                    "changes": [asdict(change) for change in answer.changes],
                    "lost": [item.replica for item in answer.lost],
                    "violated": [str(fault) for fault in answer.violated],
                    "plan": plan_to_json(answer.plan),
                }
            )
            return
        out = self._screen.out
        out.print(f"[bold]What if {escape(', '.join(str(edit) for edit in answer.edits))}[/bold]")
        for fault in answer.violated[:FEW]:
            out.print(f"  [red]the plan as it stands would break[/red] {escape(str(fault))}")
        for change in answer.changes[:FEW]:
            way = " to ".join(node for node in (change.before, change.after) if node)
            out.print(f"  {SIGNS[change.kind]} {escape(f'{change.replica}: {change.kind}, {way}: {change.because}')}")
        if len(answer.changes) > FEW:
            out.print(f"  ... and {len(answer.changes) - FEW} more changes")
        for item in answer.lost[:FEW]:
            near = item.closest[0] if item.closest else None
            told = f": closest is {near.node}: {near.missing}" if near else ""
            out.print(f"  [bold red]{escape(item.replica)} would fit on no node[/bold red]{escape(told)}")
        counts = {kind: sum(change.kind == kind for change in answer.changes) for kind in SIGNS}
        out.print(
            f"{counts['moved']} moved, {len(answer.lost)} lost, {len(answer.violated)} constraints of the present plan "
            f"violated; {answer.plan.bound.nodes_used} nodes used"
        )
