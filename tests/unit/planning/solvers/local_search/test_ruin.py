"""Claims about taking replicas off nodes."""

from __future__ import annotations

from typing import Any

import pytest
from search_problems import assigned, crowded

from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.params import SearchParams


def placed(assignment: Assignment) -> int:
    return sum(map(len, assignment.items))


def test_ruin_empties_a_node_and_leaves_most_as_it_is(world: Any) -> None:
    assignment, ruin, recreate = assigned(crowded(world), SearchParams(restart_one_in=1 << 32))
    recreate.apply(repacks=False)
    for _ in range(50):
        assignment.begin()
        nodes, opened = list(assignment.items), assignment.open_nodes
        ruin.apply()
        changed = [node for node, items in enumerate(assignment.items) if items != nodes[node]]
        assert any(not assignment.items[node] for node in changed)
        assert assignment.open_nodes < opened
        assignment.undo()


def test_every_replica_is_placed_or_unplaced_after_a_ruin(world: Any) -> None:
    problem = crowded(world)
    replicas = sum(demand.replicas for demand in problem.demands)
    assignment, ruin, recreate = assigned(problem)
    recreate.apply(repacks=False)
    for _ in range(50):
        assignment.begin()
        ruin.apply()
        assert placed(assignment) + sum(assignment.unplaced) == replicas
        assert assignment.open_nodes == sum(1 for items in assignment.items if items)
        recreate.apply(repacks=False)


@pytest.mark.parametrize("params", [{"whole_node_one_in": 1}, {"removal_one_in": 1}])
def test_a_restart_ruins_every_node(world: Any, params: dict[str, int]) -> None:
    for restart, emptied in ((1, "all"), (1 << 32, "one")):
        parameters = SearchParams(max_ruined_nodes=1, restart_one_in=restart, **params)
        assignment, ruin, recreate = assigned(crowded(world), parameters)
        recreate.apply(repacks=False)
        opened = assignment.open_nodes
        assignment.begin()
        ruin.apply()
        assert assignment.open_nodes == (0 if emptied == "all" else opened - 1)


def test_nobody_stays_without_the_neighbour_that_it_has_to_be_near(world: Any) -> None:
    assignment, ruin, recreate = assigned(crowded(world))
    names = [demand.service for demand in assignment.indexed.demands]
    lead, tail = names.index("lead"), names.index("tail")
    recreate.apply(repacks=False)
    for _ in range(50):
        assignment.begin()
        ruin.apply()
        for items in assignment.items:
            demands = {item[0] for item in items}
            assert tail not in demands or lead in demands
        recreate.apply(repacks=False)


def test_a_node_that_is_eliminated_is_empty_and_no_more_nodes_may_open(world: Any) -> None:
    assignment, ruin, recreate = assigned(crowded(world))
    recreate.apply(repacks=False)
    opened = assignment.open_nodes
    ruin.eliminate_node()
    assert (assignment.open_nodes, assignment.max_open) == (opened - 1, opened - 1)
    recreate.apply(repacks=True)
    assert assignment.open_nodes == opened - 1
