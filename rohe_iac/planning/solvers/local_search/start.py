"""Starts: assignments of filled nodes that a search may begin with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rohe_iac.planning.placement.state.positions import enumerate_demands
from rohe_iac.planning.solvers.local_search.assignment import Assignment, AssignmentSnapshot
from rohe_iac.planning.solvers.local_search.packing.min_bin_slack import MinBinSlack
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams


def filled_starts(assignment: Assignment, params: SearchParams = DEFAULT_PARAMS) -> Iterator[AssignmentSnapshot]:
    """Yields assignments by minimum bin slack, with replicas of ruled demands and all that does not fit unplaced.

    There are none where a node is pinned, or where filters or required neighbours decide what may be together: filled
    nodes would leave no place for that.
    """
    if any(assignment.pinned) or assignment.has_filters or assignment.has_near:
        return
    unruled = [not ruled for ruled in assignment.ruled]
    indexed = assignment.indexed
    filling = MinBinSlack(indexed, assignment.node_loads, assignment.usable, unruled, params)
    for loads, items in filling.starts():
        placed = Counter(item[0] for on_node in items for item in on_node)
        unplaced = [demand.replicas - placed[position] for position, demand in enumerate_demands(indexed.demands)]
        yield AssignmentSnapshot(loads, items, unplaced, {})
