"""For each rule that refuses a node, the edits that why-not offers, on a ledger of their own."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import AffinityRule, DeviceRequest, Edge, LabelMatch, SpreadRule
from rohe_iac.planning.model.supply import Wire
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.questions.why_not.amounts import (
    AMOUNTS,
    amount_edits,
    lower_request,
    raise_capacity,
    total_change,
    undercut_edits,
)
from rohe_iac.planning.questions.why_not.cores import core_edits
from rohe_iac.planning.questions.why_not.devices import device_edits
from rohe_iac.planning.questions.why_not.network import link_edits
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase, raise_priority
from rohe_iac.planning.questions.why_not.rules import left_without_neighbour, preference_steps, rule_edits
from rohe_iac.planning.questions.why_not.suggestions import suggestions
from rohe_iac.planning.questions.why_not.trial_edits import Adjustable, smaller_edits

MILLION = 1_000_000


def case_of(world: Any, node: Any, demand: Any, *others: Any, **more: Any) -> RefusalCase:
    """Returns one more replica of the demand on the node, with nothing placed."""
    nodes = (node, *more.pop("nodes", ()))
    problem = world.problem(list(nodes), [demand, *others], **more)
    indexed = IndexedProblem(problem)
    position = indexed.node_index[node.name]
    return RefusalCase(indexed, Ledger(indexed), indexed.index[demand.workload], position, [0] * len(node.devices))


def words(edits: list[EditSet]) -> list[list[str]]:
    return [[step.words for step in steps] for steps in edits]


def test_missing_cpu_is_covered_by_a_smaller_request_or_a_larger_node(world: Any) -> None:
    case = case_of(world, world.node("n", cpu=1000, cores=()), world.demand("d", cpu=1500))
    (edits,) = amount_edits(case)
    assert words(edits) == [["node/n.cpu up to 1500m"], ["service/d.cpu down to 1000m"]]
    assert [total_change(steps) for steps in edits] == [MILLION // 2, MILLION // 3]
    assert raise_capacity(case, AMOUNTS[0], 500).edit == "node/n.cpu=1500m"
    assert lower_request(case, AMOUNTS[0], 500).edit == "service/d.cpu=1"


def test_a_request_below_that_of_a_rival_is_offered_where_rivals_take_the_room(world: Any) -> None:
    node = world.node("n", cpu=1000, cores=())
    case = case_of(world, node, world.demand("d", cpu=1500), world.demand("rival", cpu=800))
    assert words(undercut_edits(case, {"service/p:rival"})) == [["service/d.cpu down to 799m"]]


def test_missing_cores_are_covered_by_smaller_chunks_or_larger_cores(world: Any) -> None:
    case = case_of(world, world.node("n", cpu=2000, cores=(500, 500)), world.demand("d", cores=(800,)))
    (edits,) = core_edits(case)
    assert ["service/d.cores down to [500m]"] in words(edits)
    assert ["node/n.cores up to [800m, 500m]"] in words(edits)


def test_missing_accelerators_are_covered_by_less_or_more_of_them(world: Any) -> None:
    node = world.node("n", devices=(world.gpu(capacity=3000),))
    (edits,) = device_edits(case_of(world, node, world.demand("d", devices=(DeviceRequest("gpu", share=5000),))))
    assert ["service/d.gpu down to 30%"] in words(edits)
    assert ["node/n.GPU0 up to 50%"] in words(edits)


def test_rules_without_an_amount_are_lifted_on_either_side(world: Any) -> None:
    demand = world.demand("d", selector=(("disk", "fast"),), spread=(SpreadRule("zone", 1),))
    edits = [steps for edits in rule_edits(case_of(world, world.node("n"), demand)) for steps in words(edits)]
    assert ["node/n.labels.disk fast"] in edits
    assert ["service/d.nodeSelector without disk"] in edits
    assert ["service/d.spread without zone"] in edits


def test_what_is_asked_of_labels_is_lifted_on_either_side(world: Any) -> None:
    matches = (
        LabelMatch("camera", "Exists"),
        LabelMatch("disk", "NotIn", ("hdd",)),
        LabelMatch("node", "In", ("m",)),
        LabelMatch("zone", "In", ("a", "b")),
    )
    other = world.node("m", labels=(("camera", "4k"),))
    case = case_of(world, world.node("n", labels=(("disk", "hdd"),)), world.demand("d", matches=matches), nodes=[other])
    offered = {step.edit for edits in rule_edits(case) for steps in edits for step in steps}
    assert offered == {
        "node/n.labels.camera=4k", "node/n.labels.disk=none", "node/n.labels.zone=a", "node/n.labels.zone=b",
        *(f"service/d.nodeSelector.{key}=none" for key in ("camera", "disk", "node", "zone")),
    }  # fmt: skip


def test_required_neighbours_can_become_preferred_ones(world: Any) -> None:
    demand = world.demand("d", near=(AffinityRule(("service/p:other",), "node"),))
    case = case_of(world, world.node("n"), demand, world.demand("other"))
    assert [step.edit for step in preference_steps(case)] == ["service/d.near.other=preferred"]
    assert left_without_neighbour(case) == []


def test_a_slow_link_is_made_faster_or_its_flow_more_patient(world: Any) -> None:
    nodes = [world.node("n2")]
    wire, edges = Wire("w", ("node/n1", "node/n2"), 9000), (Edge("service/p:d", "service/p:peer", 4000),)
    case = case_of(
        world, world.node("n1"), world.demand("d"), world.demand("peer"), nodes=nodes, wires=[wire], edges=edges
    )
    peer = case.indexed.index["service/p:peer"]
    case.ledger.take(peer, case.indexed.node_index["n2"])
    (edits,) = link_edits(case)
    assert words(edits)[:2] == [["link/w.latency down to 4ms"], ["service/d.flow.peer.latency up to 9ms"]]


def test_suggestions_are_none_where_a_refusal_cannot_be_lifted(world: Any) -> None:
    assert suggestions(case_of(world, world.node("n"), world.demand("d"))) == []
    nodes = [world.node("n2")]
    wire = Wire("w", ("node/n2", "node/n3"), 1)
    edges = (Edge("service/p:d", "service/p:peer"),)
    case = case_of(
        world, world.node("n1"), world.demand("d"), world.demand("peer"), nodes=nodes, wires=[wire], edges=edges
    )
    case.ledger.take(case.indexed.index["service/p:peer"], case.indexed.node_index["n2"])
    assert suggestions(case) is None


def test_a_priority_is_raised_to_that_of_a_rival_and_above(world: Any) -> None:
    case = case_of(world, world.node("n"), world.demand("d", priority=2))
    assert [step.edit for step in raise_priority(case, {1, 5})] == ["service/d.priority=5", "service/d.priority=6"]


def test_trial_edits_shrink_a_change_to_the_least_that_suffices(world: Any) -> None:
    case = case_of(world, world.node("n", cpu=4000, cores=()), world.demand("d", cpu=3000))

    def suffices(steps: EditSet, _: int) -> bool:
        return any(step.edit.startswith("node/n.cpu=") and step.change >= 300_000 for step in steps)

    found = smaller_edits(case, None, suffices)
    assert found is not None
    assert [(step.edit, step.change) for step in found] == [("node/n.cpu=5200m", 300_000)]
    assert smaller_edits(case, 1, suffices) is None
    assert Adjustable(EditStep("w", "e", 1)).at is None
