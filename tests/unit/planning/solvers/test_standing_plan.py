"""A plan of an unchanged problem is the one before it, and an edit that asks for nothing else moves nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.json_codec import plan_from_json, plan_to_json
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import STRATEGIES
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.standing_plan import solves


@pytest.fixture
def tight(world: Any) -> Problem:
    """Two nodes whose cores the replicas fit on only as the search deals them out."""
    nodes = [
        world.node("c06", 5600, 8 << 30, cores=(400,) * 4 + (1000,) * 4),
        world.node("b07", 4000, 16 << 30, cores=(500, 500, 1500, 1500)),
    ]
    demands = [
        world.demand("s08", 2, 1300, 128 << 20, cores=(650, 390, 260)),
        world.demand("s09", 1, 300, 64 << 20, priority=5),
        world.demand("s15", 2, 1300, 128 << 20, cores=(380, 380, 260, 130)),
    ]
    problem: Problem = world.problem(nodes, demands, strategy="portfolio")
    return problem


def held(found: Plan) -> list[tuple[object, ...]]:
    """Returns what every replica has of its node."""
    return [(item.replica, item.node, item.cores, item.devices, item.ports) for item in found.placements]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_another_priority_leaves_every_replica_its_cores(tight: Problem, strategy: str) -> None:
    if strategy == "exact":
        pytest.importorskip("ortools")
    problem = replace(tight, settings=replace(tight.settings, strategy=strategy))
    first = plan(problem)
    edited = replace(problem, demands=tuple(replace(demand, priority=0) for demand in problem.demands))
    assert not first.unplaced
    assert held(plan(edited, first)) == held(first)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_plan_made_again_is_the_same_with_replicas_that_have_no_place(world: Any, strategy: str) -> None:
    if strategy == "exact":
        pytest.importorskip("ortools")
    nodes = [world.node(f"n{number}", devices=(world.gpu(),)) for number in range(3)]
    demands = [
        world.demand("a", 4, 1500, cores=(1000, 500), devices=world.gpu_share(4000)),
        world.demand("b", 5, 1100, cores=(600, 500), priority=3),
        world.demand("c", 3, 2500),
    ]
    problem = world.problem(nodes, demands, strategy=strategy)
    first = plan(problem)
    assert first.unplaced
    again = plan(problem, first)
    assert held(again) == held(first)
    assert {item.replica for item in again.unplaced} == {item.replica for item in first.unplaced}
    assert held(plan(problem, again)) == held(first)


def test_what_comes_in_another_order_is_the_same_problem_and_a_plan_alone_solves_none(tight: Problem) -> None:
    first = plan(tight)
    assert solves(first, replace(tight, nodes=tight.nodes[::-1], demands=tight.demands[::-1]))
    assert not solves(first, replace(tight, nodes=tight.nodes[:1]))
    assert not solves(first, replace(tight, demands=(*tight.demands, tight.demands[0])))
    assert not solves(first, replace(tight, settings=replace(tight.settings, survive=1)))
    assert not solves(plan_from_json(plan_to_json(first)), tight)
