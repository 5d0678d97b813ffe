"""The order in which services are placed."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import AffinityRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.service_order import service_order


def served(problem: Any) -> list[str]:
    indexed = IndexedProblem(problem)
    return [indexed.demands[position].service for position in service_order(indexed)]


def test_both_lanes_are_served_and_the_balance_is_honoured(world: Any) -> None:
    fast = [world.demand(f"f{i}", sensitivity="cpu", cpu=100 - i) for i in range(5)]
    slow = [world.demand(f"s{i}", cpu=100 - i) for i in range(3)]
    both = world.problem([world.node("n1")], fast + slow, queue_priority="cpu", queue_balance=2)
    assert served(both) == ["f0", "f1", "s0", "f2", "f3", "s1", "f4", "s2"]
    alone = world.problem([world.node("n1")], slow, queue_priority="cpu", queue_balance=2)
    assert served(alone) == ["s0", "s1", "s2"]


def test_a_lane_serves_priority_then_the_larger_demand_then_the_name(world: Any) -> None:
    demands = [
        world.demand("b", cpu=10),
        world.demand("a", cpu=10),
        world.demand("large", cpu=500),
        world.demand("first", cpu=1, priority=5),
        world.demand("broker", cpu=1, system=True),
    ]
    assert served(world.problem([world.node("n1")], demands)) == ["broker", "first", "large", "a", "b"]


def test_a_service_follows_those_that_it_has_to_or_prefers_to_be_near(world: Any) -> None:
    def near(name: str, *, required: bool = True) -> tuple[AffinityRule, ...]:
        return (AffinityRule((f"service/p:{name}",), "node", required),)

    demands = [
        world.demand("c", cpu=900, near=near("b")),
        world.demand("b", cpu=500, near=near("a")),
        world.demand("a", cpu=100),
        world.demand("d", cpu=800, priority=1, near=near("a", required=False)),
        world.demand("e", cpu=700, near=near("a", required=False)),
    ]
    # The preference of d is for a service of lower priority, and does not make d wait.
    assert served(world.problem([world.node("n1")], demands)) == ["d", "a", "b", "c", "e"]


def test_services_that_have_to_be_near_each_other_are_all_served_once(world: Any) -> None:
    names = [f"d{number}" for number in range(2000)]
    demands = [
        world.demand(name, near=(AffinityRule((f"service/p:{other}",), "node"),))
        for name, other in zip(names, [*names[1:], names[0]], strict=True)
    ]
    found = served(world.problem([world.node("n1")], demands))
    assert sorted(found) == sorted(names)
    assert found[-1] == "d0"
