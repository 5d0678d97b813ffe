from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.model.demand import AffinityRule, DeviceRequest, Edge, SpreadRule
from rohe_iac.planning.model.json_codec import plan_from_json, plan_to_json
from rohe_iac.planning.model.plan import Plan, Relaxed
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.supply import NodeTaint, Wire
from rohe_iac.planning.questions.analysis.node_survey import surveys_of
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.resilience.failure_audit import audit
from rohe_iac.planning.verification.verify import verify


def fixes(problem: Problem, service: str, node: str) -> list[tuple[tuple[str, ...], int]]:
    (answer,) = why_not(problem, plan(problem), service, node)
    return [(fix.edits, fix.change) for fix in answer.fixes]


def test_a_neighbour_that_would_be_left_alone_refuses_a_node_and_a_wish_in_its_place_lets_it(world: Any) -> None:
    near = (AffinityRule(("service/p:d",), "node"),)
    nodes = [world.node("n0"), world.node("n1")]
    problem = world.problem(nodes, [world.demand("d", cpu=500), world.demand("x", cpu=500, near=near)])
    found = plan(problem)
    (there,) = {item.node for item in found.placements}
    (answer,) = why_not(problem, found, "d", "n1" if there == "n0" else "n0")
    assert (answer.rule, answer.missing) == ("near", f"near: service/p:x on {there} has to be in one node with it")
    assert [fix.what_if for fix in answer.fixes] == ["service/x.near.d=preferred"]


def test_why_not_tells_the_smallest_change_of_request_or_capacity_first(world: Any) -> None:
    nodes = [world.node("small", cpu=1000), world.node("wide", cpu=8000)]
    problem = world.problem(nodes, [world.demand("d", cpu=1500)])
    assert fixes(problem, "d", "small") == [
        (("service/d.cpu down to 1000m",), 333_333),
        (("node/small.cpu up to 1500m",), 500_000),
    ]


def test_why_not_combines_two_fields_and_no_more(world: Any) -> None:
    demand = world.demand("d", cpu=1100, rss=110, cores=(500,))
    two = world.problem([world.node("n1", cpu=1000, rss=100)], [demand])
    assert fixes(two, "d", "n1")[0][0] == ("service/d.cpu down to 1000m", "service/d.memory.rss down to 100")
    three = world.problem([world.node("n1", cpu=1000, rss=100, cores=(400,))], [demand])
    assert fixes(three, "d", "n1") == []


def test_why_not_knows_ways_out_of_rules_and_devices(world: Any) -> None:
    tainted = world.problem([world.node("n1", taints=(NodeTaint("lan"),))], [world.demand("d")])
    assert fixes(tainted, "d", "n1")[0][0] == ("node/n1.taints without lan",)
    spread = world.problem([world.node("n1")], [world.demand("d", 2, spread=(SpreadRule("node", 1),))])
    assert fixes(spread, "d", "n1") == [(("service/d.spread.node maxPerDomain 2",), 1_000_000)]
    gpu = world.node("n1", devices=(world.gpu(used=2500),))
    asked = world.demand("d", devices=(DeviceRequest("gpu", share=10_000),))
    assert fixes(world.problem([gpu], [asked]), "d", "n1") == [
        (("node/n1.GPU0 up to 125%",), 250_000),
        (("service/d.gpu down to 75%",), 250_000),
        (("node/n1.GPU0.count up to 2",), 1_000_000),
    ]
    bare = world.problem([world.node("n1")], [asked])
    # Less than a tenth of a request is left only where nothing else works.
    assert [edits[0] for edits, _ in fixes(bare, "d", "n1")] == ["node/n1 with 1 gpu device"]


