"""How every node for a replica looks: on a screen and on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.table import Column, print_table
from rohe_iac.cli.views.markdown import cell
from rohe_iac.cli.views.plans.sentences import shown_parts, shown_percentage
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.questions.analysis.node_survey import Survey

FEW = 40
"""Nodes that one screen shows one by one; of more, those with the same score and reason share a row."""

COLUMNS = (Column("  NODE", prose=True), Column("SCORE", right=True), Column("WHY", prose=True))
"""The columns of the table of nodes."""

NAMED = 3
"""Nodes that such a row names."""

Row = tuple[str, str, str]
"""Node, score and reason; the score of a refused node is empty."""


class SurveyView:
    """Shows surveys."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, survey: Survey) -> None:
        """Prints how many nodes fit and how many each rule refused, then the nodes: the best and the closest first."""
        out = self._screen.out
        self._screen.print_indented(f"[bold]every node for {escape(survey.replica)}[/bold]: {escape(summary(survey))}")
        every = list(rows_of(survey))
        rows = list(_grouped(every)) if len(every) > FEW else every
        cells = [(f"{_mark(survey, node)} {escape(node)}", points, escape(why)) for node, points, why in rows]
        print_table(out, COLUMNS, cells, indent=2, styles=[_style(survey, node) for node, _, _ in rows])
        if len(rows) < len(every):
            out.print("  nodes with the same answer share a row; -o json and -o markdown show each", style="dim")


def markdown_of(survey: Survey) -> Iterator[str]:
    """Yields the lines of a page about the survey."""
    yield f"## {survey.replica}"
    yield ""
    yield f"{summary(survey)[:1].upper()}{summary(survey)[1:]}."
    yield ""
    yield "| node | score | why |"
    yield "|---|---:|---|"
    for node, points, why in rows_of(survey):
        name = f"**{node}**" if node == survey.node else node
        yield f"| {name} | {points} | {cell(why)} |"


def summary(survey: Survey) -> str:
    """Returns how many nodes fit, how many each rule refused, and where the replica is."""
    fits = len(survey.fits)
    rules = ", ".join(f"{count} by {rule}" for rule, count in survey.by_rule)
    refused = f"{len(survey.refused)} refused{f' ({rules})' if rules else ''}"
    place = f"it is on {survey.node}" if survey.node else "it has no place"
    kept = ", where it was before" if survey.kept else ""
    return f"{counted(fits, 'node')} {'fits' if fits == 1 else 'fit'}, {refused}; {place}{kept}"


def rows_of(survey: Survey) -> Iterator[Row]:
    """Yields a row for each node."""
    best = max((fit.points for fit in survey.fits), default=0)
    for fit in survey.fits:
        yield fit.node, shown_percentage(fit.points, best), shown_parts(fit.parts, best) or "fits"
    for near in survey.refused:
        yield near.node, "", f"refused by {near.missing}"


def _grouped(rows: Iterable[Row]) -> Iterator[Row]:
    """Yields one row for all nodes with the same score and reason."""
    groups: dict[tuple[str, str], list[str]] = {}
    for node, points, why in rows:
        groups.setdefault((points, why), []).append(node)
    for (points, why), nodes in groups.items():
        more = f" and {counted(len(nodes) - NAMED, 'other')}" if len(nodes) > NAMED else ""
        yield ", ".join(nodes[:NAMED]) + more, points, why


def _mark(survey: Survey, node: str) -> str:
    return "*" if node == survey.node else " "


def _style(survey: Survey, node: str) -> str:
    return "bold" if node == survey.node else ""
