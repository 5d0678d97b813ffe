"""Claims about agents that go to where their services are, on stacks drawn at random."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule, Demand, Resources
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.sharing.nearness import bring_agents_near
from rohe_iac.planning.verification.verify import verify


def drawn(world: Any, seed: int) -> Problem:
    """A stack of a few services and two to four agents on nodes of three zones, or of none."""
    draw = random.Random(seed)
    nodes = []
    for index in range(draw.randint(1, 8)):
        zone = draw.choice(("a", "b", "c", ""))
        labels = (("zone", zone),) if zone else ()
        nodes.append(world.node(f"n{index}", draw.choice((1000, 2000, 4000)), labels=labels))
    demands = [
        world.demand(
            f"s{number}", draw.randint(1, 5), draw.choice((100, 300, 700)), rate=draw.choice((0, 10_000, 50_000)),
            selector=(("zone", draw.choice("abc")),) if draw.random() < 0.3 else (),
        )
        for number in range(draw.randint(1, 4))
    ]  # fmt: skip
    apart = AffinityRule(("agent/p",), "node", required=False)
    demands.append(
        Demand(
            "agent/p", "agent/p", "rohe-agent-p", "", "p", "", draw.randint(2, 4), Resources(cpu=200), system=True,
            avoid=(apart,), hears_near=True,
        )
    )  # fmt: skip
    strategies = ("best-fit", "first-fit", "portfolio", "worst-fit", "dot-product")
    found: Problem = world.problem(nodes, demands, strategy=draw.choice(strategies), iterations=50)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_plans_with_agents_near_their_services_keep_every_constraint_and_stay_as_they_are(
    world: Any, seed: int
) -> None:
    problem = drawn(world, seed)
    made = plan(problem)
    assert verify(problem, made) == ()
    again = plan(problem, made)
    assert [item.node for item in again.placements] == [item.node for item in made.placements]
    assert again.shares == made.shares
    demands = tuple(
        replace(demand, replicas=demand.replicas + 1) if demand.service == "s0" else demand
        for demand in problem.demands
    )
    grown = replace(problem, demands=demands)
    assert verify(grown, plan(grown, made)) == ()


def test_nearness_moves_agents_in_some_of_these_stacks_and_no_service(world: Any) -> None:
    moved = 0
    for seed in range(12):
        problem = drawn(world, seed)
        elsewhere = replace(problem, demands=tuple(replace(item, hears_near=False) for item in problem.demands))
        near, far = plan(problem).placements, plan(elsewhere).placements
        assert [item.node for item in near if not item.system] == [item.node for item in far if not item.system]
        moved += [item.node for item in near] != [item.node for item in far]
    assert moved


def test_a_construction_without_replicas_is_left_alone(world: Any) -> None:
    problem = drawn(world, 1)
    construction = Construction(IndexedProblem(problem, {}), "best-fit")
    bring_agents_near(construction)
    assert not any(construction.decisions)


def test_no_node_gets_a_second_agent_while_a_zone_with_services_has_a_node_without_one(world: Any) -> None:
    nodes = [world.node(name, 4000, labels=(("zone", name[0]),)) for name in ("a1", "a2", "b1", "c1")]
    apart = AffinityRule(("agent/p",), "node", required=False)
    demands = [
        world.demand("classify", 6, 300, rate=90_000, selector=(("zone", "a"),)),
        world.demand("source", 1, 100, rate=5_000, selector=(("zone", "b"),)),
        Demand(
            "agent/p", "agent/p", "rohe-agent-p", "", "p", "", 3, Resources(cpu=200), system=True, avoid=(apart,),
            hears_near=True,
        ),
    ]  # fmt: skip
    problem = world.problem(nodes, demands, strategy="best-fit")
    made = plan(problem)
    agents = [item for item in made.placements if item.workload == "agent/p"]
    assert sorted(item.node for item in agents) == ["a1", "a2", "b1"]
    assert verify(problem, made) == ()
    five = replace(problem, demands=(*demands[:-1], replace(demands[-1], replicas=5)))
    made = plan(five)
    taken = [item.node for item in made.placements if item.workload == "agent/p"]
    assert {"a1", "a2", "b1"} <= set(taken)
    assert verify(five, made) == ()


def test_the_reason_of_an_agent_that_was_moved_names_near(world: Any) -> None:
    found = []
    for seed in range(12):
        problem = drawn(world, seed)
        made = plan(problem)
        assert verify(problem, made) == ()
        found += [item for item in made.placements if "near: services" in item.reason]
    assert found
    assert {item.workload for item in found} == {"agent/p"}
