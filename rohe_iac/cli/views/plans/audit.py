"""How the answer to `rohe audit` looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.markup import escape

from rohe_iac.cli.console import Face, Screen
from rohe_iac.cli.views.markdown import table
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.solvers.resilience.failure_audit import FailureImpact

FEW = 5
"""Addresses told of one drop; the others are counted."""


MOST = 20
"""Drops that one screen tells one by one."""


class DropView:
    """Shows what the loss of nodes and zones does."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def show(self, drops: Sequence[FailureImpact], output: Face) -> None:
        """What breaks, drop by drop, then how many drops break nothing."""
        if output is Face.json:
            self._screen.print_json([_as_json(impact) for impact in drops])
            return
        if output is Face.markdown:
            self._screen.print_text("\n".join(_page(drops)))
            return
        out = self._screen.out
        broken = sorted((drop for drop in drops if not drop.survived), key=_harm)
        for drop in broken[:MOST]:
            out.print(f"[bold red]{drop.what}[/bold red]: {counted(drop.lost, 'replica')} lost")
            for word, names in (("fits nowhere else", drop.unplaceable), ("has no replica left", drop.outages)):
                for name in names[:FEW]:
                    out.print(f"  {escape(name)} {word}")
                if len(names) > FEW:
                    out.print(f"  ... and {len(names) - FEW} more")
        if len(broken) > MOST:
            out.print(f"... and {counted(len(broken) - MOST, 'drop')} that break less; -o json has them all")
        out.print(_verdict(drops))


def _verdict(drops: Sequence[FailureImpact]) -> str:
    kept = sum(drop.survived for drop in drops)
    return f"{kept} of {counted(len(drops), 'drop')} (nodes and zones) break nothing"


def _page(drops: Sequence[FailureImpact]) -> Iterator[str]:
    yield "# What the loss of each node and zone breaks"
    yield ""
    yield f"{_verdict(drops)}."
    yield ""
    broken = sorted((drop for drop in drops if not drop.survived), key=_harm)
    rows = ((drop.what, drop.lost, ", ".join(drop.unplaceable), ", ".join(drop.outages)) for drop in broken)
    yield from table(("lost", "replicas there", "fit nowhere else", "have no replica left"), rows)


def _harm(drop: FailureImpact) -> tuple[int, int, str]:
    """The worst comes first: services that are gone, then replicas that nothing else holds."""
    return (-len(drop.outages), -len(drop.unplaceable), drop.what)


def _as_json(impact: FailureImpact) -> dict[str, object]:
    """Returns the impact under the names that `rohe audit -o json` has always used."""
    return {
        "what": impact.what,
        "lost": impact.lost,
        "homeless": impact.unplaceable,
        "silent": impact.outages,
        "survived": impact.survived,
    }
