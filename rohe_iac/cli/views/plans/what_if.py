"""How the answer to `rohe plan --what-if` looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from rich.markup import escape

from rohe_iac.cli.console import Face, Screen
from rohe_iac.cli.views.markdown import table
from rohe_iac.cli.views.plans.prediction import shown_prediction, shown_time
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.json_codec import plan_to_json
from rohe_iac.planning.model.plan import Unplaced
from rohe_iac.planning.questions.analysis.plan_diff import Change
from rohe_iac.usecases.plans.what_if import WhatIf

FEW = 15
"""Lines of each kind; the others are counted."""

SIGNS = {"moved": "[yellow]~[/yellow]", "added": "[green]+[/green]", "removed": "[red]-[/red]"}


class WhatIfView:
    """Shows what a few edits would do to a plan."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, answer: WhatIf, output: Face) -> None:
        """Moved, lost and violated, then how many nodes are used."""
        if output is Face.json:
            self._screen.print_json(
                {
                    "edits": [str(edit) for edit in answer.edits],
                    "changes": [asdict(change) for change in answer.changes],
                    "lost": [item.replica for item in answer.lost],
                    "violated": [str(fault) for fault in answer.violated],
                    "notes": list(answer.notes),
                    "predicted": [
                        {"before": before and asdict(before), "after": after and asdict(after)}
                        for before, after in answer.predicted
                    ],
                    "plan": plan_to_json(answer.plan),
                }
            )
            return
        if output is Face.markdown:
            self._screen.print_text("\n".join(_page(answer)))
            return
        for note in answer.notes:
            self._screen.err.print(f"[yellow]note:[/yellow] {escape(note)}")
        out = self._screen.out
        out.print(f"[bold]What if {escape(', '.join(str(edit) for edit in answer.edits))}[/bold]")
        broken = [(fault.subject, f"{fault.rule}: {fault.message}") for fault in answer.violated]
        self._lines("[red]![/red]", _together(broken), "the plan as it stands would break ")
        for kind, sign in SIGNS.items():
            ways = [(one.replica, _way(one)) for one in answer.changes if one.kind == kind]
            self._lines(sign, _together(ways))
        lost = [(item.replica, _closest(item)) for item in answer.lost]
        self._lines("[bold red]x[/bold red]", _together(lost))
        for before, after in answer.predicted[:FEW]:
            was = f", was {shown_time(before.services + before.links)}" if before is not None and after else ""
            told = shown_prediction(after) if after is not None else f"{before.objective if before else ''}: not known"
            self._screen.out.print(f"  predicted {told}{was}", markup=False)
        out.print(_summary(answer))

    def _lines(self, sign: str, groups: Sequence[tuple[str, str]], before: str = "") -> None:
        for who, what in groups[:FEW]:
            self._screen.out.print(f"  {sign} {escape(f'{before}{who}: {what}')}")
        if len(groups) > FEW:
            self._screen.out.print(f"  {sign} ... and {len(groups) - FEW} more such lines; -o json has them all")


def _summary(answer: WhatIf) -> str:
    counts = {kind: sum(change.kind == kind for change in answer.changes) for kind in SIGNS}
    return (
        f"{counts['moved']} moved, {counts['added']} added, {counts['removed']} removed, {len(answer.lost)} lost; "
        f"{counted(len(answer.violated), 'constraint')} of the present plan violated; "
        f"{counted(answer.plan.bound.nodes_used, 'node')} used"
    )


def _page(answer: WhatIf) -> Iterator[str]:
    yield f"# What if {', '.join(f'`{edit}`' for edit in answer.edits)}"
    yield ""
    yield f"{_summary(answer)}."
    yield ""
    yield from (f"{line}\n" for line in answer.notes)
    violated = (("violated", fault.subject, f"{fault.rule}: {fault.message}") for fault in answer.violated)
    changes = ((one.kind, one.replica, _way(one)) for one in answer.changes)
    lost = (("lost", one.replica, _closest(one)) for one in answer.lost)
    yield from table(("what", "who", "how"), [*violated, *changes, *lost])
    for before, after in answer.predicted:
        told = shown_prediction(after) if after is not None else f"{before.objective if before else ''}: not known"
        was = f", was {shown_time(before.services + before.links)}" if before is not None and after else ""
        yield f"- predicted {told}{was}"


def _together(told: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Replicas of one workload of which the same is told share a line."""
    groups: dict[tuple[str, str], list[str]] = {}
    for subject, text in told:
        head, _, index = subject.rpartition("/")
        groups.setdefault((head if index.isdigit() else subject, text), []).append(subject)
    return [
        (names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else ""), text)
        for (_, text), names in groups.items()
    ]


def _way(change: Change) -> str:
    nodes = " to ".join(node for node in (change.before, change.after) if node)
    return f"{change.kind}, {nodes}: {change.because}"


def _closest(item: Unplaced) -> str:
    near = item.closest[0] if item.closest else None
    return f"would fit on no node{f'; closest is {near.node}: {near.missing}' if near else ''}"
