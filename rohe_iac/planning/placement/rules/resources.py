"""Rules about one amount each, of which no replica gets more than is free: cpu, rss, vms, disk and network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter, itemgetter

from rohe_iac.foundation.quantities import bandwidths_alike, bytes_alike, cpu_alike
from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.rule import Lack
from rohe_iac.planning.placement.state.amounts import Free
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


@dataclass(frozen=True, slots=True)
class AmountRule:
    """A rule about one amount of a node.

    Attributes:
        name: the rule's name in plans and messages.
        title: the amount's name in blueprints.
        asked: returns what one replica asks for, in the amount's unit; None: it is not checked.
        free: returns what is free.
        shown: returns amounts as people compare them, in one unit.
        looks_at: fields of `Supply` that decide; nodes of one class are equal in all of them.
    """

    name: str
    title: str
    asked: Callable[[Resources], int | None]
    free: Callable[[Free], int]
    shown: Callable[[int, int], tuple[str, ...]]
    looks_at: tuple[str, ...]

    def lacks(self, indexed: IndexedProblem, demand: DemandIndex, node: NodeIndex, free: Free) -> Sequence[Lack]:  # noqa: ARG002
        """Returns what is missing of the amount, as for every `NodeRule`."""
        asked, amount = self.asked(indexed.resources[demand]), self.free(free)
        if asked is None or asked <= amount:
            return ()
        needed, left = self.shown(asked, max(amount, 0))
        words = f"{self.title}: needs {needed}, {f'only {left}' if amount > 0 else 'none'} is free"
        return ((words, missing_part(asked, amount)),)


CPU = AmountRule("cpu", "cpu", attrgetter("cpu"), itemgetter(0), cpu_alike, ("cpu", "cpu_used"))
RSS = AmountRule("rss", "memory.rss", attrgetter("rss"), itemgetter(1), bytes_alike, ("rss", "rss_used"))
VMS = AmountRule("vms", "memory.vms", attrgetter("vms"), itemgetter(2), bytes_alike, ("vms", "vms_used"))

AMOUNT_RULES = (CPU, RSS, VMS)
"""The amounts in the order in which `Free` and the states of nodes hold them."""


def _extra_rule(position: int, name: str, shown: Callable[[int, int], tuple[str, ...]]) -> AmountRule:
    """Returns the rule of an amount of `EXTRAS`, by its position there; what is not stated is not limited."""
    return AmountRule(
        name,
        name,
        lambda asked: getattr(asked, name) or None,
        lambda free: free[5][position] if free[5] else UNLIMITED,
        shown,
        (name, f"{name}_used"),
    )


EXTRA_RULES = (_extra_rule(0, "disk", bytes_alike), _extra_rule(1, "network", bandwidths_alike))
"""The amounts that few stacks ask for, in the order of `EXTRAS`."""


def missing_part(asked: int, free: int) -> int:
    """Returns what is missing over what is asked, in millionths; 0 where the amount fits."""
    return (asked - free) * MILLION // max(asked, 1) if asked > free else 0
