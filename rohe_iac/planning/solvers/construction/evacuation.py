"""Evacuation: frees nodes one after another with few moves, those with the fewest replicas first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from rohe_iac.planning.placement.state.demand_size import sizes_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import NodeIndex, ReplicaIndex
from rohe_iac.planning.solvers.construction.ejection import MAX_CHECKS, Ejection

Grants = Mapping[ReplicaIndex, Grant]


class Evacuation:
    """Frees nodes of an assignment.

    Attributes:
        grants: What every replica holds; changed by `free`.
    """

    def __init__(self, indexed: IndexedProblem, grants: Grants) -> None:
        self._indexed = indexed
        self.grants: Grants = dict(grants)
        self._sizes = sizes_of(indexed)
        self._checks_left = MAX_CHECKS

    def free_one_by_one(self, most_moves: int | None) -> None:
        """Frees nodes as long as any can be, with at most so many moves of all replicas together."""
        before = {replica: grant.node for replica, grant in self.grants.items()}
        for node in self._fewest_first():
            grants = self.grants
            if not self.free({node}):
                continue
            moves = sum(before[replica] != grant.node for replica, grant in self.grants.items())
            if most_moves is not None and moves > most_moves:
                self.grants = grants

    def free(self, nodes: Set[NodeIndex]) -> bool:
        """Moves all replicas of the nodes to others in use, or none; returns whether that was possible."""
        used = {grant.node for grant in self.grants.values()}
        leaving = sorted(
            (replica for replica, grant in self.grants.items() if grant.node in nodes),
            key=lambda replica: (-self._sizes[replica[0]], replica),
        )
        closed = frozenset(node for node in self._indexed.node_indices if node not in used or node in nodes)
        staying = {replica: grant for replica, grant in self.grants.items() if grant.node not in nodes}
        ejection = Ejection(self._indexed, staying, closed, self._checks_left)
        done = not any(ejection.stays(replica) for replica in leaving) and all(map(ejection.place, leaving))
        self._checks_left -= ejection.checks
        if done:
            self.grants = ejection.grants
        return done

    def _fewest_first(self) -> Iterable[NodeIndex]:
        """Returns the nodes in use, those with the fewest replicas first, then those with the smallest."""
        load: dict[NodeIndex, list[int]] = {}
        for (demand, _), grant in self.grants.items():
            load.setdefault(grant.node, []).append(self._sizes[demand])
        return sorted(load, key=lambda node: (len(load[node]), sum(load[node]), node))
