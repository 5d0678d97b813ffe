"""How the answer to `rohe plan --what-if` looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.markdown import table
from rohe_iac.cli.views.plans.prediction import predicted_time, shown_prediction
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.json_codec import plan_to_json
from rohe_iac.planning.model.plan import Unplaced
from rohe_iac.planning.questions.analysis.plan_diff import Change
from rohe_iac.planning.questions.analysis.response_times import Prediction
from rohe_iac.usecases.plans.what_if import WhatIf

FEW = 15
"""Lines of each kind; the others are counted."""

SIGNS = {"moved": "[yellow]~[/yellow]", "added": "[green]+[/green]", "removed": "[red]-[/red]"}
"""The mark of each kind of change."""


class WhatIfView:
    """Shows what a few edits would do to a plan."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, answer: WhatIf, output: PageOutput) -> None:
        """Prints what the edits break, move and lose, then how many nodes are used."""
        if output is PageOutput.json:
            self._screen.print_json(_value(answer), "what-if")
            return
        if output is PageOutput.markdown:
            self._screen.print_text("\n".join(_page(answer)))
            return
        if answer.idle:
            self._screen.err.print(f"[yellow]note:[/yellow] {escape(_idle(answer))}")
        out = self._screen.out
        out.print(f"[bold]What if {escape(', '.join(str(edit) for edit in answer.edits))}[/bold]")
        broken = [(fault.subject, f"{fault.rule}: {fault.message}") for fault in answer.violated]
        self._lines("[red]![/red]", _grouped(broken), "the present plan would break ")
        for kind, sign in SIGNS.items():
            changes = [(change.replica, _path(change)) for change in answer.changes if change.kind == kind]
            self._lines(sign, _grouped(changes))
        lost = [(item.replica, _closest(item)) for item in answer.lost]
        self._lines("[bold red]x[/bold red]", _grouped(lost))
        for gang in answer.plan.left_out[:FEW]:
            self._screen.print_indented(f"[bold red]x[/bold red] {escape(str(gang))}")
        for before, after in answer.predicted[:FEW]:
            self._screen.print_indented(escape(f"predicted {_prediction(before, after)}"))
        out.print(_summary(answer))

    def _lines(self, sign: str, groups: Sequence[tuple[str, str]], prefix: str = "") -> None:
        for subject, text in groups[:FEW]:
            self._screen.print_indented(f"{sign} {escape(f'{prefix}{subject}: {text}')}")
        if len(groups) > FEW:
            self._screen.out.print(f"  {sign} ... and {len(groups) - FEW} more such lines; -o json has them all")


def _value(answer: WhatIf) -> dict[str, object]:
    """Returns the answer as JSON values."""
    return {
        "edits": [str(edit) for edit in answer.edits],
        "changes": [asdict(change) for change in answer.changes],
        "lost": [item.replica for item in answer.lost],
        "violated": [str(fault) for fault in answer.violated],
        "notes": [_idle(answer)] if answer.idle else [],
        "predicted": [
            {"before": before and asdict(before), "after": after and asdict(after)}
            for before, after in answer.predicted
        ],
        "plan": plan_to_json(answer.plan),
    }


def _summary(answer: WhatIf) -> str:
    counts = {kind: sum(change.kind == kind for change in answer.changes) for kind in SIGNS}
    rooms = sum(item.is_room for item in answer.lost)
    room = f", no room to update {counted(rooms, 'replica')}" if rooms else ""
    return (
        f"{counts['moved']} moved, {counts['added']} added, {counts['removed']} removed, "
        f"{len(answer.lost) - rooms} lost{room}; "
        f"{counted(len(answer.violated), 'constraint')} of the present plan violated; "
        f"{counted(answer.plan.bound.nodes_used, 'node')} used"
    )


def _page(answer: WhatIf) -> Iterator[str]:
    """Yields the lines of the answer as a page."""
    yield f"# What if {', '.join(f'`{edit}`' for edit in answer.edits)}"
    yield ""
    yield f"{_summary(answer)}."
    yield ""
    yield from [f"{_idle(answer)}.\n"] if answer.idle else []
    violated = (("violated", fault.subject, f"{fault.rule}: {fault.message}") for fault in answer.violated)
    changes = ((change.kind, change.replica, _path(change)) for change in answer.changes)
    lost = (("lost", item.replica, _closest(item)) for item in answer.lost)
    yield from table(("what", "which", "how"), [*violated, *changes, *lost])
    yield from (f"- {gang}" for gang in answer.plan.left_out)
    for before, after in answer.predicted:
        yield f"- predicted {_prediction(before, after)}"


def _idle(answer: WhatIf) -> str:
    """Returns why the edits of loads change nothing."""
    why = "every service keeps its number of replicas" if answer.sized_by_load else "no service has `replicas: auto`"
    return f"{_loads(answer)} changes nothing: {why}"


def _loads(answer: WhatIf) -> str:
    return ", ".join(str(edit) for edit in answer.idle)


def _prediction(before: Prediction | None, after: Prediction | None) -> str:
    """Returns the prediction after the edits, with the response time before them where both are known."""
    if after is None:
        return f"{before.objective if before else ''}: not known"
    was = f", was {predicted_time(before)}" if before is not None else ""
    return f"{shown_prediction(after)}{was}"


def _grouped(lines: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Returns one line for all replicas of a workload that have the same text."""
    groups: dict[tuple[str, str], list[str]] = {}
    for subject, text in lines:
        head, _, index = subject.rpartition("/")
        groups.setdefault((head if index.isdigit() else subject, text), []).append(subject)
    return [
        (names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else ""), text)
        for (_, text), names in groups.items()
    ]


def _path(change: Change) -> str:
    """Returns what becomes of a replica, from which node to which, and why."""
    nodes = " to ".join(node for node in (change.before, change.after) if node)
    return f"{change.kind}, {nodes}: {change.because}"


def _closest(item: Unplaced) -> str:
    near = item.nearest
    what = "would have no room for updates" if item.is_room else "would fit on no node"
    return f"{what}{f'; closest is {near.node}: {near.missing}' if near else ''}"
