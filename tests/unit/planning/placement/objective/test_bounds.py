"""Claims about bounds and preferences: what no plan exceeds, and by which argument."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule, DeviceRequest, SpreadRule
from rohe_iac.planning.placement.objective.bounds import bound, fitting, max_placeable, max_replicas, needed
from rohe_iac.planning.placement.objective.dual_feasible import (
    DualFeasibleFunction,
    dual_feasible_functions,
    identity_functions,
    pairwise_sums,
)
from rohe_iac.planning.placement.objective.preferences import Preferences
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def mixed_sizes(world: Any) -> IndexedProblem:
    nodes = [world.node(f"n{number}", cpu=1000, cores=(600, 400), devices=(world.gpu(),)) for number in range(2)]
    demands = [
        world.demand("large", 2, cpu=510, cores=(350,)),
        world.demand("small", 3, cpu=300, cores=(200, 100)),
        world.demand("share", 2, cpu=100, devices=world.gpu_share(6000)),
        world.demand("whole", 1, devices=(DeviceRequest("gpu", count=1),)),
    ]
    return IndexedProblem(world.problem(nodes, demands))


def test_whatever_fits_on_a_node_has_sizes_of_no_more_than_its_capacity(world: Any) -> None:
    indexed = mixed_sizes(world)
    functions = [*dual_feasible_functions(indexed), *pairwise_sums(identity_functions(indexed))]
    assert {function.name for function in functions} >= {"volume", "cores", "accelerators", "volume with cores"}
    for order in product(range(len(indexed.demands)), repeat=4):
        ledger, there = Ledger(indexed), []
        for demand in order:
            if not refusal(indexed, ledger, demand, 0):
                ledger.take(demand, 0)
                there.append(demand)
        for function in functions:
            assert sum(function.sizes[demand] for demand in there) <= function.capacities[0], function


@pytest.mark.parametrize(
    ("demand", "argument"),
    [
        ({"cpu": 510}, "volume"),
        ({"cores": (350,)}, "cores"),
        ({"devices": (DeviceRequest("gpu", share=5001),)}, "accelerators"),
        ({"spread": (SpreadRule("node", 1),)}, "spread"),
    ],
)
def test_a_bound_is_named_by_the_argument_that_gives_it(world: Any, demand: dict[str, Any], argument: str) -> None:
    nodes = [world.node(f"n{number}", cpu=1000, cores=(400,), devices=(world.gpu(),)) for number in range(4)]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("a", 3, **demand)]))
    found = bound(indexed, [[0, 1, 2]])
    assert (found.nodes_used, found.at_least, found.proven) == (3, 3, True)
    assert argument in found.arguments


def test_the_fewest_capacities_are_the_largest(world: Any) -> None:
    assert [needed(total, (1, 5, 3)) for total in (0, 5, 6, 9, 10)] == [0, 1, 2, 3, 3]
    function = DualFeasibleFunction("volume", (5, 2), (6, 6))
    assert fitting(function, (2, 3), (0, 1)) == 4, "three of size 2, then one of size 5"
    assert fitting(function, (2, 3), (0, 1), {1: "group"}, {"group": 1}) == 3


def test_no_more_replicas_fit_than_amounts_and_domains_allow(world: Any) -> None:
    zones = [world.node(f"n{number}", cpu=1000, labels=(("zone", "ab"[number % 2]),)) for number in range(4)]
    demands = [
        world.demand("amounts", 20, cpu=400, priority=2),
        world.demand("apart", 9, avoid=(AffinityRule(("service/p:apart",), "node"),), priority=1),
        world.demand("spread", 9, spread=(SpreadRule("zone", 2),)),
    ]
    indexed = IndexedProblem(world.problem(zones, demands))
    assert max_replicas(indexed) == (8, 4, 4)
    assert max_placeable(indexed) == (8, 4, 4)


def test_each_replica_counts_the_share_of_its_preferences_that_hold(world: Any) -> None:
    near, away = (AffinityRule((f"service/p:{name}",), "node", required=False) for name in "ba")
    demands = [world.demand("a", 2, near=(near,)), world.demand("b", 1), world.demand("c", 1, avoid=(away,))]
    indexed = IndexedProblem(world.problem([world.node("n1"), world.node("n2")], demands))
    preferred = Preferences(indexed)
    assert preferred.any
    assert preferred.best == 4_000_000
    # One `a` is beside `b` and away from `c`, the other only beside `c`: 1 + 0; `b` is near, `c` is not away.
    assert preferred.held({0: {0: 1, 1: 1}, 1: {0: 1}, 2: {1: 1}}) == 2_000_000
    assert preferred.held({0: {0: 2}, 1: {0: 1}, 2: {1: 1}}) == preferred.best
