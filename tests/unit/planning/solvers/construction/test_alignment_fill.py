"""Claims about nodes that are filled by the dot product of requests and room."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.alignment_fill import AlignmentFill, runs_to_fill
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

MI = 2**20


def cut(draw: random.Random, total: int, pieces: int, step: int) -> list[int]:
    """A total cut at random multiples of the step."""
    cuts = sorted(draw.sample(range(step, total, step), pieces - 1))
    return [end - start for start, end in zip([0, *cuts], [*cuts, total], strict=True)]


def perfect_packing(world: Any, seed: int, bins: int, strategy: str) -> Problem:
    """Nodes cut into 2 to 5 replicas each, in cpu and in memory, with twice the nodes to place them on."""
    draw = random.Random(f"perfect-{seed}")
    items = []
    for _ in range(bins):
        pieces = draw.randint(2, 5)
        items += zip(cut(draw, 4000, pieces, 100), cut(draw, 4096, pieces, 64), strict=True)
    draw.shuffle(items)
    demands = [world.demand(f"s{number:03d}", cpu=cpu, rss=rss * MI) for number, (cpu, rss) in enumerate(items)]
    nodes = [world.node(f"n{number:03d}", cores=()) for number in range(2 * bins)]
    return world.problem(nodes, demands, strategy=strategy, iterations=0)


@pytest.mark.parametrize(("seed", "bins", "used"), [(0, 10, 11), (1, 10, 11), (2, 20, 22), (3, 30, 31)])
def test_a_perfect_packing_takes_hardly_more_nodes_than_it_was_cut_from(
    world: Any, seed: int, bins: int, used: int
) -> None:
    result = plan(perfect_packing(world, seed, bins, "dot-product"))
    assert (len(result.unplaced), result.bound.nodes_used) == (0, used)
    assert verify(perfect_packing(world, seed, bins, "dot-product"), result) == ()


def test_the_open_node_takes_the_replica_whose_request_is_like_what_it_has_left(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=4000, rss=4000 * MI, cores=()) for number in range(3)]
    demands = [
        world.demand("first", cpu=3000, rss=1000 * MI),
        world.demand("cpu", cpu=1000, rss=400 * MI),
        world.demand("memory", cpu=400, rss=2900 * MI),
    ]
    result = plan(world.problem(nodes, demands, strategy="dot-product"))
    assert {item.service: item.node for item in result.placements} == {"first": "n0", "memory": "n0", "cpu": "n1"}


def test_a_dimension_counts_as_much_as_the_replicas_ask_for_of_it(world: Any) -> None:
    demands = [world.demand("a", cpu=400, rss=100 * MI), world.demand("b", cpu=100, rss=500 * MI)]
    for more, best in (({"cpu": 3000}, "a"), ({"rss": 3000 * MI}, "b")):
        indexed = IndexedProblem(world.problem([world.node("n1")], [*demands, world.demand("much", **more)]))
        ledger = Ledger(indexed)
        fill = AlignmentFill(indexed, ledger, Scoring(indexed, ledger, "dot-product"), {})
        alignments = {indexed.demands[demand].service: fill.alignment(demand, 0) for demand in (0, 1)}
        assert max(alignments, key=alignments.__getitem__) == best


def test_demands_of_one_priority_without_ties_may_come_in_any_order_and_others_wait_their_turn(world: Any) -> None:
    lead = world.demand("lead", priority=1)
    near = world.demand("near", priority=1, near=(AffinityRule((lead.workload,), "zone"),))
    free = [world.demand(name) for name in "abcd"]
    indexed = IndexedProblem(world.problem([world.node("n1")], [*free, near, lead]))
    runs = runs_to_fill(indexed, service_order(indexed), {demand: range(1) for demand in indexed.demand_indices})
    assert [(fills, [indexed.demands[demand].service for demand in run]) for fills, run in runs] == [
        (False, ["lead", "near"]), (True, ["a", "b", "c", "d"]),
    ]  # fmt: skip


def test_what_fits_nowhere_is_left_out_with_what_refuses_it(world: Any) -> None:
    nodes = [world.node("n0", cpu=1000)]
    demands = [world.demand("large", 2, cpu=900), world.demand("small", 1, cpu=100)]
    result = plan(world.problem(nodes, demands, strategy="dot-product", iterations=0))
    assert [item.replica for item in result.unplaced] == ["replica/p:large/1"]
    assert dict(result.refusals[0].by_rule) == {"cpu": 1}
    assert {item.service for item in result.placements} == {"large", "small"}
