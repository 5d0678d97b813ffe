"""How the reasons of placements look."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from rich.markup import escape

from rohe_iac.cli.console import Face, Screen
from rohe_iac.cli.views.plans.survey import SurveyView, markdown_of
from rohe_iac.usecases.plans.explain import ExplainedPlaces


class PlacementView:
    """Shows why replicas are where they are."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, explained: ExplainedPlaces, output: Face) -> None:
        """Every replica under the address: node, reason, points by scorer, runner-up; then the nodes refused."""
        for line in explained.unasked:
            self._screen.err.print(f"[yellow]note:[/yellow] not asked: {escape(line)}")
        if output is Face.json:
            self._screen.print_json(msgspec.to_builtins(explained))
            return
        if output is Face.markdown:
            self._screen.print_text("\n".join(_page(explained)))
            return
        out = self._screen.out
        out.print(f"[bold]{escape(explained.address)}[/bold], by {explained.origin}")
        for place in explained.placements:
            out.print(f"  {escape(place.replica)} on [bold]{place.node}[/bold]: {escape(place.reason)}")
            parts = ", ".join(f"{part.scorer} {part.points}" for part in place.parts)
            second = place.runner_up
            runner_up = f"; next would have been {second.node} with {second.points}" if second is not None else ""
            out.print(f"    {place.points} points{f' ({parts})' if parts else ''}{runner_up}", style="dim")
        for item in explained.unplaced:
            out.print(f"  [red]{escape(item.replica)} fits on no node[/red]")
            for near in item.closest:
                out.print(f"    {near.node}: {escape(near.missing)} ({near.rule})")
        for survey in explained.surveys:
            SurveyView(self._screen).show(survey)
        for refused in explained.refusals if not explained.surveys else ():
            if refused.by_rule:
                rules = ", ".join(f"{count} by {rule}" for rule, count in refused.by_rule)
                out.print(f"  nodes refused for {escape(refused.workload)}: {rules}")
                for near in refused.closest:
                    out.print(f"    {near.node}: {escape(near.missing)} ({near.rule})", style="dim")


def _page(explained: ExplainedPlaces) -> Iterator[str]:
    yield f"# {explained.address}, by {explained.origin}"
    yield ""
    for place in explained.placements:
        second = place.runner_up
        points = f", {place.points} points" if place.parts else ""
        runner_up = f"; next would have been {second.node} with {second.points}" if second is not None else ""
        yield f"- {place.replica} on **{place.node}**: {place.reason}{points}{runner_up}"
    for item in explained.unplaced:
        near = item.closest[0] if item.closest else None
        yield f"- {item.replica} fits on no node{f'; closest is {near.node}: {near.missing}' if near else ''}"
    for survey in explained.surveys:
        yield ""
        yield from markdown_of(survey)
    if not explained.surveys:
        for refused in explained.refusals:
            rules = ", ".join(f"{count} by {rule}" for rule, count in refused.by_rule)
            if rules:
                yield f"- nodes refused for {refused.workload}: {rules}"
