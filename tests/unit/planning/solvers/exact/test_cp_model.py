"""The CP-SAT model: what it allows on a node, and which nodes it takes to be equal."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.planning.model.demand import Edge
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.exact.cp_model import PlacementModel
from rohe_iac.planning.solvers.exact.cp_network import add_network_constraints

cp_model = pytest.importorskip("ortools.sat.python.cp_model")


def placement_model(problem: Any, before: dict[tuple[int, int], int]) -> PlacementModel:
    indexed = IndexedProblem(problem)
    return PlacementModel(indexed, LexicographicObjective(indexed, before), cp_model)


def most(model: Any, expression: Any) -> int:
    """Returns the largest value that an expression can have in a model."""
    model.maximize(expression)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    assert solver.solve(model) == cp_model.OPTIMAL
    return round(solver.objective_value)


def test_nodes_are_interchangeable_unless_labels_cost_or_the_previous_plan_differ(world: Any) -> None:
    nodes = [world.node("n0"), world.node("n1"), world.node("n2", cost=5), world.node("n3"), world.node("n4")]
    placement = placement_model(world.problem(nodes, [world.demand("d", 2, cpu=100)]), {(0, 0): 4})
    assert placement.interchangeable == [[0, 1, 3], [2], [4]]


def test_a_node_has_a_count_only_where_its_rules_let_a_replica_in(world: Any) -> None:
    nodes = [
        world.node("n0", status="down"),
        world.node("n1", status="cordoned"),
        world.node("n2", cores=(1000,)),
        world.node("n3"),
    ]
    demand = world.demand("d", 3, cpu=100, cores=(100, 100))
    placement = placement_model(world.problem(nodes, [demand]), {(0, 0): 1, (0, 1): 0})
    assert sorted(placement.counts) == [(0, 1), (0, 3)]
    # A cordoned node keeps the one replica that it has.
    assert most(placement.model, placement.counts[0, 1]) == 1


def test_capacity_cores_and_devices_limit_the_replicas_of_a_node(world: Any) -> None:
    for more, expected in (
        ({"cpu": 1500}, 2),
        ({"rss": 2000 * 2**20}, 2),
        ({"cores": (600, 400)}, 2),
        ({"cores": (1100,)}, 0),
        ({"devices": world.gpu_share(4000)}, 2),
    ):
        node = world.node("n0", cpu=4000, cores=(1000, 1000), devices=(world.gpu(),))
        placement = placement_model(world.problem([node], [world.demand("d", 9, **more)]), {})
        counts = placement.on(0)
        assert (most(placement.model, counts[0]) if counts else 0) == expected, more


def test_links_that_are_too_slow_or_too_narrow_keep_replicas_out(world: Any) -> None:
    nodes = [world.node(name, labels=(("zone", name),)) for name in ("a", "b")]
    demands = [
        world.demand("a", 2, selector=(("zone", "a"),)),
        world.demand("b", 2, selector=(("zone", "b"),)),
    ]
    for limit, bandwidth, expected in ((None, 400, 4), (None, 150, 2), (5000, 400, 2), (9000, 400, 4)):
        edge = Edge("service/p:a", "service/p:b", latency=limit, bandwidth=400)
        wires = [Wire("w", ("zone/a", "zone/b"), 8000, bandwidth)]
        # Two replicas at each end: each of the four pairs takes a quarter of the bandwidth.
        indexed = IndexedProblem(world.problem(nodes, demands, wires=wires, edges=[edge]))
        model = cp_model.CpModel()
        counts = {(demand, demand): model.new_int_var(0, 2, "") for demand in range(2)}
        add_network_constraints(indexed, model, counts)
        assert most(model, sum(counts.values())) == expected, (limit, bandwidth)


def test_a_latency_budget_is_spent_stage_by_stage(world: Any) -> None:
    nodes = [world.node(name, labels=(("zone", name),)) for name in ("a", "b")]
    demands = [world.demand(name, selector=(("zone", zone),)) for name, zone in (("x", "a"), ("y", "b"), ("z", "a"))]
    wires = [Wire("w", ("zone/a", "zone/b"), 3000)]
    for limit, expected in ((6000, 3), (5999, 2)):
        problem = world.problem(
            nodes, demands, wires=wires, edges=world.flow("x", "y", "z"), promises=[world.promise(limit, "x", "y", "z")]
        )
        placement = placement_model(problem, {})
        assert most(placement.model, sum(placement.counts.values())) == expected
