"""What the default strategy, the portfolio, places and on how many nodes."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

MI = 2**20


def by(problem: Problem, strategy: str, iterations: int | None = None) -> Problem:
    return replace(problem, settings=replace(problem.settings, strategy=strategy, iterations=iterations))


def worth(problem: Problem, strategy: str, iterations: int | None = None) -> tuple[int, int]:
    """Returns how many replicas are placed, and minus the nodes used: the larger, the better."""
    found = plan(by(problem, strategy, iterations), explain=False)
    return len(found.placements), -found.bound.nodes_used


def test_many_small_replicas_are_placed_in_place_of_few_large_ones(world: Any) -> None:
    demands = [world.demand("big", 2, 3500, 64 * MI), world.demand("tiny", 8, 450, 64 * MI)]
    problem = world.problem([world.node("n0", 4000, cores=())], demands, strategy="portfolio")
    result = plan(problem)
    assert [item.service for item in result.placements] == ["tiny"] * 8
    assert verify(problem, result) == ()


@pytest.mark.parametrize("seed", range(6))
def test_nodes_that_memory_fills_to_the_last_are_found(world: Any, seed: int) -> None:
    """Six nodes of 8 GiB are cut into replicas; a pass needs a seventh."""
    draw = random.Random(f"memory-{seed}")
    pieces = []
    for _ in range(6):
        cuts = [0, *sorted(draw.sample(range(5, 80), draw.randint(3, 5))), 82]
        sizes = [100 * (end - start) for start, end in pairwise(cuts)]
        pieces += [*sizes[:-1], sizes[-1] - 8]
    demands = [world.demand(f"s{number:02d}", cpu=50, rss=size * MI) for number, size in enumerate(pieces)]
    nodes = [world.node(f"n{number}", rss=8192 * MI, cores=()) for number in range(9)]
    result = plan(world.problem(nodes, demands, strategy="portfolio"))
    assert (len(result.unplaced), result.bound.nodes_used, result.bound.proven) == (0, 6, True)


def drawn(world: Any, seed: int, fill: float) -> Problem:
    """Returns unlike nodes, and services with chunks of cores that ask for this part of their cpu."""
    draw = random.Random(f"drawn-{seed}")
    nodes = [
        world.node(f"n{number}", sum(cores), draw.choice([4, 8, 16]) << 30, cores=cores)
        for number in range(draw.randint(4, 7))
        for cores in [draw.choice([(1000,) * 4, (600,) * 4 + (1400,) * 2, (800,) * 2])]
    ]
    demands, load = [], 0
    while load < fill * sum(node.cpu for node in nodes):
        cpu, replicas = draw.choice([200, 400, 700, 1000, 1800]), draw.randint(1, 4)
        cores = tuple(min(1000, cpu * part // 100) for part in (70, 20, 10)[: draw.randint(1, 3)])
        rss = draw.choice([200, 500, 900]) * MI
        demands.append(world.demand(f"s{len(demands):02d}", replicas, cpu, rss, cores=cores))
        load += cpu * replicas
    problem: Problem = world.problem(nodes, demands)
    return problem


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fill", [0.7, 1.0])
def test_no_pass_places_more_or_uses_fewer_nodes(world: Any, seed: int, fill: float) -> None:
    problem = drawn(world, seed, fill)
    best = worth(problem, "portfolio")
    for strategy in ("first-fit", "best-fit", "worst-fit", "dot-product"):
        assert worth(problem, strategy, 0) <= worth(problem, "portfolio", 0) <= best


def test_a_stack_that_is_too_large_to_search_gets_the_best_of_several_passes(world: Any) -> None:
    """None of the strategies is the best of both; without iterations nothing is searched."""
    bests = set()
    for seed in range(12):
        problem = drawn(world, seed, 0.9)
        passes = {name: worth(problem, name, 0) for name in ("first-fit", "best-fit", "worst-fit", "dot-product")}
        assert worth(problem, "portfolio", 0) == max(passes.values())
        bests.add(frozenset(name for name, value in passes.items() if value == max(passes.values())))
    assert not frozenset.intersection(*bests)