def test_why_not_knows_ways_out_of_slow_and_narrow_links_and_of_budgets(world: Any) -> None:
    nodes = [world.node("n1", cpu=1000, labels=(("zone", "a"),)), world.node("n2", labels=(("zone", "b"),))]
    demands = [world.demand("a", cpu=900, selector=(("zone", "a"),)), world.demand("b", cpu=900)]
    wire, flow = Wire("w", ("zone/a", "zone/b"), 8000, 100), ("service/p:a", "service/p:b")

    def suggested(edge: Edge, *promises: ResponseTimeLimit) -> list[tuple[tuple[str, ...], int]]:
        problem = world.problem(nodes, demands, wires=[wire], edges=[edge], promises=promises)
        return fixes(problem, "b", "n2")

    assert suggested(Edge(*flow, latency=6000)) == [
        (("link/w.latency down to 6ms",), 250_000),
        (("service/a.flow.b.latency up to 8ms",), 333_333),
    ]
    assert suggested(Edge(*flow, bandwidth=120)) == [
        (("service/a.flow.b.bandwidth down to 100bps",), 166_666),
        (("link/w.bandwidth up to 120bps",), 200_000),
    ]
    assert suggested(Edge(*flow), world.promise(10_000, "a", "b", a=3000)) == [
        (("contract/sla.fast up to 11ms",), 100_000),
        (("link/w.latency down to 7ms",), 125_000),
    ]
    # Where the services alone take longer than is promised, the promise has to make room for them too.
    slow = world.promise(2000, "a", "b", a=3000)
    assert suggested(Edge(*flow), slow) == [(("contract/sla.fast up to 11ms",), 4_500_000)]
    cut = world.problem(nodes, demands, wires=[replace(wire, down=True)], edges=[Edge(*flow)])
    assert fixes(cut, "b", "n2") == []


def test_why_not_says_when_one_more_would_fit_and_names_what_it_does_not_know(world: Any) -> None:
    problem = world.problem([world.node("n1"), world.node("n2")], [world.demand("d", cpu=100)])
    (answer,) = why_not(problem, plan(problem), "d", "n2")
    assert (answer.rule, answer.there) == ("", 0)
    with pytest.raises(UsageError, match="node/n9"):
        why_not(problem, plan(problem), "d", "n9")
    with pytest.raises(UsageError, match="service/x"):
        why_not(problem, plan(problem), "x", "n1")


def test_an_audit_reports_replicas_without_another_place_and_workloads_without_a_replica(world: Any) -> None:
    def drops(*nodes: Any) -> dict[str, Any]:
        problem = world.problem(list(nodes), [world.demand("d", 2, cpu=1000), world.demand("e", 1, cpu=1000)])
        return {drop.what: drop for drop in audit(problem, plan(problem))}

    tight = drops(world.node("n1", cpu=3000), world.node("n2", cpu=900))
    assert tight["node/n1"].lost == 3
    assert len(tight["node/n1"].unplaceable) == 3
    assert tight["node/n1"].outages == ("service/p:d",)
    wide = drops(world.node("n1", cpu=3000, labels=(("zone", "a"),)), world.node("n2", cpu=3000))
    assert wide["node/n1"].unplaceable == ()
    assert "zone/a" in wide


def test_an_audit_knows_what_flows_over_links_and_who_has_to_be_near(world: Any) -> None:
    zones = [("n1", "a"), ("n2", "b"), ("n3", "b")]
    nodes = [world.node(name, cpu=1000, labels=(("zone", zone),)) for name, zone in zones]
    flow = [Edge("service/p:a", "service/p:b", bandwidth=100)]
    demands = [world.demand("a", cpu=900, selector=(("zone", "a"),)), world.demand("b", cpu=900)]
    narrow = world.problem(nodes, demands, wires=[Wire("w", ("zone/a", "zone/b"), 1000, 100)], edges=flow)
    told = {drop.what: drop for drop in audit(narrow, plan(narrow))}
    # What was on the link before is free for whoever takes over.
    assert told["node/n2"].unplaceable == ()
    assert told["node/n1"].unplaceable == ("replica/p:a/0",)
    near = (AffinityRule(("service/p:b",), "zone"),)
    both = [world.demand("b", cpu=300), world.demand("c", cpu=400, near=near)]
    wide = [world.node(name, cpu=1000, labels=(("zone", zone),)) for name, zone in (("n1", "a"), ("n2", "b"))]
    together = world.problem(wide, both)
    # The neighbour comes after it by its size, and has a place: so does whoever is near.
    assert [drop.unplaceable for drop in audit(together, plan(together)) if drop.what.startswith("node/")] == [()]
    apart = [world.node("n1", cpu=300, labels=(("zone", "a"),)), world.node("n2", cpu=400, labels=(("zone", "a"),))]
    beside = world.problem(apart, both)
    told = {drop.what: drop for drop in audit(beside, plan(beside))}
    # Whoever stays is lost as well where its neighbour is.
    assert told["node/n1"].unplaceable == ("replica/p:b/0", "replica/p:c/0")


