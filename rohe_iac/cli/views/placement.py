"""How the reasons of placements look."""

from __future__ import annotations

import msgspec
from rich.markup import escape

from rohe_iac.cli.console import Output, Screen
from rohe_iac.usecases.explain import ExplainedPlaces


class PlacementView:
    """Shows why replicas are where they are."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, explained: ExplainedPlaces, output: Output) -> None:
        """Every replica under the address: node, reason, points by scorer, runner-up; then the nodes refused."""
        if output is Output.json:
            self._screen.print_json(msgspec.to_builtins(explained))
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
        for refused in explained.refusals:
            if refused.by_rule:
                rules = ", ".join(f"{count} by {rule}" for rule, count in refused.by_rule)
                out.print(f"  nodes refused for {escape(refused.workload)}: {rules}")
                for near in refused.closest:
                    out.print(f"    {near.node}: {escape(near.missing)} ({near.rule})", style="dim")
