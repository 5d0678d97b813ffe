"""What the sensitive replicas of a node lose to their neighbours, from sums that change with each replica.

A replica loses its slowdown (see neighbours.py) times the part of the node that the others ask for. Over the replicas
of a node that sums up to (sum of rates x sum of amounts - sum of rate x own amount) / capacity, in every dimension; so
these sums and the number of sensitive replicas say all, and a replica more or less is an addition to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.neighbours import (
    DIMENSIONS,
    Amounts,
    rates,
    shared_amounts,
    shared_capacity,
    used_by_others,
)
from rohe_iac.planning.model.supply import Supply

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

Whole = TypeVar("Whole", int, "NDArray[np.int64]")
"""One integer, or an int64 array of them."""

NOTHING = (0, 0, 0)
"""What room for updates asks for: no requests are served there."""

Crowd = tuple[int, ...]
"""By dimension that any demand is sensitive to: amounts asked for, rates, and rate times own amount, each summed over
the replicas of a node, amounts with what others use; then how many replicas are sensitive. Empty where no demand is."""

TOLERATED = 100
"""Thousandths of its time that a sensitive replica loses, on the mean of a node, before another node is worth it."""

PERCENT = 10
"""Thousandths: what the sensitive replicas of a node lose counts in whole percents of one replica's time."""

MAX_PERCENT = 100
"""Up to which loss a pass distinguishes nodes: all of one replica's time."""


class NodeInterference:
    """The interference of a problem.

    Attributes:
        any: Whether any demand is sensitive.
        empty: By node, the crowd without a replica of the problem.
        of_replica: By demand, what one replica adds to a crowd.
        capacity: By node, what there is to share in each dimension; at least 1.
    """

    def __init__(self, demands: Sequence[Demand], requests: Sequence[Resources], nodes: Sequence[Supply]) -> None:
        """Works out what each replica adds. requests: what a replica of each demand asks for."""
        by_demand = [
            (NOTHING, NOTHING)
            if demand.room
            else (rates(demand.sensitivity, demand.slowdown, asked), shared_amounts(asked))
            for demand, asked in zip(demands, requests, strict=True)
        ]
        dimensions = [position for position in range(len(DIMENSIONS)) if any(found[position] for found, _ in by_demand)]
        self.any = bool(dimensions)
        self.of_replica: list[Crowd] = [
            (*_sums(amounts, found, dimensions), int(any(found))) if dimensions else () for found, amounts in by_demand
        ]
        self.empty: list[Crowd] = [()] * len(nodes)
        self.capacity: list[tuple[int, ...]] = [()] * len(nodes)
        for number, node in enumerate(nodes) if dimensions else ():
            used, there = used_by_others(node), shared_capacity(node)
            self.empty[number] = (*(amount for position in dimensions for amount in (used[position], 0, 0)), 0)
            self.capacity[number] = tuple(max(1, there[position]) for position in dimensions)

    def loss(self, capacity: Sequence[Whole], crowd: Sequence[Whole]) -> Whole:
        """Returns what the sensitive replicas of a node lose together, in thousandths of one replica's time.

        Args:
            capacity: What the node has, by dimension; of one node, or of arrays.
            crowd: The crowd that is there.
        """
        lost = crowd[-1] * 0
        for position, whole in enumerate(capacity):
            amount, rate, own = crowd[3 * position : 3 * position + 3]
            lost = lost + (rate * amount - own) // whole
        return lost

    def percent(self, capacity: Sequence[Whole], crowd: Sequence[Whole]) -> Whole:
        """Returns what they lose beyond TOLERATED each, in whole percents: what the objective counts."""
        beyond = self.loss(capacity, crowd) - TOLERATED * crowd[-1]
        # Not less than 0, for integers and arrays.
        return (beyond + abs(beyond)) // (2 * PERCENT)

    def added(self, demand: int, capacity: Sequence[Whole], crowd: Sequence[Whole]) -> Whole:
        """Returns how many percent one more replica costs, itself and those that are there; of one node, or of arrays.

        Args:
            demand: The demand of the replica.
            capacity: What the node has, by dimension.
            crowd: The crowd that is there.
        """
        newcomer = self.of_replica[demand]
        with_it = [there + more for there, more in zip(crowd, newcomer, strict=True)]
        return self.percent(capacity, with_it) - self.percent(capacity, crowd)


def _sums(amounts: Amounts, found: Amounts, dimensions: Sequence[int]) -> Crowd:
    """Returns what a replica adds to the sums of each dimension: its amount, its rate, and their product."""
    return tuple(
        number
        for position in dimensions
        for number in (amounts[position], found[position], found[position] * amounts[position])
    )


def joined(crowd: Crowd, added: Crowd, by: int = 1) -> Crowd:
    """Returns a crowd with so many replicas more, fewer where `by` is below 0."""
    return tuple([there + by * more for there, more in zip(crowd, added, strict=True)])
