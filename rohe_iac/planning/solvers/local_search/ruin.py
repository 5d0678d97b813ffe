"""Ruin: takes replicas off a few nodes, so that they can be inserted anew."""

from __future__ import annotations

from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.lcg import LinearCongruentialGenerator
from rohe_iac.planning.solvers.local_search.params import SearchParams


class Ruin:
    """Takes all items off one node, and all or some off a few others; now and then off all others.

    G. Schrimpf, J. Schneider, H. Stamm-Wilbrandt and G. Dueck, "Record breaking optimization results using the ruin and
    recreate principle", Journal of Computational Physics 159, 2000: random ruin.
    """

    def __init__(self, assignment: Assignment, random: LinearCongruentialGenerator, params: SearchParams) -> None:
        self._assignment, self._below, self._params = assignment, random.below, params

    def apply(self) -> None:
        """Ruins the assignment, as part of the edit that has begun."""
        below, params, assignment = self._below, self._params, self._assignment
        nodes = assignment.nodes_to_ruin()
        if not nodes:
            return
        restarts = below(params.restart_one_in) == 0
        number = len(nodes) if restarts else 1 + below(min(params.max_ruined_nodes, len(nodes)))
        for turn in range(number):
            node = nodes.pop(below(len(nodes)))
            if turn == 0 or below(params.whole_node_one_in) == params.whole_node_one_in - 1:
                assignment.empty(node)
            else:
                assignment.remove(node, [below(params.removal_one_in) == 0 for _ in assignment.items[node]])
        assignment.remove_unsupported()

    def eliminate_node(self) -> None:
        """Allows one open node fewer, and empties one of those with the most left; begins an edit.

        As fleets are minimised in vehicle routing: the search then looks for places on the nodes that are left.
        """
        assignment = self._assignment
        nodes = assignment.nodes_to_ruin()
        if not nodes:
            return
        assignment.begin()
        assignment.max_open = assignment.open_nodes - 1
        nodes.sort(key=lambda node: (-assignment.loads[node].residual, node))
        assignment.empty(nodes[min(self._below(len(nodes)) for _ in range(self._params.elimination_draws))])
