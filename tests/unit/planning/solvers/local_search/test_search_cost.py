"""Claims about how a search rates assignments."""

from __future__ import annotations

from typing import Any

import pytest
from search_problems import assigned, crowded

from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.local_search.replica_assignment import assign_replicas
from rohe_iac.planning.solvers.local_search.search_cost import SearchCost

TERMS = ("placed", "stable", "nodes", "cost", "balance")


@pytest.mark.parametrize("limit", [None, 2])
def test_the_worth_of_items_is_that_of_the_replicas_they_become(world: Any, limit: int | None) -> None:
    problem = crowded(world, objective=TERMS, max_moves=limit)
    indexed = IndexedProblem(problem)
    before = {(0, 0): 1, (0, 1): 2, (1, 0): 0, (2, 0): 3, (3, 0): 4}
    objective = LexicographicObjective(indexed, before)
    cost = SearchCost(indexed, before, objective.limit)
    assignment, ruin, recreate = assigned(problem)
    for _ in range(20):
        recreate.apply(repacks=True)
        placed, _ = assign_replicas(indexed, before, assignment.items)
        worth = objective.worth((replica, grant.node) for replica, grant in placed.items())
        assert cost.worth(assignment.items, assignment.unplaced) == worth
        assignment.begin()
        ruin.apply()


def test_the_guide_falls_with_a_replica_more_a_node_less_and_a_node_that_is_nearly_empty(world: Any) -> None:
    indexed = IndexedProblem(
        world.problem(
            [world.node(f"n{number}", cpu=1000) for number in range(3)],
            [world.demand("a", 4, cpu=250)],
            objective=("placed", "nodes"),
        )
    )
    cost, (assignment, _, _) = SearchCost(indexed, {}, None), assigned(indexed.problem)

    def guide(*counts: int) -> int:
        items, loads = [], []
        for count in counts:
            load, on_node = assignment.node_loads.base[0], []
            for _ in range(count):
                load, item = assignment.node_loads.step(load, 0)
                on_node.append(item)
            items.append(on_node)
            loads.append(load)
        return cost.guide(items, loads, [4 - sum(counts)])

    assert guide(4, 0, 0) < guide(3, 1, 0) < guide(2, 2, 0) < guide(2, 1, 1) < guide(3, 0, 0) < guide(0, 0, 0)


def test_few_full_nodes_gain_nothing_where_slack_or_balance_is_asked_for_first(world: Any) -> None:
    for objective, consolidates in (
        (("placed", "nodes"), True),
        (("placed", "slack", "nodes"), False),
        (("placed", "nodes", "slack"), True),
        (("placed", "nodes", "balance"), False),
    ):
        indexed = IndexedProblem(
            world.problem(
                [world.node("n1")], [world.demand("a")], objective=objective, promises=[world.promise(9, "a")]
            )
        )
        assert SearchCost(indexed, {}, None).consolidates == consolidates
