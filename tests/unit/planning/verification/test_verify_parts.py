"""Each part of verification finds its own kind of fault in a small plan, and nothing in the plan as it was made."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import (
    AffinityRule,
    DemandVariant,
    Edge,
    LabelMatch,
    NodePreference,
    Resources,
    SpreadRule,
    TolerationRule,
)
from rohe_iac.planning.model.plan import CoreUse, DeviceUse, Plan, Proof
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Candidate, Origin, Plugin
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import NodeTaint, Wire
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.bounds import derived_bounds
from rohe_iac.planning.verification.capacity import capacity_faults
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.identity import identity_faults
from rohe_iac.planning.verification.network import network_faults
from rohe_iac.planning.verification.placement_rules import coupling_faults, static_faults
from rohe_iac.planning.verification.plugged_filters import filter_faults
from rohe_iac.planning.verification.proofs import bound_faults, by_solver, proof_faults
from rohe_iac.planning.verification.reasons import first_static_rule, reason_faults, static_message
from rohe_iac.planning.verification.requests import has_preferred_labels, repels, requested


def rules(faults: Any) -> list[str]:
    return [fault.rule for fault in faults]


def moved(decided: Plan, node: str) -> Plan:
    """Returns the plan with its first placement on another node."""
    first, *rest = decided.placements
    return replace(decided, placements=(structs.replace(first, node=node), *rest))


@pytest.mark.parametrize(
    ("toleration", "kept_off"),
    [
        (TolerationRule("gpu", "Exists"), False),
        (TolerationRule("", "Exists"), False),
        (TolerationRule("gpu", "Equal", "yes"), False),
        (TolerationRule("gpu", "Equal", "no"), True),
        (TolerationRule("gpu", "Exists", "", "NoExecute"), True),
        (TolerationRule("disk", "Exists"), True),
    ],
)
def test_a_taint_repels_who_does_not_tolerate_it(world: Any, toleration: TolerationRule, kept_off: bool) -> None:
    demand = world.demand("d", tolerations=(toleration,))
    assert repels(NodeTaint("gpu", "yes", "NoSchedule"), demand) is kept_off
    assert not repels(NodeTaint("gpu", "yes", "PreferNoSchedule"), demand)


def test_a_request_is_that_of_the_chosen_variant(world: Any) -> None:
    variants = (DemandVariant("small", Resources(cpu=100), 0), DemandVariant("large", Resources(cpu=900), 0))
    demand = world.demand("d", cpu=500, variants=variants)
    assert [requested(demand, name).cpu for name in ("small", "large", "")] == [100, 900, 500]


def test_amounts_cores_and_devices_beyond_the_node_are_faults(world: Any) -> None:
    node = world.node("n1", cpu=2000, devices=(world.gpu(capacity=10_000),))
    demand = world.demand("d", 2, cpu=900, cores=(900,), devices=world.gpu_share(4000))
    problem = world.problem([node], [demand])
    decided = plan(problem)
    items = [(item, demand) for item in decided.placements]
    assert list(capacity_faults(problem, node, items)) == []
    small = replace(node, cpu=1000)
    assert rules(capacity_faults(problem, small, items)) == ["cpu"]
    first = decided.placements[0]
    crowded = structs.replace(first, cores=(CoreUse(1, 900),), devices=(DeviceUse("gpu", "GPU0", 9000),))
    both = [(structs.replace(item, cores=(CoreUse(1, 900),)), demand) for item in decided.placements]
    assert "cores" in rules(capacity_faults(problem, node, both))
    assert "accelerators" in rules(capacity_faults(problem, node, [(crowded, demand), items[1]]))


def test_static_and_coupling_rules_are_checked_where_a_replica_stands(world: Any) -> None:
    east = world.node("n1", labels=(("zone", "east"),))
    west = world.node("n2", labels=(("zone", "west"),), taints=(NodeTaint("edge"),))
    demand = world.demand("d", 2, selector=(("zone", "east"),), spread=(SpreadRule("zone", 1),))
    decided = plan(world.problem([east, world.node("n3", labels=(("zone", "east"),))], [replace(demand, spread=())]))
    first = decided.placements[0]
    assert list(static_faults(first, demand, east)) == []
    assert rules(static_faults(first, demand, west)) == ["labels", "taints"]
    assert east.domain("zone") == "east"
    assert east.domain("rack") is None
    nodes = {node.name: node for node in (east, west, world.node("n3", labels=(("zone", "east"),)))}
    items = list(decided.placements)
    assert rules(coupling_faults(nodes, {demand.workload: demand}, items)) == ["spread", "spread"]
    apart = replace(demand, spread=(), avoid=(AffinityRule((demand.workload,), "zone"),))
    assert rules(coupling_faults(nodes, {demand.workload: apart}, items)) == ["avoid", "avoid"]


@pytest.mark.parametrize(
    ("match", "suits"),
    [
        (LabelMatch("zone", "In", ("east", "west")), True),
        (LabelMatch("zone", "In", ("south", "west")), False),
        (LabelMatch("zone", "NotIn", ("east",)), False),
        (LabelMatch("rack", "NotIn", ("east",)), True),
        (LabelMatch("rack", "Exists"), False),
        (LabelMatch("zone", "DoesNotExist"), False),
        (LabelMatch("node", "In", ("n1",)), True),
        (LabelMatch("node", "NotIn", ("n1", "n2")), False),
    ],
)
def test_what_labels_have_to_be_is_checked_where_a_replica_stands(world: Any, match: LabelMatch, suits: bool) -> None:
    node = world.node("n1", labels=(("zone", "east"),))
    free = world.demand("d")
    first = plan(world.problem([node], [free])).placements[0]
    wanted = replace(free, matches=(match,))
    assert rules(static_faults(first, wanted, node)) == [] if suits else ["labels"]
    assert first_static_rule(wanted, node) == ("" if suits else "labels")
    assert has_preferred_labels(NodePreference((), 1, (match,)), node) is suits
    assert match.accepts(node.domain(match.key)) is suits
    decided = plan(world.problem([node], [wanted]))
    assert [item.node for item in decided.placements] == (["n1"] if suits else [])


def test_flows_need_links_that_are_fast_enough(world: Any) -> None:
    nodes = [world.node("n1"), world.node("n2")]
    demands = [world.demand("a"), world.demand("b")]
    edges = (Edge("service/p:a", "service/p:b", 1000),)
    wire = Wire("w", ("node/n1", "node/n2"), 5000)
    problem = world.problem(nodes, demands, edges=edges, wires=(wire,))
    decided = plan(problem)
    assert list(network_faults(problem, decided.placements)) == []
    apart = moved(decided, "n2" if decided.placements[0].node == "n1" else "n1")
    assert rules(network_faults(problem, apart.placements)) == ["latency"]


def test_names_counts_and_bounds_are_derived_anew(world: Any) -> None:
    problem: Problem = world.problem([world.node("n1"), world.node("n2")], [world.demand("d", 3, cpu=2000)])
    decided = plan(problem)
    for faults in (identity_faults(problem, decided), bound_faults(problem, decided), proof_faults(problem, decided)):
        assert list(faults) == []
    assert list(reason_faults(problem, decided, NO_PLUGINS)) == []
    assert max(derived_bounds(problem, decided).values()) == decided.bound.at_least == 2
    assert not by_solver(decided)
    assert rules(identity_faults(problem, replace(decided, placements=decided.placements[1:]))) == ["identity"]
    assert rules(bound_faults(problem, replace(decided, bound=replace(decided.bound, at_least=3)))) != []
    claimed = replace(decided, proofs=(Proof("nodes", 2, 2),))
    assert rules(proof_faults(problem, claimed)) == ["proofs"]
    late = structs.replace(decided.placements[0], late=True)
    assert rules(reason_faults(problem, replace(decided, placements=(late, *decided.placements[1:])), NO_PLUGINS)) != []


def test_the_first_static_rule_has_its_message(world: Any) -> None:
    demand = world.demand("d", selector=(("disk", "fast"),), arch=("amd64",))
    node = world.node("n1", arch="arm64")
    assert first_static_rule(demand, node) == "labels"
    assert static_message("labels", demand, node) == "labels: disk=fast missing"
    assert first_static_rule(replace(demand, selector=()), node) == "architecture"
    assert static_message("architecture", demand, node) == "architecture: the node is arm64, asked is amd64"


def test_filters_are_asked_again_of_every_node(world: Any) -> None:
    def refuse(candidate: Candidate) -> str:
        return "one is enough" if candidate.replicas else ""

    problem = world.problem([world.node("n1")], [world.demand("d", 2, cpu=100)])
    plugin = Plugin("filter", "refuse", Origin("m.py:refuse", "m.py:1"), refuse)
    decided = plan(problem)
    assert list(filter_faults(problem, decided.placements, ())) == []
    assert list(filter_faults(problem, decided.placements, (plugin,))) == [
        Fault("refuse", "replica/p:d/0", "one is enough")
    ]
