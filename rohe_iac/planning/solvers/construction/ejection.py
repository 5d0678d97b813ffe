"""Ejection: makes room for replicas without a place by moving one or few others on.

F. Glover, "Ejection chains, reference structures and alternating path methods for traveling salesman problems",
Discrete Applied Mathematics 65, 1996: a step that does not fit ejects others, which are placed in turn. A chain of the
fewest moves is tried first, so that it is a start for searches in which moves are dear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, ReplicaIndex

MAX_MOVES = 3
"""How many replicas move on at most for one without a place."""

MAX_CHECKS = 60_000
"""How many times a node is asked for a replica before no more chains are tried; about a quarter of a second."""


class Ejection:
    """Finds places for replicas on full nodes.

    Attributes:
        grants: What every placed replica holds; changed by `place`.
        checks: How many times a node was asked for a replica.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        grants: Mapping[ReplicaIndex, Grant],
        closed: frozenset[NodeIndex] = frozenset(),
        max_checks: int = MAX_CHECKS,
    ) -> None:
        """Begins with an assignment.

        Args:
            indexed: The problem.
            grants: What every placed replica holds.
            closed: Nodes that take nothing.
            max_checks: How many times a node is asked for a replica before no more chains are tried.
        """
        self._indexed, self._closed, self._max_checks = indexed, closed, max_checks
        self._ledger = Ledger(indexed)
        self.grants = dict(grants)
        self._on: list[list[ReplicaIndex]] = [[] for _ in indexed.nodes]
        for replica, grant in sorted(grants.items()):
            self._ledger.book(grant)
            self._on[grant.node].append(replica)
        followed = {other for rules in indexed.near for others, _ in rules for other in others}
        # Others depend on where these are, so that they stay.
        self._fixed = {
            demand
            for demand in indexed.demand_indices
            if demand in followed
            or indexed.near[demand]
            or indexed.edges[demand]
            or indexed.paths[demand]
            or indexed.skews.required[demand]
        }
        self.checks = 0

    def stays(self, replica: ReplicaIndex) -> bool:
        """Checks whether a replica cannot move on because others may depend on where it is."""
        return replica[0] in self._fixed or bool(self._indexed.plugins.filters)

    def place(self, replica: ReplicaIndex) -> bool:
        """Places a replica with the fewest moves that are found; returns whether it has a place."""
        if self._indexed.plugins.filters:
            return False
        return any(self._place(replica, moves, self._closed) for moves in range(MAX_MOVES + 1))

    def _place(self, replica: ReplicaIndex, moves: int, taken: frozenset[NodeIndex]) -> bool:
        """Places a replica on a node that is not taken (closed, or in the chain), with at most so many other moves."""
        demand = replica[0]
        nodes = [node for node in self._indexed.node_indices if node not in taken]
        for node in nodes:
            if self._fits(demand, node):
                self._book(replica, node)
                return True
        if not moves:
            return False
        for node in nodes:
            if self._indexed.static(demand)[node]:
                continue
            for ejected in self._ejections(demand, node, moves):
                if self.checks > self._max_checks:
                    return False
                before = {other: self._release(other) for other in ejected}
                if self._fits(demand, node):
                    self._book(replica, node)
                    if self._move_on(ejected, moves - len(ejected), taken | {node}):
                        return True
                    self._release(replica)
                for other, grant in before.items():
                    self._restore(other, grant)
        return False

    def _move_on(self, ejected: tuple[ReplicaIndex, ...], moves: int, taken: frozenset[NodeIndex]) -> bool:
        """Places all of the ejected replicas elsewhere, with at most so many moves of others; or none."""
        if not ejected:
            return True
        first, *others = ejected
        # Only the last may eject more, so that nothing but its chain has to be undone.
        if others and not self._place(first, 0, taken):
            return False
        if not others:
            return self._place(first, moves, taken)
        if self._move_on(tuple(others), moves, taken):
            return True
        self._release(first)
        return False

    def _ejections(self, demand: DemandIndex, node: NodeIndex, moves: int) -> Iterator[tuple[ReplicaIndex, ...]]:
        """Yields one or two replicas of a node, one of each workload, that may make room."""
        by_demand = {
            other[0]: other for other in reversed(self._on[node]) if other[0] not in self._fixed and other[0] != demand
        }
        others = sorted(by_demand.values())
        yield from ((other,) for other in others)
        if moves > 1:
            yield from combinations(others, 2)

    def _fits(self, demand: DemandIndex, node: NodeIndex) -> bool:
        self.checks += 1
        return not refusal(self._indexed, self._ledger, demand, node)

    def _book(self, replica: ReplicaIndex, node: NodeIndex) -> None:
        self.grants[replica] = self._ledger.take(replica[0], node)
        self._on[node].append(replica)

    def _restore(self, replica: ReplicaIndex, grant: Grant) -> None:
        self._ledger.book(grant)
        self.grants[replica] = grant
        self._on[grant.node].append(replica)

    def _release(self, replica: ReplicaIndex) -> Grant:
        grant = self.grants.pop(replica)
        self._ledger.release(grant)
        self._on[grant.node].remove(replica)
        return grant
