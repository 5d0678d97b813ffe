"""Claims about what-if edits: what can be written, what it changes, and how a fault is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.model.demand import DemandVariant, DeviceRequest, Edge, Resources
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.questions.what_if.apply import apply_edits, edit_sizing, with_new_amounts
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify
from rohe_iac.usecases.plans.plan import StackDecision, decide
from rohe_iac.usecases.plans.what_if import what_if

CCTVS = Path(__file__).parents[5] / "examples" / "cctvs"


def edited(problem: Problem, text: str) -> Problem:
    return apply_edits(problem, parse_edits(text))


@pytest.fixture
def small(world: Any) -> Problem:
    wire = Wire("4g", ("zone/a", "zone/b"), 8000, 100)
    nodes = [world.node(f"pi-{i}", labels=(("zone", "ab"[i % 2]),)) for i in range(4)] + [world.node("hub")]
    demand = world.demand("d", 2, cpu=300, devices=(DeviceRequest("gpu", share=1000),))
    edges = [Edge("service/p:d", "service/p:d")]
    return world.problem(nodes, [demand, world.demand("e")], wires=[wire], edges=edges)  # type: ignore[no-any-return]


def test_edits_change_nodes_links_and_services_in_order(small: Problem) -> None:
    text = "node/pi-1=down, link/4g.latency*=3,service/d.replicas=4,service/p:d.cpu+=200m,node/pi-1.rss=1Gi"
    text += ",service/d.cpu*=2"
    after = edited(small, text)
    assert (after.nodes[1].status, after.nodes[1].rss) == ("down", 2**30)
    assert after.wires[0].latency == 24_000
    assert (after.demands[0].replicas, after.demands[0].resources.cpu) == (4, 1000)
    assert [str(edit) for edit in parse_edits(text)][:2] == ["node/pi-1=down", "link/4g.latency*=3"]


def test_a_node_whose_name_has_dots_is_found_by_its_whole_name(small: Problem, world: Any) -> None:
    nodes = (*small.nodes, world.node("a.b.edge"), world.node("a.b"))
    problem = dataclasses.replace(small, nodes=nodes)
    after = edited(problem, "node/a.b.edge.cpu=1,node/a.b=down,node/a.b.edge.labels.zone=x,node/pi-1.cpu=3")
    found = {node.name: (node.cpu, node.status) for node in after.nodes}
    assert (found["a.b.edge"], found["a.b"][1], found["pi-1"][0]) == ((1000, "running"), "down", 3000)
    assert dict(after.nodes[-2].labels)["zone"] == "x"
    with pytest.raises(UsageError):
        edited(problem, "node/a.b=broken")


def test_a_star_stands_for_any_letters_and_a_zone_for_its_nodes(small: Problem) -> None:
    def down(text: str) -> list[str]:
        return [node.name for node in edited(small, text).nodes if node.status == "down"]

    assert down("node/pi-*=down") == ["pi-0", "pi-1", "pi-2", "pi-3"]
    assert down("node/*-1=down") == ["pi-1"]
    assert len(down("node/*=down")) == 5
    assert down("zone/a=down") == ["pi-0", "pi-2"]
    assert down("zone/*=down,node/pi-3=running") == ["pi-0", "pi-1", "pi-2"]
    assert [node.cpu for node in edited(small, "node/pi-*.cpu*=0.5").nodes] == [2000, 2000, 2000, 2000, 4000]
    assert {one.replicas for one in edited(small, "service/*.replicas+=1").demands} == {2, 3}


def test_shares_of_accelerators_scale_and_variants_with_them(world: Any, small: Problem) -> None:
    assert edited(small, "service/d.gpu*=1/3").demands[0].resources.devices[0].share == 334
    variants = (DemandVariant("big", Resources(cpu=900)), DemandVariant("small", Resources(cpu=100)))
    after = edited(world.problem([], [world.demand("d", variants=variants)]), "service/d.cpu-=200m")
    assert [one.resources.cpu for one in after.demands[0].variants] == [700, 0]


def test_cores_are_changed_together_or_set_one_by_one(world: Any) -> None:
    problem = world.problem([world.node("n1", cpu=2000)], [world.demand("d", cores=(500, 300))])
    after = edited(problem, "node/n1.cores=1+500m+2,service/d.cores*=0.5")
    assert (after.nodes[0].cores, after.demands[0].resources.cores) == ((1000, 500, 2000), (250, 150))
    assert edited(problem, "service/d.cores=100m+700m+1").demands[0].resources.cores == (1000, 700, 100)
    with pytest.raises(UsageError, match="expected cores"):
        edited(problem, "node/n1.cores=1+x")


def test_a_link_that_is_cut_leaves_its_ends_unconnected(world: Any) -> None:
    nodes = [world.node(f"n{i}", cpu=1000, labels=(("zone", zone),)) for i, zone in enumerate("ab")]
    demands = [world.demand("a", cpu=900), world.demand("b", cpu=900)]
    problem = world.problem(nodes, demands, wires=[Wire("w", ("zone/a", "zone/b"))], edges=world.flow("a", "b"))
    assert not plan(problem).unplaced
    cut = edited(problem, "link/w=down")
    after = plan(cut)
    assert [item.service for item in after.unplaced] == ["b"]
    assert verify(cut, after) == ()
    assert {fault.rule for fault in verify(cut, plan(problem))} == {"latency"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "an edit is empty"),
        ("node/pi-1=down,", "an edit is empty"),
        ("pi-1=down", "not an edit"),
        ("node/pi-1==down", "not an edit"),
        ("nod/pi-1=down", "did you mean 'node'"),
        ("node/pi-1=broken", "running or cordoned or down"),
        ("node/pi-l=down", "did you mean 'pi-0'"),
        ("node/zero-*=down", "no node has a name like it"),
        ("zone/c=down", "the stack has no zone/c"),
        ("service/d.colour=3", "no field 'colour'"),
        ("service/d.gpus=3%", "did you mean 'gpu'"),
        ("service/d=down", "name a field of the service"),
        ("service/d.replicas=2.5", "whole number of replicas"),
        ("service/d.replicas=-1", "whole number of replicas"),
        ("service/d.replicas*=99999999", "comes to 199,999,998"),
        ("service/d.replicas=9" + "9" * 30, "comes to"),
        ("node/pi-1.cpu=x", "expected cores"),
        ("node/pi-1.cpu*=1e999999999", "expected a factor"),
        ("node/pi-1.cpu*=1/0", "expected a factor"),
        ("node/pi-1.cpu*=-2", "expected a factor"),
        ("link/4g.latency=5", "without a unit"),
        ("link/4g=up", "can be made down"),
        ("node/pi-1.latency=5ms", "no field 'latency'"),
    ],
)
def test_an_edit_that_is_none_or_names_nothing_is_told(small: Problem, text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        edited(small, text)
    assert told in f"{caught.value.brief} {caught.value.hint}"


@settings(max_examples=300, deadline=None)
@given(
    some.lists(
        some.sampled_from(
            [*"node/pi-1.cpu*=2,%", "10/s", "zone/", "service/d", "pipeline/p", ".load", ".gpu", "=down", "é", " "]
        ),
        max_size=12,
    ).map("".join)
)
def test_whatever_is_typed_is_an_edit_or_a_fault_of_the_user_with_a_hint(text: str) -> None:
    problem = Problem("s", (), ())
    result: Problem | str
    try:
        result = edited(problem, text)
    except UsageError as error:
        result = error.brief
    assert result


@pytest.fixture(scope="module")
def cctvs() -> StackDecision:
    return decide(CCTVS)


def test_a_larger_load_sizes_services_anew(cctvs: StackDecision) -> None:
    answer = what_if(cctvs, "pipeline/cctvs.load*=2")
    added = [change for change in answer.changes if change.kind == "added"]
    assert added
    assert all("for 20/s" in change.because for change in added)
    assert (answer.violated, answer.lost, answer.idle) == ((), (), ())
    predicted = {after.objective: (before, after) for before, after in answer.predicted if before and after}
    before, after = predicted["cctvs-sla/fast-answers"]
    assert before.services != after.services
    assert after.slack >= 0
    assert what_if(cctvs, "pipeline/*.load=20/s").changes == answer.changes
    assert what_if(cctvs, "pipeline/cctvs.load+=10/s").changes == answer.changes
    fewer = what_if(cctvs, "pipeline/cctvs.load=20/s,service/object-detection.replicas=9")
    assert not [change for change in fewer.changes if "object-detection" in change.replica]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("pipeline/cctvs.load=fast", "expected a rate"),
        ("pipeline/cctv.load=2/s", "did you mean 'cctvs'"),
        ("pipeline/cctvs.load-=10/s", "comes to 0/s"),
        ("pipeline/cctvs.load=1e300/s", "larger than anything"),
        ("pipeline/cctvs.speed=1/s", "no field 'speed'"),
    ],
)
def test_a_load_that_is_none_is_told(cctvs: StackDecision, text: str, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        edit_sizing(cctvs.blueprint, parse_edits(text))
    assert told in f"{caught.value.brief} {caught.value.hint}"


def test_only_what_stands_is_told_as_violated(cctvs: StackDecision) -> None:
    more = what_if(cctvs, "service/image-sharpening.replicas+=1")
    assert more.violated == ()
    tight = what_if(cctvs, "service/object-detection.gpu*=4")
    assert {fault.rule for fault in tight.violated} == {"accelerators"}
    gone = what_if(cctvs, "zone/site-1=down")
    assert {fault.rule for fault in gone.violated} == {"status"}
    assert len([change for change in gone.changes if change.kind == "moved"]) == len(gone.violated)


def test_amounts_are_restated_on_the_same_nodes_cores_and_devices(world: Any) -> None:
    nodes = [world.node("n1", devices=(world.gpu(),))]
    demand = world.demand("d", cores=(500, 300), devices=world.gpu_share(1000))
    problem = world.problem(nodes, [demand])
    decided = plan(problem)
    after = edited(problem, "service/d.gpu=20%,service/d.cores*=1.5")
    (item,) = with_new_amounts(after, decided.placements)
    assert (item.devices[0].amount, [use.amount for use in item.cores]) == (2000, [750, 450])
    assert [use.core for use in item.cores] == [use.core for use in decided.placements[0].cores]


def test_services_are_sized_anew_for_another_balancing(cctvs: StackDecision) -> None:
    answer = what_if(cctvs, "stack/cctvs.balancing=roundRobin")
    (added,) = [change for change in answer.changes if change.kind == "added"]
    assert added.replica == "replica/cctvs:object-detection/9"
    assert "10 for 10/s to each replica in turn" in added.because
    assert what_if(cctvs, "service/object-detection.balancing=roundRobin").changes == answer.changes
    assert what_if(cctvs, "service/cctvs:image-*.balancing=roundRobin").lost == ()
    with pytest.raises(UsageError, match="expected one of random, roundRobin, leastBusy"):
        what_if(cctvs, "stack/cctvs.balancing=fair")
    with pytest.raises(UsageError, match="has no service/detection"):
        what_if(cctvs, "service/detection.balancing=random")