def test_max_moves_limits_what_moves_but_for_what_cannot_stay(world: Any) -> None:
    def again(limit: int | None) -> Plan:
        small = [world.demand(f"s{i}", cpu=1000) for i in range(2)]
        before = plan(world.problem([world.node("n1", cpu=3000)], small))
        nodes = [world.node("n1", cpu=3000), world.node("n2", cpu=1000), world.node("n3", cpu=1000)]
        problem = world.problem(nodes, [*small, world.demand("big", cpu=3000)], max_moves=limit)
        after = plan(problem, before)
        assert verify(problem, after) == ()
        return after

    assert not again(None).unplaced
    assert not again(2).unplaced
    assert [item.service for item in again(1).unplaced] == ["big"]


def test_a_portfolio_uses_fewer_nodes_than_one_pass_and_proves_it_by_the_bound(world: Any) -> None:
    sizes = [600, 600, 400, 400, 300, 300, 700, 700]
    nodes = [world.node(f"n{i}", cpu=1000) for i in range(6)]
    demands = [world.demand(f"d{i}", cpu=size) for i, size in enumerate(sizes)]
    result = plan(world.problem(nodes, demands, strategy="portfolio", objective=("placed", "nodes")))
    assert (result.bound.nodes_used, result.bound.proven, result.unplaced) == (4, True, ())


def test_survive_spreads_replicas_and_keeps_room_for_those_of_a_node_that_fails(world: Any) -> None:
    nodes = [world.node(f"n{i}", cpu=3000) for i in range(3)]
    demands = [world.demand("d", 2, cpu=1000), world.demand("e", 2, cpu=1000)]

    def broken(survive: int) -> list[str]:
        problem = world.problem(nodes, demands, survive=survive)
        result = plan(problem)
        assert verify(problem, result) == ()
        assert not result.unplaced
        return [drop.what for drop in audit(problem, result) if not drop.survived]

    assert broken(0)
    assert not broken(1)


def test_a_plan_tells_the_node_that_is_kept_free_and_questions_about_it_say_spare(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=4000) for number in range(4)]
    demands = [world.demand(name, cpu=size) for name, size in {"a": 3500, "b": 3500, "d": 1000, "e": 1000}.items()]
    problem = world.problem(nodes, demands, survive=1, strategy="worst-fit")
    result = plan(problem)
    assert (result.losses, result.spare) == ((), "n0")
    assert {item.node for item in result.placements} == {"n1", "n2", "n3"}
    assert all(drop.survived for drop in audit(problem, result))
    assert verify(problem, result) == ()
    assert plan_from_json(plan_to_json(result)) == result
    (answer,) = why_not(problem, result, "e", result.spare)
    assert answer.rule == "spare"
    assert "stack/s.survive=0" in [fix.what_if for fix in answer.fixes]
    survey = surveys_of(problem, result, result.placements[-1:])[0]
    assert dict(survey.by_rule)["spare"] == 1
    elsewhere = tuple(structs.replace(item, node=result.spare) for item in result.placements[-1:])
    moved = replace(result, placements=(*result.placements[:-1], *elsewhere))
    assert "spare" in {fault.rule for fault in verify(problem, moved)}


