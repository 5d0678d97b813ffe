"""Claims about strategies: what fragmentation, the search and the solver choose, and whom a pass gives way to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from drawing import generator

from rohe_iac.planning.model.demand import AffinityRule, DeviceRequest, Edge, SpreadRule
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Device, Wire
from rohe_iac.planning.placement.scoring.fragmentation import FINE, MAX_KINDS, ExpectedReplicas, Fragmentation, sampled
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.questions.analysis.node_survey import surveys_of
from rohe_iac.planning.solvers.local_search.packing.min_bin_slack import MinBinSlack
from rohe_iac.planning.solvers.local_search.packing.node_load import NodeLoads
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

HALF, WHOLE = ExpectedReplicas(5000, 0, (), 1000, 100, 1), ExpectedReplicas(0, 1, (), 1000, 100, 1)
"""A share of a half and a whole device, each with a core and 100 KiB."""


def expected(*kinds: ExpectedReplicas, devices: int = 1) -> Fragmentation:
    offers = [tuple(Device(f"GPU{number}", "gpu", "", False, 10_000) for number in range(devices))]
    return Fragmentation(kinds, offers, "gpu")


def test_pieces_that_no_expected_replica_fits_are_worth_nothing() -> None:
    fragments = expected(HALF, WHOLE)
    worth = [fragments.usable(0, 4000, 1000, (free,)) for free in (0, 4900, 5000, 9900, 10_000)]
    assert worth[0] == worth[1] == 0
    assert worth[1] < worth[2] == worth[3] < worth[4] <= 10_000 * FINE


def test_a_piece_that_rare_replicas_fit_is_worth_less_than_one_that_many_do() -> None:
    rare, often = replace(HALF, weight=1), replace(HALF, weight=1000)
    kinds = (replace(rare, share=2000), often)
    small = expected(*kinds).usable(0, 4000, 1000, (2000,)) / 2000
    large = expected(*kinds).usable(0, 4000, 1000, (5000,)) / 5000
    assert small < large / 10


def test_no_more_of_a_node_is_used_than_its_cpu_and_its_memory_serve() -> None:
    fragments = expected(WHOLE, devices=4)
    idle = (10_000,) * 4
    assert fragments.usable(0, 4000, 1000, idle) == fragments.usable(0, 8000, 1000, idle)
    assert fragments.usable(0, 2000, 1000, idle) == fragments.usable(0, 8000, 200, idle) == 20_000 * FINE
    assert fragments.usable(0, 900, 1000, idle) == 0


def test_a_model_that_nobody_asks_for_is_worth_nothing_to_those_who_name_another() -> None:
    fragments = expected(replace(WHOLE, models=("a100",)))
    assert fragments.usable(0, 4000, 1000, (10_000,)) == 0


def test_many_kinds_are_stood_for_by_some_that_lie_evenly_among_the_replicas() -> None:
    kinds = [replace(HALF, share=100 + number, weight=1 + number % 3) for number in range(1000)]
    chosen = sampled(kinds)
    assert sum(kind.weight for kind in chosen) == len(chosen) == MAX_KINDS
    mean = sum(kind.share * kind.weight for kind in kinds) / sum(kind.weight for kind in kinds)
    assert abs(sum(kind.share for kind in chosen) / MAX_KINDS - mean) < 10
    assert sampled(kinds[:20]) == tuple(kinds[:20])


def test_replicas_that_bring_no_accelerator_leave_the_cpu_that_accelerators_need(world: Any) -> None:
    nodes = [
        world.node("n1", cpu=8000, devices=(world.gpu(), world.gpu())),
        world.node("n2", cpu=16_000, devices=(world.gpu(),)),
    ]
    demands = [
        world.demand("plain", 1, cpu=6000, priority=1),
        world.demand("whole", 3, cpu=4000, devices=(DeviceRequest("gpu", count=1),)),
    ]
    result = plan(world.problem(nodes, demands, strategy="fragmentation"))
    assert not result.unplaced


def test_fragmentation_keeps_whole_devices_for_those_who_need_them(world: Any) -> None:
    nodes = [
        world.node("n1", cpu=8000, devices=(world.gpu(),)),
        world.node("n2", cpu=8000, devices=(world.gpu(used=6000),)),
    ]
    demands = [
        world.demand("share", 1, cpu=1000, devices=world.gpu_share(4000), priority=1),
        world.demand("whole", 1, cpu=1000, devices=(DeviceRequest("gpu", count=1),)),
    ]
    result = plan(world.problem(nodes, demands, strategy="fragmentation"))
    assert {item.service: item.node for item in result.placements} == {"share": "n2", "whole": "n1"}


def test_nodes_are_filled_with_those_that_leave_the_least_over_and_not_with_the_largest(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=1000) for number in range(2)]
    demands = [world.demand("large", 1, cpu=600), world.demand("half", 2, cpu=500), world.demand("rest", 1, cpu=400)]
    indexed = IndexedProblem(world.problem(nodes, demands))
    _, content = next(MinBinSlack(indexed, NodeLoads(indexed, Ledger(indexed)), [[0, 1]] * 3, [True] * 3).starts())
    names = [sorted(indexed.demands[part[0]].service for part in parts) for parts in content]
    assert sorted(names) == [["half", "half"], ["large", "rest"]]


def test_who_is_bound_by_more_than_amounts_is_left_to_the_search(world: Any) -> None:
    indexed = IndexedProblem(
        world.problem([world.node("n1")], [world.demand("a", 2, cpu=100), world.demand("b", 2, cpu=100)])
    )
    for _, content in MinBinSlack(indexed, NodeLoads(indexed, Ledger(indexed)), [[0], [0]], [True, False]).starts():
        assert {indexed.demands[part[0]].service for part in content[0]} == {"a"}


def test_the_dot_product_takes_the_node_with_room_where_the_replica_is_large(world: Any) -> None:
    nodes = [world.node("cpu", cpu_used=0, rss_used=3 * 2**30), world.node("memory", cpu_used=3000)]
    result = plan(world.problem(nodes, [world.demand("d", cpu=900, rss=2**20)], strategy="dot-product"))
    assert result.placements[0].node == "cpu"


def test_best_fit_leaves_the_least_of_cpu_and_accelerators_where_nodes_have_some(world: Any) -> None:
    """A node is small or large beside the others, not by itself; memory, which is not scarce, decides nothing."""
    gpus = [world.gpu(f"GPU{number}") for number in range(4)]
    small, large = world.node("small", cpu=4000, devices=(gpus[0],)), world.node("large", cpu=32_000, devices=gpus)
    fuller = replace(large, name="fuller", cpu_used=24_000)
    one = world.demand("one", cpu=1000, devices=world.gpu_share(5000))
    none = world.demand("none", cpu=1000)
    assert {
        demand.service: plan(world.problem([large, small, fuller], [demand])).placements[0].node
        for demand in (one, none)
    } == {"one": "small", "none": "small"}
    shared = replace(small, cpu=8000, rss_used=3 * 2**30, devices=(replace(gpus[0], used=2000),), name="z")
    assert plan(world.problem([replace(small, cpu=8000), shared], [one])).placements[0].node == "z"


@pytest.mark.parametrize("seed", range(8))
def test_among_accelerators_the_least_is_left_as_the_published_best_fit_rates_it(world: Any, seed: int) -> None:
    """Half the cpu left over the most that a node has, and half the devices left over the most that a node has."""
    draw = generator(seed)
    nodes = []
    for number in range(12):
        cpu, devices = draw.choice((32_000, 64_000, 96_000)), draw.choice((1, 2, 4, 8))
        gpus = tuple(world.gpu(f"GPU{one}", used=draw.choice((0, 2500, 7000))) for one in range(devices))
        nodes.append(world.node(f"n{number:02d}", cpu, 2**38, cpu_used=draw.randrange(0, cpu // 2, 500), devices=gpus))
    share = draw.choice((1500, 3000))
    demand = world.demand("d", cpu=draw.choice((2000, 8000)), rss=2**30, devices=world.gpu_share(share))
    largest = max(node.cpu for node in nodes), max(len(node.devices) for node in nodes) * 10_000
    left = {
        node.name: (node.cpu - node.cpu_used - demand.resources.cpu) / largest[0]
        + (sum(gpu.capacity - gpu.used for gpu in node.devices) - share) / largest[1]
        for node in nodes
        if any(gpu.capacity - gpu.used >= share for gpu in node.devices)
    }
    assert plan(world.problem(nodes, [demand])).placements[0].node == min(left, key=left.__getitem__)


def test_memory_decides_beside_accelerators_where_it_is_as_scarce_or_weighs_more(world: Any) -> None:
    nodes = [world.node("n1", devices=(world.gpu(),)), world.node("n2", rss_used=2**30, devices=(world.gpu(),))]
    scarce = world.demand("d", cpu=100, rss=2**30)
    light = world.demand("d", cpu=100, rss=2**20, devices=world.gpu_share(5000))
    for demand, node, settings in (
        (scarce, "n2", {}),
        (light, "n1", {}),
        (light, "n2", {"memory_weight": 2048}),
        (replace(light, sensitivity="memory"), "n2", {}),
    ):
        assert plan(world.problem(nodes, [demand], **settings)).placements[0].node == node


def test_the_dot_product_opens_a_node_only_when_no_open_one_fits(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=1000) for number in range(4)]
    demands = [world.demand(name, cpu=cpu) for name, cpu in (("a", 600), ("b", 500), ("c", 500), ("d", 400))]
    result = plan(world.problem(nodes, demands, strategy="dot-product"))
    assert {item.service: item.node for item in result.placements} == {"a": "n0", "b": "n1", "c": "n1", "d": "n0"}


@pytest.mark.parametrize("strategy", ["portfolio", "exact"])
def test_search_and_proof_find_what_one_pass_does_not(world: Any, strategy: str) -> None:
    if strategy == "exact":
        pytest.importorskip("ortools")
    nodes = [world.node(f"n{i}", cpu=2000, devices=(world.gpu(),) if i == 0 else ()) for i in range(4)]
    demands = [
        world.demand("wide", 2, cpu=500, cores=(600, 600)),
        world.demand("single", 3, cpu=400, cores=(400,)),
        world.demand("gpu", 2, cpu=100, devices=world.gpu_share(5000)),
        world.demand("apart", 2, cpu=100, avoid=(AffinityRule(("service/p:apart",), "node"),)),
        world.demand("spread", 2, cpu=100, spread=(SpreadRule("node", 2),)),
    ]
    problem = world.problem(nodes, demands, strategy=strategy, objective=("placed", "nodes"))
    result = plan(problem)
    assert verify(problem, result) == ()
    assert (len(result.unplaced), result.bound.nodes_used) == (0, 2)
    assert result.bound.proven


def test_exact_deals_cores_out_so_that_no_replica_has_two_chunks_on_one_core(world: Any) -> None:
    pytest.importorskip("ortools")
    node = world.node("n1", cpu=4000)
    demands = [world.demand("a", 3, cores=(500, 300)), world.demand("b", 2, cores=(400, 200, 100))]
    problem = world.problem([node], demands, strategy="exact", objective=("placed", "nodes"))
    result = plan(problem)
    assert verify(problem, result) == ()
    assert not result.unplaced


def crossed(world: Any) -> dict[str, Problem]:
    """Problems in which the node that is best for who comes first leaves another without a place."""
    small, large = world.node("n1", cpu=4000), world.node("n2", cpu=5000)
    lead, tail = ("service/p:lead",), ("service/p:tail",)
    zones = [world.node(f"n{i}", cpu=1000, labels=(("zone", zone),)) for i, zone in enumerate("abb")]
    marked = world.node("n1", labels=(("disk", "fast"),))
    return {
        "near": world.problem(
            [small, large],
            [world.demand("lead", cpu=3000), world.demand("tail", cpu=2000, near=(AffinityRule(lead, "node"),))],
        ),
        "each other": world.problem(
            [small, large],
            [
                world.demand("lead", cpu=3000, near=(AffinityRule(tail, "node"),)),
                world.demand("tail", cpu=2000, near=(AffinityRule(lead, "node"),)),
            ],
        ),
        "avoid": world.problem(
            [marked, large],
            [
                world.demand("lead", avoid=(AffinityRule(tail, "node"),), cpu=10),
                world.demand("tail", selector=(("disk", "fast"),)),
            ],
        ),
        "latency": world.problem(
            zones,
            [world.demand("lead", cpu=1000), world.demand("tail", cpu=1000)],
            wires=[Wire("far", ("zone/a", "zone/b"), 9000)],
            edges=[Edge("service/p:lead", "service/p:tail", latency=1000)],
        ),
        "capacity": world.problem(
            [world.node("n1", cpu=6000), world.node("n2", cpu=4000)],
            [world.demand("lead", 2, cpu=3000), world.demand("tail", 2, cpu=2000)],
        ),
    }


@pytest.mark.parametrize("strategy", ["first-fit", "best-fit", "worst-fit", "dot-product"])
@pytest.mark.parametrize("why", ["near", "each other", "avoid", "latency", "capacity"])
def test_who_comes_first_takes_no_place_that_another_needs(world: Any, why: str, strategy: str) -> None:
    problem = crossed(world)[why]
    problem = replace(problem, settings=replace(problem.settings, strategy=strategy))
    result = plan(problem)
    assert verify(problem, result) == ()
    assert not result.unplaced
    assert plan(replace(problem, settings=replace(problem.settings, max_moves=0))) == result


def test_who_is_served_first_gives_way_but_not_up_its_place(world: Any) -> None:
    """Else many small ones of the second lane would take the place of a large one of the first."""
    fast = world.demand("fast", cpu=2000, sensitivity="cpu")
    slow = world.demand("slow", 3, cpu=1000)
    for nodes, placed in (([2000], {"fast"}), ([3000, 2000], {"fast", "slow"})):
        supplies = [world.node(f"n{number}", cpu=cpu) for number, cpu in enumerate(nodes)]
        result = plan(world.problem(supplies, [fast, slow], queue_priority="cpu"))
        assert {item.service for item in result.placements} == placed
        again = plan(world.problem(supplies, [fast, slow], queue_priority="cpu"), result)
        assert [(item.replica, item.node) for item in again.placements] == [
            (item.replica, item.node) for item in result.placements
        ]
    urgent = replace(slow, priority=1)
    after = plan(world.problem([world.node("n0", cpu=2000)], [fast, urgent]), plan(world.problem(supplies[:1], [fast])))
    assert {item.service for item in after.placements} == {"slow"}
    most = plan(world.problem([world.node("n1", cpu=2000)], [fast, slow], queue_priority="cpu", strategy="portfolio"))
    assert [item.service for item in most.placements] == ["slow", "slow"]


def test_a_pass_stands_where_a_search_places_no_more(world: Any) -> None:
    problem = crossed(world)["latency"]
    alone = replace(problem, nodes=problem.nodes[:2])
    result = plan(alone)
    assert [item.replica for item in result.unplaced] == ["replica/p:tail/0"]
    assert result.placements == plan(replace(alone, settings=replace(alone.settings, iterations=0))).placements
    assert plan(replace(problem, settings=replace(problem.settings, iterations=0))).unplaced


def test_what_a_search_says_of_services_near_each_other_counts_every_node_once(world: Any) -> None:
    demands = [
        world.demand(name, cpu=500, near=(AffinityRule((f"service/p:{other}",), "node"),))
        for name, other in ("ab", "ba")
    ]
    nodes = [world.node("n0"), world.node("n1"), world.node("small", cpu=100)]
    problem = world.problem(nodes, demands, strategy="portfolio", iterations=20)
    found = plan(problem)
    rules = {
        item.reason: dict(refusals.by_rule) for item, refusals in zip(found.placements, found.refusals, strict=True)
    }
    assert rules == {
        "no other node can take it beside the other replicas": {"cpu": 1},
        "the only suitable node": {"cpu": 1, "near": 1},
    }
    for survey, refusals in zip(surveys_of(problem, found, found.placements), found.refusals, strict=True):
        assert dict(survey.by_rule) == dict(refusals.by_rule)
