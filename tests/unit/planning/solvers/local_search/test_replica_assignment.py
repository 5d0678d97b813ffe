"""Claims about which replica is where."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.local_search.replica_assignment import assign_replicas


def test_replicas_stay_on_their_nodes_and_new_ones_take_what_is_left_before_those_that_move(world: Any) -> None:
    nodes = [world.node(f"n{number}") for number in range(4)]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("a", 4, cpu=100)]))
    item = (0, (), ())
    placed, missing = assign_replicas(indexed, {(0, 0): 3, (0, 1): 2, (0, 2): 1}, [[item], [], [item], [item]])
    assert {index: grant.node for (_, index), grant in placed.items()} == {0: 3, 1: 2, 3: 0}
    assert missing == {(0, 2)}
