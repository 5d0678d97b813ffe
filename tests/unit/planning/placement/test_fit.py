"""What fits where: each rule refuses and accepts whole plans, and a ledger takes and gives back exactly."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule, DeviceRequest, Edge, PortRequest, SpreadRule, TolerationRule
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import NodeTaint, Wire
from rohe_iac.planning.placement.state.core_assignment import tightest_cores
from rohe_iac.planning.placement.state.core_packing import pack_cores
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify


def planned(problem: Problem, previous: Plan | None = None) -> Plan:
    result = plan(problem, previous)
    assert verify(problem, result) == ()
    return result


def where(result: Plan) -> dict[str, str]:
    return {item.replica.removeprefix("replica/p:"): item.node for item in result.placements}


def rules(result: Plan, workload: str) -> dict[str, int]:
    return next(dict(item.by_rule) for item in result.refusals if item.workload == f"service/p:{workload}")


def test_an_exact_fit_of_an_accelerator_is_accepted(world: Any) -> None:
    node = world.node("n1", devices=(world.gpu(),))
    result = planned(world.problem([node], [world.demand("d", devices=world.gpu_share(10_000))]))
    assert where(result) == {"d/0": "n1"}
    assert result.placements[0].devices[0].amount == 10_000


def test_a_request_of_more_cores_than_a_node_has_is_refused(world: Any) -> None:
    result = planned(world.problem([world.node("n1", cpu=2000)], [world.demand("d", cores=(10, 10, 10))]))
    assert rules(result, "d") == {"cores": 1}
    assert "needs 3 distinct cores, the node has 2" in result.unplaced[0].closest[0].missing


@pytest.mark.parametrize(("strategy", "node"), [("best-fit", "n2"), ("worst-fit", "n1"), ("first-fit", "n1")])
def test_best_and_worst_fit_are_not_swapped(world: Any, strategy: str, node: str) -> None:
    nodes = [world.node("n1", cpu_used=1000), world.node("n2", cpu_used=2000)]
    result = planned(world.problem(nodes, [world.demand("d", cpu=1000)], strategy=strategy))
    assert where(result) == {"d/0": node}


def test_a_service_without_accelerators_fits_a_node_without_any(world: Any) -> None:
    assert where(planned(world.problem([world.node("n1")], [world.demand("d", cpu=100)]))) == {"d/0": "n1"}


def test_scaling_down_frees_what_scaling_up_took_bit_for_bit(world: Any) -> None:
    node = world.node("n1", cpu=8000, devices=(world.gpu(),))
    demand = world.demand(
        "d", 5, cpu=331, rss=57 * 2**20, cores=(420, 20), vms=5, devices=world.gpu_share(1500),
        ports=(PortRequest("http", 8080),), spread=(SpreadRule("node", 9),),
    )  # fmt: skip
    indexed = IndexedProblem(world.problem([node], [demand], ports=(42000, 42010)))
    ledger, fresh = Ledger(indexed), Ledger(indexed)
    grants: list[Any] = []
    for target in (3, 2, 5, 0):
        while len(grants) < target:
            grants.append(ledger.take(0, 0))
        while len(grants) > target:
            ledger.release(grants.pop(0 if target == 2 else -1))
    for name in ("cpu", "rss", "vms", "cores", "sorted_cores", "devices", "replicas_on", "placed", "counts", "ports"):
        assert getattr(ledger, name) == getattr(fresh, name), name
    assert (ledger.numbers, ledger.bandwidth) == (fresh.numbers, fresh.bandwidth)


def test_cores_fit_exactly_when_the_request_is_dominated(world: Any) -> None:
    node = world.node("big-little", cores=(2000, 2000, 500, 500))
    fits = planned(world.problem([node], [world.demand("d", cores=(1800, 500, 500, 400))]))
    assert [(use.core, use.amount) for use in fits.placements[0].cores] == [(0, 1800), (2, 500), (3, 500), (1, 400)]
    refused = planned(world.problem([node], [world.demand("d", cores=(600, 600, 600))]))
    assert "needs 1800m on 3 distinct cores, 100m of it does not fit" in refused.unplaced[0].closest[0].missing


def test_a_chunk_goes_to_the_tightest_core_that_holds_it() -> None:
    assert tightest_cores([1000, 400, 300], (300, 100)) == ((2, 300), (1, 100))


def test_vms_is_checked_with_overcommit_only_where_both_sides_name_it(world: Any) -> None:
    demand = world.demand("d", 3, vms=500)
    tight = world.node("n1", vms=1000)
    assert len(planned(world.problem([tight], [demand])).placements) == 2
    assert len(planned(world.problem([tight], [demand], vms_ratio=1_500_000)).placements) == 3
    assert len(planned(world.problem([world.node("n1")], [demand])).placements) == 3


def test_a_share_fits_in_one_device_and_a_count_takes_idle_ones_of_the_models(world: Any) -> None:
    halves = world.node("n1", devices=(world.gpu("GPU0", used=6000), world.gpu("GPU1", used=6000)))
    refused = planned(world.problem([halves], [world.demand("d", devices=world.gpu_share(5000))]))
    assert "needs 50% gpu in one device, 10% of it does not fit" in refused.unplaced[0].closest[0].missing
    models = world.node("n1", devices=(world.gpu("GPU0", model="T4"), world.gpu("GPU1", model="V100")))
    asked = (DeviceRequest("gpu", count=1, models=("V100",)),)
    taken = planned(world.problem([models], [world.demand("d", 2, devices=asked)]))
    assert [item.devices[0].device for item in taken.placements] == ["GPU1"]
    assert len(taken.unplaced) == 1


def test_an_exclusive_device_is_given_out_whole(world: Any) -> None:
    node = world.node("n1", devices=(world.gpu(exclusive=True),))
    result = planned(world.problem([node], [world.demand("d", 2, devices=world.gpu_share(1000))]))
    assert [item.devices[0].amount for item in result.placements] == [10_000]


def test_several_types_are_all_required(world: Any) -> None:
    asked = (DeviceRequest("gpu", share=100), DeviceRequest("tpu", count=1))
    result = planned(world.problem([world.node("n1", devices=(world.gpu(),))], [world.demand("d", devices=asked)]))
    assert rules(result, "d") == {"accelerators": 1}


def test_status_labels_taints_and_architecture_refuse_by_name(world: Any) -> None:
    nodes = [
        world.node("n1", status="down"),
        world.node("n2"),
        world.node("n3", labels=(("zone", "a"),), taints=(NodeTaint("lan"),)),
        world.node("n4", labels=(("zone", "a"),), arch="amd64"),
    ]
    demand = world.demand("d", selector=(("zone", "a"),), arch=("arm64",))
    assert rules(planned(world.problem(nodes, [demand])), "d") == {
        "status": 1, "labels": 1, "taints": 1, "architecture": 1,
    }  # fmt: skip
    tolerant = world.demand("d", selector=(("zone", "a"),), tolerations=(TolerationRule("lan", "Exists"),))
    assert where(planned(world.problem(nodes[:3], [tolerant]))) == {"d/0": "n3"}


def test_a_cordoned_node_keeps_what_it_has_and_takes_nothing_new(world: Any) -> None:
    demand = world.demand("d", 1, cpu=100)
    before = planned(world.problem([world.node("n1")], [demand]))
    problem = world.problem([world.node("n1", status="cordoned"), world.node("n2")], [world.demand("d", 2, cpu=100)])
    assert where(planned(problem, before)) == {"d/0": "n1", "d/1": "n2"}


def test_spread_holds_by_node_and_by_label_and_nodes_without_the_label_are_not_eligible(world: Any) -> None:
    nodes = [world.node(f"n{i}", labels=(("zone", "ab"[i % 2]),)) for i in range(4)] + [world.node("n9")]
    by_zone = planned(world.problem(nodes, [world.demand("d", 3, spread=(SpreadRule("zone", 1),))]))
    assert len(by_zone.placements) == 2
    assert rules(by_zone, "d") == {"spread": 5}
    by_node = planned(world.problem(nodes, [world.demand("d", 6, spread=(SpreadRule("node", 1),))]))
    assert sorted(where(by_node).values()) == ["n0", "n1", "n2", "n3", "n9"]


def test_avoid_works_both_ways_and_near_waits_for_the_other(world: Any) -> None:
    nodes = [world.node(f"n{i}", labels=(("zone", "ab"[i % 2]),)) for i in range(4)]
    loner = world.demand("loner", cpu=10, avoid=(AffinityRule(("service/p:big",), "node"),))
    follower = world.demand("follower", 2, cpu=4000, near=(AffinityRule(("service/p:big",), "zone"),))
    got = where(planned(world.problem(nodes, [loner, follower, world.demand("big", cpu=100)])))
    assert got["loner/0"] != got["big/0"]
    zones = {node.name: dict(node.labels)["zone"] for node in nodes}
    assert zones[got["follower/0"]] == zones[got["big/0"]]


@pytest.mark.parametrize("strategy", ["best-fit", "worst-fit", "dot-product", "fragmentation"])
def test_a_wish_counts_more_than_how_full_or_open_a_node_is_whoever_comes_first(world: Any, strategy: str) -> None:
    nodes = [world.node("n1", devices=(world.gpu(),)), world.node("n2", devices=(world.gpu(),))]
    there, plain = AffinityRule(("service/p:b",), "node", False), world.demand("b", cpu=1000)
    for names in (("a", "b"), ("b", "a")):
        other = replace(plain, workload=f"service/p:{names[1]}", replica=f"replica/p:{names[1]}")
        wish = replace(there, workloads=(other.workload,))
        near = planned(world.problem(nodes, [world.demand(names[0], cpu=1000, near=(wish,)), other], strategy=strategy))
        assert len(set(where(near).values())) == 1
        apart = [world.demand(names[0], cpu=1000, avoid=(wish,)), other]
        assert len(set(where(planned(world.problem(nodes, apart, strategy=strategy))).values())) == 2
        crowded = planned(world.problem(nodes[:1], apart, strategy=strategy))
        assert len(crowded.placements) == 2
    for replicas, used in ((2, ["n1", "n2"]), (3, ["n1", "n1", "n2"])):
        wishing = replace(plain, replicas=replicas, avoid=(there,))
        assert sorted(where(planned(world.problem(nodes, [wishing], strategy=strategy))).values()) == used


def test_a_search_weighs_wishes_before_nodes_and_balance(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=2000) for number in range(4)]
    wish = (AffinityRule(("service/p:b",), "node", False),)
    # Two of four fill a node, so that two nodes are used whoever is beside whom.
    others = [world.demand(name, cpu=1000) for name in "bcd"]
    for objective in (("placed",), ("placed", "nodes"), ("placed", "balance")):
        search = {"strategy": "portfolio", "objective": objective}
        near = where(planned(world.problem(nodes, [world.demand("a", cpu=1000, near=wish), *others], **search)))
        apart = where(planned(world.problem(nodes, [world.demand("a", cpu=1000, avoid=wish), *others], **search)))
        assert near["a/0"] == near["b/0"]
        assert apart["a/0"] != apart["b/0"]
        assert "nodes" not in objective or len(set(near.values())) == len(set(apart.values())) == 2


def test_a_service_that_wishes_to_be_near_another_waits_for_it_unless_it_is_more_important(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2", labels=(("disk", "fast"),))]
    lead = world.demand("lead", cpu=100, selector=(("disk", "fast"),))
    for priority, node in ((0, "n2"), (1, "n1")):
        wish = (AffinityRule(("service/p:lead",), "node", False),)
        got = where(planned(world.problem(nodes, [world.demand("a", cpu=900, near=wish, priority=priority), lead])))
        assert got == {"a/0": node, "lead/0": "n2"}


def test_a_chain_of_neighbours_may_be_as_long_as_the_blueprint(world: Any) -> None:
    names = [f"d{number:04}" for number in range(1500)]
    chain = [world.demand(a, near=(AffinityRule((f"service/p:{b}",), "node"),)) for a, b in pairwise(names)]
    queue = service_order(IndexedProblem(world.problem([world.node("n1")], [*chain, world.demand(names[-1])])))
    assert queue == list(reversed(range(len(names))))


@pytest.mark.parametrize("strategy", ["best-fit", "worst-fit", "dot-product", "fragmentation"])
def test_a_node_with_a_taint_that_is_preferred_not_to_be_used_is_left_for_an_empty_one(
    world: Any, strategy: str
) -> None:
    nodes = [world.node("n1", taints=(NodeTaint("old", "", "PreferNoSchedule"),)), world.node("n2")]
    tolerant = world.demand("a", cpu=1000, tolerations=(TolerationRule("old", "Exists"),), priority=1)
    got = where(planned(world.problem(nodes, [tolerant, world.demand("b", cpu=100)], strategy=strategy)))
    assert got == {"a/0": "n1", "b/0": "n2"}
    assert where(planned(world.problem(nodes[:1], [world.demand("b", cpu=100)], strategy=strategy))) == {"b/0": "n1"}


def test_services_near_each_other_end_together_or_not_at_all(world: Any) -> None:
    nodes = [world.node("n1", cpu=1000), world.node("n2", cpu=1000)]
    a = world.demand("a", cpu=900, near=(AffinityRule(("service/p:b",), "node"),))
    b = world.demand("b", cpu=100, near=(AffinityRule(("service/p:a",), "node"),))
    assert where(planned(world.problem(nodes, [a, b]))) == {"a/0": "n1", "b/0": "n1"}
    big = world.demand("b", cpu=200, near=(AffinityRule(("service/p:a",), "node"),))
    assert where(planned(world.problem(nodes, [a, big]))) == {}


def test_host_ports_clash_on_a_node_and_everywhere_on_one_machine(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2")]
    demand = world.demand("d", 2, ports=(PortRequest("http", 8080),))
    assert where(planned(world.problem(nodes, [demand]))) == {"d/0": "n1", "d/1": "n2"}
    local = planned(world.problem(nodes, [demand], one_machine=True, ports=(42000, 42099)))
    assert (len(local.placements), rules(local, "d")) == (1, {"ports": 2})


def test_latency_and_bandwidth_of_links_hold_along_the_flow(world: Any) -> None:
    nodes = [world.node("a1", cpu=1000, labels=(("zone", "a"),)), world.node("b1", labels=(("zone", "b"),))]
    wire = Wire("backhaul", ("zone/a", "zone/b"), latency=8000, bandwidth=10_000)
    pinned = world.demand("x", cpu=1000, selector=(("zone", "a"),))
    other = world.demand("y", cpu=500)

    def result(**edge: int) -> Plan:
        edges = [Edge("service/p:x", "service/p:y", **edge)]
        return planned(world.problem(nodes, [pinned, other], wires=[wire], edges=edges))

    assert where(result(latency=8000, bandwidth=10_000)) == {"x/0": "a1", "y/0": "b1"}
    assert rules(result(latency=7999), "y") == {"cpu": 1, "latency": 1}
    assert rules(result(bandwidth=10_001), "y") == {"cpu": 1, "bandwidth": 1}


def test_nodes_without_a_declared_link_are_not_connected_once_any_link_is_declared(world: Any) -> None:
    nodes = [world.node("a1", cpu=1000, labels=(("zone", "a"),)), world.node("b1", labels=(("zone", "b"),))]
    edges = [Edge("service/p:x", "service/p:y")]
    demands = [world.demand("x", cpu=1000, selector=(("zone", "a"),)), world.demand("y", cpu=500)]
    free = planned(world.problem(nodes, demands, edges=edges))
    assert len(free.placements) == 2
    wire = Wire("elsewhere", ("zone/a", "zone/c"))
    closed = planned(world.problem(nodes, demands, wires=[wire], edges=edges))
    assert "latency: no link to service/p:x on a1" in [item.missing for item in closed.unplaced[0].closest]


def test_a_route_is_the_same_there_and_back(world: Any) -> None:
    nodes = [world.node("n1", labels=(("zone", "a"),)), world.node("n2", labels=(("zone", "b"),))]
    wires = [Wire("fast", ("node/n1", "zone/b"), 1000), Wire("slow", ("zone/a", "node/n2"), 9000)]
    demands = [world.demand("d", 1, cpu=3000), world.demand("e", 1, cpu=3000)]
    for source, sink in (("d", "e"), ("e", "d")):
        edges = [Edge(f"service/p:{source}", f"service/p:{sink}", latency=5000)]
        problem = world.problem(nodes, demands, wires=wires, edges=edges)
        found = plan(problem)
        assert not found.unplaced
        assert verify(problem, found) == ()


def test_nodes_of_a_zone_reach_each_other_at_once_unless_a_link_says_otherwise(world: Any) -> None:
    nodes = [world.node(name, labels=(("zone", zone),)) for name, zone in (("n1", "a"), ("n2", "a"), ("n3", "b"))]
    nodes.append(world.node("n4"))
    demands = [world.demand("d", cpu=3000, selector=(("zone", "a"),)), world.demand("e", cpu=3000)]
    edges = [Edge("service/p:d", "service/p:e", latency=1000)]
    elsewhere = Wire("elsewhere", ("zone/a", "zone/None"), 9000)
    for wires, placed in (
        ([elsewhere], {"d/0", "e/0"}),
        ([elsewhere, Wire("within", ("zone/a", "zone/a"), 1000)], {"d/0", "e/0"}),
        ([elsewhere, Wire("within", ("zone/a", "zone/a"), 1001)], {"d/0"}),
        # A node without a zone is in none, even in one of that name.
        ([Wire("quick", ("zone/a", "zone/None"), 1), Wire("within", ("zone/a", "zone/a"), 1001)], {"d/0"}),
    ):
        assert set(where(planned(world.problem(nodes, demands, wires=wires, edges=edges)))) == placed


def test_a_replica_is_not_near_itself_once_its_neighbours_have_left(world: Any) -> None:
    zones = {"a1": "a", "b1": "b", "b2": "b"}
    nodes = [world.node(name, labels=(("zone", zone),)) for name, zone in zones.items()]
    group = ("service/p:lead", "service/p:tail")
    demands = [
        world.demand("lead", 1, cpu=500, near=(AffinityRule(group, "zone"),)),
        world.demand("tail", 1, cpu=3800, selector=(("disk", "fast"),)),
    ]
    fast = [replace(node, labels=(("disk", "fast"), *node.labels)) if node.name != "b1" else node for node in nodes]
    before = planned(world.problem([fast[1], fast[2]], demands))
    assert where(before) == {"lead/0": "b1", "tail/0": "b2"}
    gone = [replace(node, status="down") if node.name == "b2" else node for node in fast]
    # The one that is left would have to follow to a1, and does not fit beside it; or stays alone, which it may not.
    for strategy in ("best-fit", "portfolio", "first-fit"):
        problem = world.problem(gone, demands, strategy=strategy)
        after = plan(problem, before)
        assert verify(problem, after) == ()
        assert len(after.placements) == 1, strategy


def test_chunks_are_packed_that_need_many_tries(world: Any) -> None:
    free = (100, 100, 100, 100)
    asked = [(50, 20, 20), (50, 40, 40), (60, 40), (50, 30)]
    rows = pack_cores(free, asked, DEFAULT_PARAMS.repack_tries_few)
    assert rows is not None
    left = list(free)
    for row, chunks in zip(rows, asked, strict=True):
        assert sorted((amount for _, amount in row), reverse=True) == list(chunks)
        assert len({core for core, _ in row}) == len(chunks)
        for core, amount in row:
            left[core] -= amount
    assert left == [0] * len(free)


@pytest.mark.parametrize("size", [3, 2**31 + 1, 10**12 + 7, 2**47 - 1, 2**48 + 1, 2**60])
def test_a_byte_too_few_is_refused_and_told_however_large_the_amounts_are(world: Any, size: int) -> None:
    nodes = [world.node(f"n{more + 1}", rss=size + more) for more in (-1, 0, 1)]
    demands = [world.demand("a", replicas=3, cpu=100, rss=size), world.demand("b", cpu=4001, rss=size)]
    indexed = IndexedProblem(world.problem(nodes, demands))
    for limit in (0, 1 << 60):
        construction = Construction(indexed, "best-fit", scalar_limit=limit).run([0, 1], {})
        assert sorted(decision.node for decision in construction.decisions[0]) == [1, 2]
        first, second = construction.refusals
        assert first is not None
        assert second is not None
        # What is full by now lacks as much as what was never enough.
        assert dict(first.by_rule) == {"rss": 3}
        assert first.closest[0].node == "n0"
        assert first.closest[0].shortfall == 1_000_000 // size
        assert dict(second.by_rule) == {"cpu": 3}


def test_where_no_node_tells_its_cores_only_those_who_ask_for_some_are_refused_by_them(world: Any) -> None:
    nodes = [world.node(f"n{number}", cores=()) for number in range(3)]
    demands = [world.demand("a", cpu=100), world.demand("b", cpu=100, cores=(100, 50)), world.demand("c", cpu=9000)]
    indexed = IndexedProblem(world.problem(nodes, demands))
    explained = []
    for limit in (0, 1 << 60):
        construction = Construction(indexed, "best-fit", scalar_limit=limit).run([0, 1, 2], {})
        explained.append([(dict(item.by_rule), item.closest) for item in construction.refusals if item is not None])
    assert explained[0] == explained[1]
    fits, chunks, much = explained[0]
    assert fits == ({}, ())
    assert chunks[0] == {"cores": 3}
    assert {item.missing for item in chunks[1]} == {"cores: needs 2 distinct cores, the node has 0"}
    assert much[0] == {"cpu": 3}
    assert [item.shortfall for item in much[1]] == [5000 * 1_000_000 // 9000] * 2 + [5100 * 1_000_000 // 9000]
