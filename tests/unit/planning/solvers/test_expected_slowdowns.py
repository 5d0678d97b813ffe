"""Claims about expected slowdowns: each node's replicas are slowed down by all others that the plan puts there."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.expected_slowdowns import ExpectedSlowdowns


def test_replicas_are_slowed_down_by_those_of_their_own_demand_too(world: Any) -> None:
    demands = [world.demand("a", 2, cpu=1000, sensitivity="cpu", slowdown=400_000), world.demand("b", cpu=500)]
    indexed = IndexedProblem(world.problem([world.node("n")], demands))
    construction = Construction(indexed, "best-fit").run(service_order(indexed), {})
    slowdowns = ExpectedSlowdowns(construction)
    # 1,500 of 4,000 millicores are those of the neighbours.
    assert slowdowns.of(indexed.index["service/p:a"]) == {0: 150_000}
    assert slowdowns.of(indexed.index["service/p:b"]) == {}, "it is not sensitive"
