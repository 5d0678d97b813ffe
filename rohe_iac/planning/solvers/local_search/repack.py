"""Repack: finds a place for a replica by dealing out all cores of a node anew."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.solvers.local_search.assignment import Assignment


class Repack:
    """Inserts a replica on the first node where all items and it can be packed on the cores together.

    A replica keeps the cores that it got when it came, so that a node may have enough in sum and no core for a chunk.
    """

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment

    def insert(self, demand: DemandIndex, nodes: Iterable[NodeIndex]) -> bool:
        """Places one replica of the demand on one of these nodes, which it may be on; returns whether one was found."""
        assignment, node_loads = self._assignment, self._assignment.node_loads
        for node in nodes:
            items, load = assignment.items[node], assignment.loads[node]
            fits = load.in_sum.get(demand)
            if fits is None:
                fits = node_loads.fits_in_sum(load, demand)
            if not fits or not items or assignment.pinned[node]:
                continue
            found = node_loads.repack(node_loads.base[node], items, demand)
            if found is None or (assignment.ruled[demand] and assignment.is_refused(demand, node)):
                continue
            assignment.repack(node, *found, demand)
            return True
        return False
