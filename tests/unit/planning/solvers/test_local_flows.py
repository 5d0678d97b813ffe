"""Plans of flows within domains: each sender has a receiver, of any strategy, and verification finds a lost one."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import Edge, SpreadRule
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import STRATEGIES
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.solvers.planner import NotCovered, plan
from rohe_iac.planning.verification.verify import verify

STRATEGY_NAMES = sorted({*STRATEGIES} - {"exact"})


def _site(world: Any, zones: str = "abc", **settings: Any) -> Problem:
    nodes = [world.node(f"{zone}-{number}", labels=(("zone", zone),)) for zone in zones for number in range(2)]
    demands = [
        world.demand("camera", 2 * len(zones), cpu=400, spread=(SpreadRule("zone", 2),)),
        world.demand("detect", len(zones), cpu=1500),
        world.demand("count", 1, cpu=100),
    ]
    edges = (
        Edge("service/p:camera", "service/p:detect", bandwidth=10**6, within="zone"),
        Edge("service/p:detect", "service/p:count"),
    )
    pairs = [(a, b) for a in zones for b in zones if a < b]
    wires = tuple(Wire(f"{a}-{b}", (f"zone/{a}", f"zone/{b}"), 5000, 1000) for a, b in pairs)
    return world.problem(nodes, demands, edges=edges, wires=wires, **settings)  # type: ignore[no-any-return]


def _lonely(problem: Problem, decided: Plan) -> list[str]:
    """Returns the replicas without a receiver in their domain."""
    labels = {node.name: node for node in problem.nodes}
    found = []
    for edge in problem.edges:
        domains = defaultdict(set)
        for item in decided.placements:
            domains[item.workload].add(labels[item.node].domain(edge.within) if edge.within else "")
        found += [
            item.replica
            for item in decided.placements
            if item.workload == edge.source
            and (labels[item.node].domain(edge.within) if edge.within else "") not in domains[edge.sink]
        ]
    return found


@pytest.mark.parametrize("strategy", STRATEGY_NAMES)
def test_senders_are_placed_beside_receivers(world: Any, strategy: str) -> None:
    problem = _site(world, strategy=strategy)
    decided = plan(problem)
    assert not _lonely(problem, decided)
    assert not verify(problem, decided)


def test_every_zone_gets_a_receiver_where_senders_are_spread(world: Any) -> None:
    problem = _site(world, strategy="portfolio")
    decided = plan(problem)
    assert not decided.unplaced
    assert len(decided.placements) == 10


def test_a_plan_without_a_receiver_in_a_zone_is_found(world: Any) -> None:
    problem = _site(world, "ab", strategy="portfolio")
    decided = plan(problem)
    moved = next(item for item in decided.placements if item.service == "detect")
    other = {"a": "b", "b": "a"}[moved.node[0]] + "-1"
    placements = tuple(structs.replace(item, node=other) if item is moved else item for item in decided.placements)
    faults = verify(problem, replace(decided, placements=placements))
    message = f"no service/p:detect in zone {moved.node[0]}"
    assert {fault.subject for fault in faults if (fault.rule, fault.message) == ("within", message)} == {
        item.replica for item in decided.placements if item.service == "camera" and item.node[0] == moved.node[0]
    }


@pytest.mark.parametrize("seed", range(8))
def test_drawn_problems_have_plans_that_hold(world: Any, seed: int) -> None:
    drawn = random.Random(seed)
    key = drawn.choice(["zone", "node", "row"])
    nodes = [
        world.node(f"n{number}", labels=tuple((name, drawn.choice("xyz")) for name in ("zone", "row")))
        for number in range(8)
    ]
    demands = [
        world.demand(name, drawn.randint(1, 6), cpu=drawn.choice([100, 700, 1500]), spread=spread)
        for name, spread in (("a", (SpreadRule("node", 1),)), ("b", ()), ("c", ()))
    ]
    edges = (
        Edge("service/p:a", "service/p:b", bandwidth=90_000, within=key),
        Edge("service/p:b", "service/p:c", latency=9000, within=drawn.choice(["zone", "node", ""])),
    )
    zones = [("x", "x"), ("x", "y"), ("y", "z"), ("x", "z"), ("y", "y")]
    wires = tuple(
        Wire(f"{a}{b}", (f"zone/{a}", f"zone/{b}"), drawn.choice([1000, 20_000]), drawn.choice([40_000, 10**6]))
        for a, b in zones
    )
    problem = world.problem(nodes, demands, edges=edges, wires=wires, strategy="portfolio")
    decided = plan(problem)
    assert not _lonely(problem, decided)
    assert not verify(problem, decided)


def test_exact_does_not_weigh_the_bandwidth_of_local_flows(world: Any) -> None:
    with pytest.raises(NotCovered, match="bandwidth of a flow within"):
        plan(_site(world, strategy="exact"))