def test_two_replicas_on_two_roomy_nodes_survive_the_loss_of_either(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2")]
    problem = world.problem(nodes, [world.demand("d", 2, cpu=500)], survive=1)
    result = plan(problem)
    assert sorted(item.node for item in result.placements) == ["n1", "n2"]
    assert (result.losses, result.relaxed) == ((), ())
    assert all(drop.survived for drop in audit(problem, result))


def test_a_replica_whose_node_is_down_joins_the_other_and_the_plan_says_that_this_is_not_survived(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2")]
    whole = world.problem(nodes, [world.demand("d", 2, cpu=500)], survive=1)
    before = plan(whole)
    down = replace(whole, nodes=(nodes[0], replace(nodes[1], status="down")))
    after = plan(down, before)
    assert [item.node for item in after.placements] == ["n1", "n1"]
    assert (after.unplaced, after.relaxed) == ((), (Relaxed("service/p:d", 0),))
    assert [(loss.node, loss.outages) for loss in after.losses] == [("n1", ("service/p:d",))]
    assert verify(down, after) == ()
    assert verify(down, replace(after, relaxed=()))
    assert plan_from_json(plan_to_json(after)) == after
    survey = surveys_of(down, after, after.placements[1:])[0]
    assert (survey.node, dict(survey.by_rule)) == ("n1", {"status": 1})
    again = plan(whole, after)
    assert sorted(item.node for item in again.placements) == ["n1", "n2"]
    assert "eased" not in plan_to_json(again)


def test_a_spread_of_ones_own_holds_where_the_one_that_survive_implies_gives_way(world: Any) -> None:
    mine = (SpreadRule("node", 1),)
    problem = world.problem([world.node("n1")], [world.demand("d", 2, cpu=500, spread=mine)], survive=1)
    result = plan(problem)
    assert (len(result.placements), result.relaxed) == (1, ())
    assert verify(problem, result) == ()


def test_only_who_takes_the_room_of_others_is_spread_less(world: Any) -> None:
    nodes = [world.node("n1", cpu=2000), world.node("n2", cpu=2000)]
    demands = [
        world.demand("a", 2, cpu=900, priority=2), world.demand("b", 2, cpu=100), world.demand("c", cpu=1500)
    ]  # fmt: skip
    problem = world.problem(nodes, demands, survive=1)
    result = plan(problem)
    assert result.unplaced == ()
    assert [item.workload for item in result.relaxed] == ["service/p:a"]
    assert verify(problem, result) == ()


def test_a_service_is_spread_for_as_many_failures_as_leave_all_a_place(world: Any) -> None:
    nodes = [world.node(f"n{number}") for number in range(2)]
    problem = world.problem(nodes, [world.demand("d", 5, cpu=500)], survive=2)
    result = plan(problem)
    assert (result.unplaced, result.relaxed) == ((), (Relaxed("service/p:d", 1),))
    assert verify(problem, result) == ()


def test_a_plan_names_the_nodes_whose_failure_it_does_not_survive(world: Any) -> None:
    demands = [world.demand("d", 2, cpu=1000), world.demand("e", cpu=2000)]
    tight = plan(world.problem([world.node("n1", cpu=2000), world.node("n2", cpu=2000)], demands, survive=1))
    told = {loss.node: loss.unplaceable for loss in tight.losses}
    assert [*told] == sorted({item.node for item in tight.placements})
    for node, homeless in told.items():
        there = {item.replica for item in tight.placements if item.node == node}
        assert homeless
        assert set(homeless) <= there
    roomy = [world.node(f"n{number}", cpu=4000) for number in range(4)]
    assert plan(world.problem(roomy, demands, survive=1)).losses == ()
    assert plan(world.problem([world.node("n1", cpu=5000)], demands[1:], survive=0)).losses == ()
