"""Alignment fill: fills nodes one after another, each with the replicas whose requests match what it has left.

R. Panigrahy, K. Talwar, L. Uyeda and U. Wieder, "Heuristics for vector bin packing", Microsoft Research 2011: one bin
is open, and takes the item with the largest dot product of request and room, each dimension weighed by how much of it
all items ask for, until none fits. R. Grandl et al., "Multi-resource packing for cluster schedulers" (Tetris), SIGCOMM
2014, choose the tasks of a machine by the same alignment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.demand_size import asked_shares
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

MAX_WORK = 60_000
"""Replicas times demands up to which nodes are filled; larger stacks take replica by replica."""


def runs_to_fill(
    indexed: IndexedProblem, queue: Sequence[DemandIndex], waiting: Mapping[DemandIndex, Sequence[int]]
) -> list[tuple[bool, list[DemandIndex]]]:
    """Returns the queue in runs that follow each other; with True those whose demands may come in any order.

    The demands of such a run have one priority and one lane, and no rule or preference that ties them to others.

    Args:
        indexed: the problem.
        queue: the demands in service order.
        waiting: the indices of the replicas without a node, by demand.
    """
    tied = {other for rules in indexed.near for others, _ in rules for other in others}

    def key(demand: DemandIndex) -> tuple[bool, bool, int, bool, bool]:
        item = indexed.demands[demand]
        free = demand not in tied and _is_free(indexed, demand)
        return free, item.system, item.priority, item.room, item.sensitivity == indexed.settings.queue_priority

    small = sum(len(waiting[demand]) for demand in queue) * len(queue) <= MAX_WORK
    runs = []
    for (free, *_), group in groupby(queue, key):
        run = list(group)
        runs.append((small and free and len(run) > 1, run))
    return runs


def _is_free(indexed: IndexedProblem, demand: DemandIndex) -> bool:
    """Checks whether no rule or preference ties a demand to others, so that it may be placed before or after them."""
    return not (
        indexed.near[demand]
        or indexed.edges[demand]
        or indexed.paths[demand]
        or indexed.preference_total[demand]
        or indexed.demands[demand].slowdown
    ) and indexed.alone(demand)


class AlignmentFill:
    """Says which demand of a run is placed next, and keeps count of the replicas that wait.

    Attributes:
        waiting: the number of replicas of each demand that wait, in service order.
    """

    def __init__(
        self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring, waiting: Mapping[DemandIndex, int]
    ) -> None:
        self._indexed, self._ledger, self._scoring = indexed, ledger, scoring
        self.waiting = dict(waiting)
        self._weights = asked_shares(indexed)
        self._open: list[NodeIndex] = [node for node in indexed.node_indices if ledger.replicas_on[node]]

    def next(self) -> DemandIndex | None:
        """Returns the demand that matches the first open node with room best, the first in service order without one.

        None means that no replica waits.
        """
        while self._open:
            node = self._open[0]
            fitting = [demand for demand in self.waiting if not refusal(self._indexed, self._ledger, demand, node)]
            if fitting:
                return max(fitting, key=lambda demand: self.alignment(demand, node))
            # What waits gets fewer and the room smaller: nothing will fit there later.
            self._open.pop(0)
        return next(iter(self.waiting), None)

    def placed(self, demand: DemandIndex, node: NodeIndex) -> None:
        """Counts a replica that was placed, and fills its node next where none is open."""
        self.waiting[demand] -= 1
        if not self.waiting[demand]:
            del self.waiting[demand]
        if not self._open:
            self._open.append(node)

    def refused(self, demand: DemandIndex) -> None:
        """Forgets a demand that fits nowhere any more."""
        del self.waiting[demand]

    def alignment(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns the dot product of what a replica asks for and what is free, in shares of the node, weighed."""
        parts = self._scoring.amount_parts(demand, node)
        return sum(part * weight for part, weight in zip(parts, self._weights, strict=True)) // MILLION
