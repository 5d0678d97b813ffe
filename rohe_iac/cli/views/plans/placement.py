"""How the reasons of placements look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from rich.markup import escape

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.prediction import shown_prediction, slowdowns_by_replica
from rohe_iac.cli.views.plans.sentences import (
    best_other_node,
    refused_by_rule,
    replica_and_others,
    score_words,
    unplaced_alike,
)
from rohe_iac.cli.views.plans.survey import SurveyView, markdown_of
from rohe_iac.planning.model.plan import BRIEF_FIELDS, Placement, Rejection
from rohe_iac.usecases.plans.explain import PlacementExplanation


def _value(explanation: PlacementExplanation) -> dict[str, Any]:
    """Returns the explanation as JSON types; fields that plan files leave out where they are empty are left out too."""
    value: dict[str, Any] = msgspec.to_builtins(explanation)
    for placement in value["placements"]:
        for name in BRIEF_FIELDS[Placement]:
            if not placement[name]:
                del placement[name]
    return value


class PlacementView:
    """Shows why replicas are where they are."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, explanation: PlacementExplanation, output: PageOutput) -> None:
        """Prints every replica with its node, reason, score by scorer and runner-up, then the nodes refused."""
        for line in explanation.unasked:
            self._screen.err.print(f"[yellow]note:[/yellow] not asked: {escape(line)}")
        if output is PageOutput.json:
            self._screen.print_json(_value(explanation), "explanation")
            return
        if output is PageOutput.markdown:
            self._screen.print_text("\n".join(_page(explanation)))
            return
        out = self._screen.out
        out.print(f"[bold]{escape(explanation.address)}[/bold], by {explanation.origin}")
        slowdowns = slowdowns_by_replica(explanation.slowed)
        for placement in explanation.placements:
            line = f"{escape(placement.replica)} on [bold]{placement.node}[/bold]: {escape(placement.reason)}"
            self._screen.print_indented(line)
            if placement.replica in slowdowns:
                self._screen.print_indented(escape(slowdowns[placement.replica]), 4)
            if score := _score(placement):
                self._screen.print_indented(score, 4, style="dim")
        for prediction in explanation.predictions:
            self._screen.print_indented(escape(f"predicted {shown_prediction(prediction)}"))
        for gang in explanation.left_out:
            self._screen.print_indented(f"[red]{escape(str(gang))}[/red]")
        for item, others in unplaced_alike(explanation.unplaced):
            fit = "fit" if others else "fits"
            out.print(f"  [red]{escape(replica_and_others(item, others))} {fit} on no node[/red]")
            self._closest(item.closest)
        for survey in explanation.surveys:
            SurveyView(self._screen).show(survey)
        for refusals in explanation.refusals if not explanation.surveys else ():
            if refusals.by_rule:
                out.print(f"  nodes refused for {escape(refusals.workload)}: {refused_by_rule(refusals)}")
                self._closest(refusals.closest, style="dim")

    def _closest(self, closest: Sequence[Rejection], style: str = "") -> None:
        for near in closest:
            self._screen.print_indented(f"{near.node}: {escape(near.missing)}", 4, style=style)


def _score(placement: Placement) -> str:
    """Returns the score of the node, its parts by scorer, and the best other node; nothing where there is neither."""
    shown, second = score_words(placement), best_other_node(placement)
    return "; ".join(filter(None, (f"score {shown}" if shown else "", f"best other node: {second}" if second else "")))


def _page(explanation: PlacementExplanation) -> Iterator[str]:
    """Yields the lines of the answer as a page."""
    yield f"# {explanation.address}, by {explanation.origin}"
    yield ""
    for placement in explanation.placements:
        shown = f"; {_score(placement)}" if _score(placement) else ""
        yield f"- {placement.replica} on **{placement.node}**: {placement.reason}{shown}"
    yield from (f"- predicted {shown_prediction(prediction)}" for prediction in explanation.predictions)
    yield from (f"- {gang}" for gang in explanation.left_out)
    for item, others in unplaced_alike(explanation.unplaced):
        near = item.nearest
        fit = "fit" if others else "fits"
        closest = f"; closest is {near.node}: {near.missing}" if near else ""
        yield f"- {replica_and_others(item, others)} {fit} on no node{closest}"
    for survey in explanation.surveys:
        yield ""
        yield from markdown_of(survey)
    for refusals in explanation.refusals if not explanation.surveys else ():
        if refusals.by_rule:
            yield f"- nodes refused for {refusals.workload}: {refused_by_rule(refusals)}"
