"""Claims about which workloads depend on where replicas of others are."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import AffinityRule, Edge
from rohe_iac.planning.verification.statements.coupling import coupled_workloads


def test_rules_and_flows_couple_both_sides_and_nothing_else(world: Any) -> None:
    names = ("near", "beside", "avoids", "avoided", "source", "sink", "alone")
    demands = {name: world.demand(name) for name in names}
    address = {name: demand.workload for name, demand in demands.items()}
    demands["near"] = world.demand("near", near=(AffinityRule((address["beside"],), "node"),))
    demands["avoids"] = world.demand("avoids", avoid=(AffinityRule((address["avoided"],), "node"),))
    problem = world.problem(
        [world.node("n1")], list(demands.values()), edges=(Edge(address["source"], address["sink"]),)
    )
    assert coupled_workloads(problem) == {address[name] for name in names if name != "alone"}
