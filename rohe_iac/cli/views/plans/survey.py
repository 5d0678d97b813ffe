"""How every node for a replica looks: on a screen and on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rohe_iac.cli.console import Screen
from rohe_iac.cli.views.markdown import cell
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.questions.analysis.node_survey import Survey

FEW = 40
"""Nodes that one screen shows one by one; of more, those that say the same share a row."""

NARROW = 60
"""Columns below which the reasons stand below the nodes."""

NAMED = 3
"""Nodes that such a row names."""


class SurveyView:
    """Shows surveys."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, survey: Survey) -> None:
        """How many nodes fit and how many each rule refused, then the nodes, the best and the closest first."""
        out = self._screen.out
        out.print(f"  [bold]every node for {escape(survey.replica)}[/bold]: {escape(summary(survey))}")
        rows = list(rows_of(survey))
        if len(rows) > FEW:
            rows = list(_alike(rows))
        if out.width < NARROW:
            for node, points, why in rows:
                here = node == survey.node
                out.print(f"{'*' if here else ' '} {escape(node)}  {points}", style="bold" if here else "")
                out.print(Padding(escape(why), (0, 0, 0, 4)), style="dim")
            return
        table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
        table.add_column("  NODE", overflow="fold")
        table.add_column("POINTS", justify="right")
        table.add_column("WHY", overflow="fold")
        for node, points, why in rows:
            here = node == survey.node
            table.add_row(f"{'*' if here else ' '} {escape(node)}", points, escape(why), style="bold" if here else "")
        out.print(table)
        if any(" other" in node for node, _, _ in rows):
            out.print("  nodes that say the same share a row; -o json and -o markdown tell each", style="dim")


def markdown_of(survey: Survey) -> Iterator[str]:
    """The lines of a page about it."""
    yield f"## {survey.replica}"
    yield ""
    yield f"{summary(survey)[:1].upper()}{summary(survey)[1:]}."
    yield ""
    yield "| node | points | why |"
    yield "|---|---:|---|"
    for node, points, why in rows_of(survey):
        name = f"**{node}**" if node == survey.node else node
        yield f"| {name} | {points} | {cell(why)} |"


def summary(survey: Survey) -> str:
    """How many nodes fit, and how many each rule refused."""
    fits = len(survey.fits)
    told = f"{counted(fits, 'node')} {'fits' if fits == 1 else 'fit'}, {len(survey.refused)} refused"
    rules = ", ".join(f"{count} by {rule}" for rule, count in survey.by_rule)
    place = f"it is on {survey.node}" if survey.node else "it has no place"
    kept = ", where it was before" if survey.kept else ""
    return f"{told}{f' ({rules})' if rules else ''}; {place}{kept}"


def rows_of(survey: Survey) -> Iterator[tuple[str, str, str]]:
    """Node, points and why, a row each; the points of a refused node are empty."""
    for fit in survey.fits:
        parts = ", ".join(f"{part.scorer} {part.points}" for part in fit.parts)
        yield fit.node, str(fit.points), parts or "fits"
    for near in survey.refused:
        yield near.node, "", f"{near.missing} (refused by {near.rule})"


def _alike(rows: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str, str]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for node, points, why in rows:
        groups.setdefault((points, why), []).append(node)
    for (points, why), nodes in groups.items():
        more = f" and {counted(len(nodes) - NAMED, 'other')}" if len(nodes) > NAMED else ""
        yield ", ".join(nodes[:NAMED]) + more, points, why
