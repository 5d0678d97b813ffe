"""Replicas move in order to free nodes where that is asked for, and the plan says what the moves gain."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.plan import Gain
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Origin, Plugin, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.defragmentation import defragmenting
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

PROVEN = [(1, 4, 12), (2, 4, 14), (4, 4, 11), (5, 4, 17), (7, 5, 4)]
"""By seed the fewest nodes, and the fewest moves to them, that the strategy `exact` proves."""


@pytest.fixture
def scattered(world: Any) -> Problem:
    """Six nodes that all are used, where four would do."""
    demands = [world.demand("a", 6, 1500), world.demand("b", 6, 1000)]
    problem: Problem = world.problem([world.node(f"n{number}") for number in range(6)], demands, strategy="worst-fit")
    return problem


@pytest.mark.parametrize("strategy", ["best-fit", "portfolio", "exact"])
def test_moves_free_nodes_and_no_more_than_allowed(scattered: Problem, strategy: str) -> None:
    if strategy == "exact":
        pytest.importorskip("ortools")
    first = plan(scattered)
    assert first.bound.nodes_used == 6
    asked = replace(scattered, settings=replace(scattered.settings, strategy=strategy))
    still = plan(asked, first)
    assert (still.bound.nodes_used, still.gain) == (6, None)
    for most, nodes in ((None, 4), (4, 4), (2, 5), (0, 6)):
        problem, _ = defragmenting(replace(asked, settings=replace(asked.settings, max_moves=most)), NO_PLUGINS)
        found = plan(problem, first)
        moved = sum(item.node != item.was for item in found.placements)
        assert found.bound.nodes_used == nodes
        assert moved <= (6 if most is None else most)
        assert found.gain == (Gain(moved, "nodes", 6, nodes) if moved else None)
        assert verify(problem, found) == ()
        after = plan(asked, found)
        assert [item.node for item in after.placements] == [item.node for item in found.placements]


def test_what_the_stack_weighs_comes_after_and_the_search_replaces_a_strategy_of_its_own(world: Any) -> None:
    named = world.problem([], [], objective=("slack", "stable", "cost"), strategy="mine", iterations=0)
    chosen = Plugin("strategy", "mine", Origin("mine", "mine.py:1"), max)
    problem, plugins = defragmenting(named, Plugins(strategy=chosen))
    assert problem.settings.objective == ("placed", "nodes", "stable", "slack", "cost")
    assert (problem.settings.strategy, problem.settings.iterations, bool(plugins)) == ("portfolio", None, False)
    kept = replace(named, settings=replace(named.settings, strategy="exact", iterations=70))
    assert defragmenting(kept, NO_PLUGINS)[0].settings.strategy == "exact"
    assert defragmenting(kept, NO_PLUGINS)[0].settings.iterations == 70


def spread_out(world: Any, seed: int) -> Problem:
    """Returns 7 to 10 unlike nodes, half full by services whose replicas are on many of them."""
    draw = random.Random(f"spread-{seed}")
    nodes = [
        world.node(f"n{number}", draw.choice([2000, 4000, 6000]), draw.choice([2, 4, 8]) << 30)
        for number in range(draw.randint(7, 10))
    ]
    demands, load = [], 0
    while load < sum(node.cpu for node in nodes) // 2:
        cpu, replicas = draw.choice([150, 350, 640, 900, 1250]), draw.randint(1, 4)
        cores = draw.choice([(), (min(1000, cpu),), (cpu // 2, cpu // 3)])
        rss = draw.choice([96, 256, 640]) << 20
        demands.append(world.demand(f"s{len(demands):02d}", replicas, cpu, rss, cores=cores))
        load += cpu * replicas
    problem: Problem = world.problem(nodes, demands, strategy="worst-fit", iterations=0)
    return problem


@pytest.mark.parametrize(("seed", "nodes", "moves"), PROVEN)
def test_as_many_nodes_are_freed_as_is_proven_with_hardly_more_moves(
    world: Any, seed: int, nodes: int, moves: int
) -> None:
    scattered = spread_out(world, seed)
    problem, _ = defragmenting(scattered, NO_PLUGINS)
    found = plan(problem, plan(scattered))
    moved = sum(item.node != item.was for item in found.placements)
    assert (found.bound.nodes_used, found.unplaced) == (nodes, ())
    assert moves <= moved <= moves + 1
    assert verify(problem, found) == ()
