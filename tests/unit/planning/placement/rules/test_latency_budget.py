"""The rule about latency budgets: paths through a flow, what services take of them, and agreement with verification."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from drawing import generator
from msgspec import structs
from sized_blueprints import blueprint, limit, profile, service

from rohe_iac.planning.model.demand import SpreadRule
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit, WorkloadServiceTime
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.rules.latency_budget import BUDGET, exceeded_budget, longest_latency
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.questions.analysis.response_times import predictions_of
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

ZONES = (("zone", "a"),), (("zone", "b"),), (("zone", "c"),)
STRATEGIES = ("first-fit", "best-fit", "worst-fit", "dot-product", "portfolio")


def nodes_of(problem: Problem) -> dict[str, str]:
    result = plan(problem)
    assert verify(problem, result) == ()
    assert not result.unplaced
    return {item.service: item.node for item in result.placements}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_budget_of_a_way_counts_all_its_links_together(world: Any, strategy: str) -> None:
    nodes = [world.node("n1", cpu=1000, labels=ZONES[0]), world.node("n2", cpu=1000, labels=ZONES[1]),
             world.node("n3", cpu=1000, labels=ZONES[1]), world.node("n0", cpu=1000, labels=ZONES[2])]  # fmt: skip
    demands = [world.demand("a", cpu=900, selector=ZONES[0]), world.demand("b", cpu=900), world.demand("c", cpu=900)]
    wires = [Wire("ab", ("zone/a", "zone/b"), 8000), Wire("bc", ("zone/b", "zone/c"), 8000),
             Wire("ac", ("zone/a", "zone/c"), 8000)]  # fmt: skip
    free = world.problem(nodes, demands, wires=wires, edges=world.flow("a", "b", "c"), strategy=strategy)
    held = replace(free, promises=(world.promise(10_000, "a", "b", "c"),))
    assert {nodes_of(held)["b"], nodes_of(held)["c"]} == {"n2", "n3"}
    # Each link by itself would do: without the budget the services may lie in three zones.
    apart = [structs.replace(item, node={"b": "n0", "c": "n2"}.get(item.service, item.node), runner_up=None)
             for item in plan(held).placements]  # fmt: skip
    elsewhere = replace(plan(held), placements=tuple(apart))
    assert not [fault for fault in verify(free, elsewhere) if fault.rule != "bound"]
    assert {fault.rule for fault in verify(held, elsewhere)} - {"bound"} == {"budget"}


def test_what_services_take_is_taken_off_the_budget(world: Any) -> None:
    nodes = [world.node("n1", cpu=1000, labels=ZONES[0]), world.node("n2", cpu=1000, labels=ZONES[1])]
    demands = [world.demand("a", cpu=900), world.demand("b", cpu=900)]
    wires = [Wire("ab", ("zone/a", "zone/b"), 8000)]

    def unplaced(promise: ResponseTimeLimit) -> list[str]:
        problem = world.problem(nodes, demands, wires=wires, edges=world.flow("a", "b"), promises=[promise])
        result = plan(problem)
        assert verify(problem, result) == ()
        return [near.missing for item in result.unplaced for near in item.closest if near.rule == "budget"]

    assert unplaced(world.promise(20_000, "a", "b", a=7000, b=5000)) == []
    (words,) = unplaced(world.promise(20_000, "a", "b", a=7000, b=6000))
    assert "budget: 1 ms over the 7 ms that sla/fast (20 ms) leaves from a to b" in words
    # Where the services alone take longer, nothing is left, and links that take no time are the best there is.
    (words,) = unplaced(world.promise(10_000, "a", "b", a=7000, b=6000))
    assert "8 ms over the 0 ms" in words


def test_the_budget_that_is_exceeded_most_is_named_and_an_empty_stage_takes_no_time(world: Any) -> None:
    nodes = [world.node(f"n{number}", labels=zone) for number, zone in enumerate(ZONES)]
    wires = [Wire("ab", ("zone/a", "zone/b"), 4000), Wire("bc", ("zone/b", "zone/c"), 5000)]
    promises = [world.promise(3000, "a", "b"), world.promise(8000, "a", "b", "c")]
    problem = world.problem(nodes, [world.demand(name) for name in "abc"], wires=wires,
                            edges=world.flow("a", "b", "c"), promises=promises)  # fmt: skip
    indexed = IndexedProblem(problem)
    ledger = Ledger(indexed)
    ledger.take(0, 0)
    assert longest_latency(indexed, [{0}, set(), {2}], ("", "")) == 0
    assert longest_latency(indexed, [{0}, {1}, {2}], ("", "")) == 9000
    assert exceeded_budget(indexed, ledger, 1, 0) is None
    found = exceeded_budget(indexed, ledger, 1, 1)
    assert found is not None
    assert (found[0].limit, found[1]) == (3000, 1000)
    assert BUDGET.refuses(indexed, ledger, 1, 1)
    assert not BUDGET.refuses(indexed, ledger, 1, 0)
    assert BUDGET.words(indexed, ledger, 1, 1) == ("budget: 1 ms over the 3 ms that sla/fast (3 ms) leaves from a to b")


def test_means_add_up_and_what_lies_above_them_adds_up_in_powers() -> None:
    stages = (
        (WorkloadServiceTime("a", 1000, 300),),
        (WorkloadServiceTime("b", 2000, 400), WorkloadServiceTime("c", 100, 200)),
    )
    promise = ResponseTimeLimit("sla/fast", 10_000, stages)
    assert (promise.service_time, promise.network_budget) == (3469, 6531)


def test_the_slowest_replicas_of_each_service_make_the_way(world: Any) -> None:
    nodes = [world.node(f"n{zone}", cpu=1000, labels=ZONES[zone]) for zone in range(3)]
    demands = [world.demand("a", 2, cpu=100, spread=(SpreadRule("node", 1),)), world.demand("b", 1, cpu=100)]
    wires = [Wire("ab", ("zone/a", "zone/b"), 4000), Wire("bc", ("zone/b", "zone/c"), 4000),
             Wire("ac", ("zone/a", "zone/c"), 9000)]  # fmt: skip
    problem = world.problem(nodes, demands, wires=wires, edges=world.flow("a", "b"),
                            promises=[world.promise(4000, "a", "b")])  # fmt: skip
    result = plan(problem)
    assert verify(problem, result) == ()
    assert not result.unplaced
    far = [structs.replace(item, node="n2" if item.service == "b" else f"n{item.index}") for item in result.placements]
    assert "budget" in {fault.rule for fault in verify(problem, replace(result, placements=tuple(far)))}


def test_planner_and_verification_agree_with_every_way_tried(world: Any) -> None:
    for seed in range(60):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", labels=(("zone", drawn.choice("abc")),)) for i in range(5)]
        names = "abcd"[: drawn.randint(2, 4)]
        demands = [world.demand(name, drawn.randint(0, 2), cpu=100) for name in names]
        wires = [Wire(f"w{a}{b}", (f"zone/{a}", f"zone/{b}"), drawn.randint(1, 9) * 1000)
                 for a, b in ("ab", "bc", "ac", "aa")]  # fmt: skip
        limit_ = drawn.randint(0, 20) * 1000
        problem = world.problem(nodes, demands, wires=wires, edges=world.flow(*names),
                                promises=[world.promise(limit_, *names)])  # fmt: skip
        result = plan(problem)
        placed = tuple(structs.replace(item, node=drawn.choice(nodes).name) for item in result.placements)
        indexed = IndexedProblem(problem)
        stages = [[indexed.node_index[item.node] for item in placed if item.service == name] for name in names]

        def length(way: tuple[int | None, ...], indexed: IndexedProblem = indexed) -> int:
            hops = ((a, b) for a, b in pairwise(way) if a is not None and b is not None)
            return sum((indexed.route(a, b) or (0, 0))[0] for a, b in hops)

        longest = max(length(way) for way in product(*[stage or [None] for stage in stages]))
        rules = {fault.rule for fault in verify(problem, replace(result, placements=placed))}
        assert ("budget" in rules) == (longest > limit_), seed
        assert not {fault.rule for fault in verify(problem, result)}, seed


def test_of_a_local_flow_the_pairs_of_its_domains_count_alone(world: Any) -> None:
    """Two halls with a slow link between them: what stays in its hall is fast, whatever the link takes."""
    nodes = [world.node("n1", labels=ZONES[0]), world.node("n2", labels=ZONES[1])]
    demands = [world.demand(name, 2, cpu=100, spread=(SpreadRule("zone", 1),)) for name in "ab"]
    wires = [Wire("ab", ("zone/a", "zone/b"), 40_000)]
    local = tuple(replace(edge, within="zone") for edge in world.flow("a", "b"))
    for edges, placed in ((local, 4), (world.flow("a", "b"), 2)):
        problem = world.problem(nodes, demands, wires=wires, edges=edges, promises=[world.promise(20_000, "a", "b")])
        result = plan(problem)
        assert verify(problem, result) == ()
        assert len(result.placements) == placed, edges
        assert {prediction.links for prediction in predictions_of(problem, result)} == {0}


def test_rule_and_verification_agree_about_local_flows_with_every_way_tried(world: Any) -> None:
    for seed in range(60):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", labels=(("zone", drawn.choice("abc")),)) for i in range(5)]
        names = "abcd"[: drawn.randint(2, 4)]
        demands = [world.demand(name, drawn.randint(1, 2), cpu=100) for name in names]
        wires = [Wire(f"w{a}{b}", (f"zone/{a}", f"zone/{b}"), drawn.randint(1, 9) * 1000)
                 for a, b in ("ab", "bc", "ac", "aa")]  # fmt: skip
        limit_ = drawn.randint(0, 12) * 1000
        keys = tuple(drawn.choice(("", "zone")) for _ in names[1:])
        edges = tuple(replace(edge, within=key) for edge, key in zip(world.flow(*names), keys, strict=True))
        problem = world.problem(nodes, demands, wires=wires, edges=edges, promises=[world.promise(limit_, *names)])
        result = plan(problem)
        assert not {fault.rule for fault in verify(problem, result)}, seed
        items = {f"{demand.service}/{number}": drawn.choice(nodes).name
                 for demand in demands for number in range(demand.replicas)}  # fmt: skip
        indexed = IndexedProblem(problem)
        stages = [[indexed.node_index[node] for item, node in items.items() if item[0] == name] for name in names]

        longest = 0
        for way in product(*stages):
            hops = list(zip(keys, pairwise(way), strict=True))
            if all(indexed.exchanges(key, *ends) for key, ends in hops):
                longest = max(longest, sum((indexed.route(*ends) or (0, 0))[0] for _, ends in hops))
        assert longest_latency(indexed, stages, keys) == longest, seed


def test_a_pass_and_a_search_place_as_many_under_budgets_as_is_proven_to_fit(world: Any) -> None:
    for seed in range(12):
        drawn = generator(seed)
        nodes = [world.node(f"n{i}", cpu=1000, labels=(("zone", drawn.choice("abc")),)) for i in range(5)]
        names = "abcd"[: drawn.randint(2, 4)]
        demands = [world.demand(name, drawn.randint(1, 3), cpu=drawn.choice([300, 500, 700])) for name in names]
        wires = [Wire(f"w{a}{b}", (f"zone/{a}", f"zone/{b}"), drawn.randint(1, 9) * 1000)
                 for a, b in ("ab", "bc", "ac")]  # fmt: skip
        found = []
        for strategy in ("best-fit", "portfolio", "exact"):
            problem = world.problem(nodes, demands, wires=wires, edges=world.flow(*names), strategy=strategy,
                                    promises=[world.promise(1000 * (seed % 7), *names)])  # fmt: skip
            result = plan(problem)
            assert verify(problem, result) == (), (seed, strategy)
            found.append(len(result.placements))
        assert found[0] <= found[1] == found[2], seed


def test_contracts_limit_every_way_through_a_flow_with_the_times_of_its_profiles(tmp_path: Path) -> None:
    flow = [{"from": "a", "to": "b"}, {"from": "a", "to": "c"}]
    services = [service("a"), service("b"), {"name": "c", "command": ["python"]}]
    found, problem = blueprint(tmp_path, services, [limit(900), limit(500, "mean", service="b")],
                               {"a.yaml": profile(100)}, flow)  # fmt: skip
    ways = {
        tuple(stage[0].workload.partition(":")[2] for stage in promise.stages): promise for promise in problem.promises
    }
    assert set(ways) == {("a", "b"), ("a", "c"), ("b",)}
    response = found["a"].queue.percentile(99)
    assert ways["a", "c"].service_time == pytest.approx(response * 1e6, abs=30)
    assert ways["a", "c"].network_budget == 900_000 - ways["a", "c"].service_time
    assert ways["a", "b"].service_time > ways["a", "c"].service_time
    assert ways["b",].limit == 500_000
    assert ways["b",].service_time == pytest.approx(found["b"].queue.mean_response_time * 1e6, abs=30)


def test_of_very_many_ways_the_slowest_are_kept(tmp_path: Path) -> None:
    flow, services = [], [service("s0", "slow.yaml")]
    for step in range(8):
        for side in "ab":
            services.append(service(f"{side}{step}", "slow.yaml" if side == "b" else "fast.yaml"))
            flow += [{"from": f"s{step}", "to": f"{side}{step}"}, {"from": f"{side}{step}", "to": f"s{step + 1}"}]
        services.append(service(f"s{step + 1}", "slow.yaml"))
    _, problem = blueprint(tmp_path, services, [limit(60_000)],
                           {"slow.yaml": profile(100), "fast.yaml": profile(10)}, flow, "0.001/s")  # fmt: skip
    assert len(problem.promises) == 100
    slowest = max(problem.promises, key=lambda promise: promise.service_time)
    assert all(stage[0].workload.partition(":")[2][0] in "sb" for stage in slowest.stages)
