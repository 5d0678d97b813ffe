"""Claims about sensitive services: each has a node to itself where one is free, by every strategy that weighs nodes."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.defragmentation import defragmenting
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.plan import make_plan

EXAMPLES = Path(__file__).parents[4] / "examples"

GI = 2**30

USUAL = 423_300
"""The slowdown of a sensitive service without a profile, in millionths."""

WEIGHING = ("best-fit", "worst-fit", "dot-product", "portfolio", "exact")
"""Strategies that weigh interference; first-fit takes nodes by name."""


def planned(problem: Problem, previous: Plan | None = None) -> Plan:
    if problem.settings.strategy == "exact":
        pytest.importorskip("ortools")
    found = plan(problem, previous)
    assert verify(problem, found) == ()
    return found


def lost(problem: Problem, found: Plan) -> int:
    """What the plan's term of the objective is, in percent of one replica's time."""
    indexed = IndexedProblem(problem)
    placed = [((indexed.index[item.workload], item.index), indexed.node_index[item.node]) for item in found.placements]
    return -dict(LexicographicObjective(indexed, {}).terms(placed))["interference"]


def on_nodes(found: Plan) -> Counter[str]:
    return Counter(item.node for item in found.placements)


@pytest.mark.parametrize("strategy", WEIGHING)
def test_eight_detectors_share_a_nano_with_the_xavier_that_is_free(world: Any, strategy: str) -> None:
    nodes = [world.node("nano"), world.node("xavier", 8000, 32 * GI)]
    detectors = world.demand("detector", 8, cpu=450, sensitivity="cpu", slowdown=USUAL)
    problem = world.problem(nodes, [detectors], strategy=strategy)
    found = planned(problem)
    # The least that any split loses: 3 of them ask for as large a part of the nano as 5 of the xavier.
    assert on_nodes(found) == {"nano": 3, "xavier": 5}
    crowded = replace(problem, nodes=(nodes[0],))
    assert lost(problem, found) < lost(crowded, planned(crowded)) / 3


@pytest.mark.parametrize("strategy", WEIGHING)
@pytest.mark.parametrize("sensitivity", ["cpu", "memory", "cpu+memory", "accelerator", "cpu+accelerator"])
def test_sensitive_services_are_apart_where_each_can_have_a_node(world: Any, sensitivity: str, strategy: str) -> None:
    nodes = [world.node(f"n{number}", devices=(world.gpu(),)) for number in range(5)]
    demands = [
        world.demand(
            name,
            cpu=800,
            rss=GI // 2,
            sensitivity=sensitivity,
            slowdown=4 * USUAL,
            devices=(DeviceRequest("gpu", 2000),),
        )
        for name in "abcd"
    ]
    found = planned(world.problem(nodes, demands, strategy=strategy))
    assert set(on_nodes(found).values()) == {1}
    assert {item.slowdown for item in found.placements} == {0}


@pytest.mark.parametrize("strategy", WEIGHING)
def test_what_is_not_sensitive_keeps_away_from_what_is(world: Any, strategy: str) -> None:
    demands = [
        world.demand("detector", cpu=1000, sensitivity="cpu", slowdown=2 * USUAL),
        *(world.demand(f"other{number}", cpu=800) for number in range(4)),
    ]
    found = planned(world.problem([world.node(f"n{number}") for number in range(4)], demands, strategy=strategy))
    alone = next(item.node for item in found.placements if item.service == "detector")
    assert on_nodes(found)[alone] == 1
    if strategy not in ("worst-fit", "dot-product"):
        assert len(on_nodes(found)) == 2, "the others share one node"


@pytest.mark.parametrize("strategy", ["best-fit", "portfolio", "exact"])
def test_a_slowdown_below_a_tenth_opens_no_node(world: Any, strategy: str) -> None:
    nodes = [world.node(f"n{number}") for number in range(6)]
    small = world.demand("small", 6, cpu=100, sensitivity="cpu", slowdown=USUAL)
    found = planned(world.problem(nodes, [small], strategy=strategy))
    assert len(on_nodes(found)) == 1
    assert 0 < max(item.slowdown for item in found.placements) < 100_000


@pytest.mark.parametrize("strategy", WEIGHING)
def test_a_full_cluster_is_shared_and_all_are_placed(world: Any, strategy: str) -> None:
    nodes = [world.node(f"n{number}") for number in range(3)]
    demands = [
        world.demand(f"s{number}", 2, cpu=950, rss=GI // 4, sensitivity=sensitivity, slowdown=USUAL)
        for number, sensitivity in enumerate(("cpu", "memory", "cpu+memory", "cpu", "none", "cpu"))
    ]
    demands = [replace(demand, slowdown=demand.slowdown * (demand.sensitivity != "none")) for demand in demands]
    found = planned(world.problem(nodes, demands, strategy=strategy))
    assert len(found.placements) == 12
    assert not found.unplaced


@pytest.mark.parametrize("strategy", ["portfolio", "exact"])
def test_the_search_loses_no_more_than_any_other_split(world: Any, strategy: str) -> None:
    nodes = [world.node("n0"), world.node("n1", 6000), world.node("n2", cpu_used=1500)]
    demands = [
        world.demand("a", 2, cpu=900, sensitivity="cpu", slowdown=1_200_000),
        world.demand("b", 2, cpu=700, rss=GI, sensitivity="cpu+memory", slowdown=300_000),
        world.demand("c", 1, cpu=500, rss=2 * GI),
    ]
    problem = world.problem(nodes, demands, strategy=strategy)
    indexed = IndexedProblem(problem)
    objective = LexicographicObjective(indexed, {})
    replicas = [
        (position, index) for position, demand in enumerate(indexed.demands) for index in range(demand.replicas)
    ]
    best = max(
        dict(objective.terms(zip(replicas, split, strict=True)))["interference"]
        for split in product(range(3), repeat=len(replicas))
        if all(
            sum(
                indexed.resources[demand].cpu
                for (demand, _), there in zip(replicas, split, strict=True)
                if there == node
            )
            <= supply.cpu - supply.cpu_used
            and sum(
                indexed.resources[demand].rss
                for (demand, _), there in zip(replicas, split, strict=True)
                if there == node
            )
            <= supply.rss
            for node, supply in enumerate(indexed.nodes)
        )
    )
    assert lost(problem, planned(problem)) == -best


def test_what_others_use_of_a_node_slows_a_service_down(world: Any) -> None:
    nodes = [world.node("a", cpu_used=2000), world.node("b", 8000)]
    found = planned(world.problem(nodes, [world.demand("d", cpu=500, sensitivity="cpu", slowdown=USUAL)]))
    assert [(item.node, item.slowdown) for item in found.placements] == [("b", 0)]
    only = planned(world.problem(nodes[:1], [world.demand("d", cpu=500, sensitivity="cpu", slowdown=USUAL)]))
    assert [item.slowdown for item in only.placements] == [USUAL // 2]


def test_an_objective_that_names_interference_after_nodes_shares_them(world: Any) -> None:
    problem = world.problem(
        [world.node("n1"), world.node("n2")],
        [world.demand("d", 2, cpu=1000, sensitivity="cpu", slowdown=USUAL)],
        strategy="portfolio",
        objective=("placed", "stable", "nodes", "interference"),
    )
    assert len(on_nodes(planned(problem))) == 1


def test_standing_replicas_do_not_move_for_less_interference(world: Any) -> None:
    demand = world.demand("d", 4, cpu=900, sensitivity="cpu", slowdown=USUAL)
    small = world.problem([world.node("n1")], [demand], strategy="portfolio")
    before = planned(small)
    larger = replace(small, nodes=(*small.nodes, world.node("n2")))
    after = planned(larger, before)
    assert on_nodes(after) == {"n1": 4}
    moved = replace(larger, settings=replace(larger.settings, objective=("placed", "interference", "stable")))
    gained = planned(moved, before)
    assert on_nodes(gained) == {"n1": 2, "n2": 2}
    assert gained.gain is not None
    assert (gained.gain.term, gained.gain.moves) == ("interference", 2)
    assert gained.gain.before > gained.gain.after
    defragmented = planned(defragmenting(larger, NO_PLUGINS)[0], planned(larger))
    assert defragmented.gain is None, "spread replicas are not put together"


@pytest.mark.parametrize("example", ["bts", "cctvs", "digits", "kpi"])
def test_every_sensitive_service_of_an_example_states_how_its_neighbours_slow_it_down(example: str) -> None:
    planfile = make_plan(EXAMPLES / example).planfile
    problem, found = planfile.problem, planfile.plan
    sensitive = {demand.workload: demand for demand in problem.demands if demand.sensitivity != "none"}
    assert sensitive
    assert all(demand.slowdown > 0 for demand in sensitive.values()), "measured, or assumed"
    assert verify(problem, found) == ()
    assert all(not item.slowdown for item in found.placements if item.workload not in sensitive)
    assert all(item.slowdown <= sensitive[item.workload].slowdown for item in found.placements if item.slowdown)
    best_fit = replace(problem, settings=replace(problem.settings, strategy="best-fit"))
    assert lost(problem, found) <= lost(best_fit, planned(best_fit))
    together = replace(problem, settings=replace(problem.settings, strategy="first-fit"))
    assert lost(best_fit, planned(best_fit)) <= lost(together, planned(together))


@pytest.mark.parametrize("seed", range(6))
def test_arrays_keep_sensitive_services_apart_as_single_nodes_do(world: Any, seed: int) -> None:
    nodes = [world.node(f"n{number}", (4 + number % 3) * 1000, cpu_used=500 * (number % 2)) for number in range(12)]
    demands = [
        world.demand(
            f"s{number}", 1 + (number + seed) % 3, cpu=300 + 110 * ((number * 7 + seed) % 5), rss=GI // 8,
            sensitivity=("cpu", "none", "memory", "cpu+memory")[(number + seed) % 4],
            slowdown=(USUAL, 0, 900_000, 200_000)[(number + seed) % 4],
        )
        for number in range(9)
    ]  # fmt: skip
    found = []
    for limit, in_batches in ((0, True), (10**9, True), (0, False), (10**9, False)):
        indexed = IndexedProblem(world.problem(nodes, demands))
        construction = Construction(indexed, "best-fit", scalar_limit=limit, in_batches=in_batches)
        construction.run(service_order(indexed), {})
        found.append((construction.decisions, construction.unplaced, construction.refusals))
    assert found[0] == found[1] == found[2] == found[3]


def test_a_search_says_how_much_slower_sensitive_services_would_be_elsewhere(world: Any) -> None:
    nodes = [world.node("nano"), world.node("xavier", 8000, 32 * GI)]
    demands = [world.demand("detector", 8, cpu=450, sensitivity="cpu", slowdown=USUAL), world.demand("o", 2, cpu=600)]
    problem = world.problem(nodes, demands, strategy="portfolio")
    found = planned(problem)
    reasons = {item.reason for item in found.placements if item.service == "detector" and item.node == "nano"}
    assert reasons == {
        "here because moving it to xavier would slow sensitive services down by 6 % more of one replica's time"
    }
    altered = tuple(structs.replace(item, reason=item.reason.replace("by 6 %", "by 7 %")) for item in found.placements)
    assert {fault.rule for fault in verify(problem, replace(found, placements=altered))} == {"reasons"}
