"""Claims about inserting replicas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from search_problems import assigned, crowded

from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.lcg import LinearCongruentialGenerator
from rohe_iac.planning.solvers.local_search.params import SearchParams
from rohe_iac.planning.solvers.local_search.recreate import Recreate
from rohe_iac.planning.solvers.local_search.search_cost import SearchCost

ORDERS = ("open_first_weight", "large_first_weight", "fullest_weight", "objective_weight", "shuffled_weight")


def check_capacity(assignment: Assignment) -> None:
    """Checks by summing up that no node, core or device holds more than it has, and that each load says so."""
    indexed = assignment.indexed
    for node, items in zip(indexed.nodes, assignment.items, strict=True):
        asked = [indexed.resources[item[0]] for item in items]
        assert sum(resources.cpu for resources in asked) <= node.cpu
        assert sum(resources.rss for resources in asked) <= node.rss
        cores, devices = list(node.cores), [device.capacity for device in node.devices]
        for demand, taken_cores, taken_devices in items:
            assert sorted((amount for _, amount in taken_cores), reverse=True) == list(indexed.resources[demand].cores)
            assert len({core for core, _ in taken_cores}) == len(taken_cores)
            for core, amount in taken_cores:
                cores[core] -= amount
            for device, amount in taken_devices:
                devices[device] -= amount
        assert min([0, *cores, *devices]) == 0
        load = assignment.loads[indexed.node_index[node.name]]
        assert (list(load.free[3]), list(load.free[4])) == (cores, devices)


@pytest.mark.parametrize("objective", [("placed", "nodes"), ("placed", "balance")])
@pytest.mark.parametrize("order", ORDERS)
def test_no_capacity_is_exceeded_in_any_order_of_nodes(world: Any, order: str, objective: tuple[str, ...]) -> None:
    params = SearchParams(**{**dict.fromkeys(ORDERS, 0), order: 1})
    assignment, ruin, recreate = assigned(crowded(world, objective=objective), params)
    for turn in range(30):
        recreate.apply(repacks=turn % 2 == 0)
        check_capacity(assignment)
        assignment.begin()
        ruin.apply()
        check_capacity(assignment)


def test_rules_hold_for_all_that_are_inserted(world: Any) -> None:
    assignment, ruin, recreate = assigned(crowded(world))
    names = [demand.service for demand in assignment.indexed.demands]
    for _ in range(30):
        recreate.apply(repacks=True)
        for items in assignment.items:
            services = [names[item[0]] for item in items]
            assert services.count("port") <= 1
            assert services.count("apart") <= 1
            assert "tail" not in services or "lead" in services
        assignment.begin()
        ruin.apply()


def test_a_larger_priority_is_inserted_first(world: Any) -> None:
    nodes = [world.node("n1", cpu=1000)]
    demands = [world.demand("low", 1, cpu=800), world.demand("high", 1, cpu=600, priority=1)]
    assignment, _, recreate = assigned(world.problem(nodes, demands))
    recreate.apply(repacks=False)
    assert [assignment.indexed.demands[item[0]].service for item in assignment.items[0]] == ["high"]


def test_no_node_is_opened_above_the_limit(world: Any) -> None:
    assignment, _, recreate = assigned(crowded(world))
    assignment.max_open = 2
    recreate.apply(repacks=True)
    assert assignment.open_nodes == 2


def test_open_nodes_are_filled_first_where_their_order_is_drawn(world: Any) -> None:
    problem = world.problem([world.node(f"n{number}") for number in range(3)], [world.demand("a", 3, cpu=1000)])
    params = replace(SearchParams(**{**dict.fromkeys(ORDERS, 0), ORDERS[0]: 1}), blink_one_in=1 << 32)
    assignment, _, recreate = assigned(problem, params)
    recreate.apply(repacks=False)
    assert sorted(map(len, assignment.items)) == [0, 0, 3]


@pytest.mark.parametrize(("prefers_homes", "node"), [(True, "n1"), (False, "n0")])
def test_replicas_are_tried_on_the_node_they_had_unless_it_is_only_what_a_pass_chose(
    world: Any, prefers_homes: bool, node: str
) -> None:
    # n0 is the larger one, and larger nodes come first.
    nodes = [world.node("n0", cpu=8000, rss=2**34), world.node("n1", cpu=4000, rss=2**32)]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", cpu=100)]))
    objective = LexicographicObjective(indexed, {(DemandIndex(0), 0): NodeIndex(1)})
    params = SearchParams(**{**dict.fromkeys(ORDERS, 0), "large_first_weight": 1, "blink_one_in": 10**9})
    assignment = Assignment(indexed, {}, {(DemandIndex(0), 0)}, params)
    cost = SearchCost(indexed, objective.before, objective.limit, objective.floors, params)
    random = LinearCongruentialGenerator(7)
    Recreate(assignment, random, params, cost, prefers_homes=prefers_homes).apply(repacks=False)
    assert [indexed.nodes[number].name for number, items in enumerate(assignment.items) if items] == [node]
