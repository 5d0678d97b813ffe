"""The reasons of a search are worked out again by code that shares nothing with the planner."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import AffinityRule, DeviceRequest, NodePreference, PortRequest, Resources
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.statements.places import place_faults
from rohe_iac.planning.verification.statements.room import lacks, room_of
from rohe_iac.planning.verification.verify import verify


@pytest.fixture
def found(world: Any) -> tuple[Problem, Plan]:
    nodes = [world.node("a", cpu=4000), world.node("b", cpu=3000), world.node("c", cpu=4000)]
    demands = [world.demand("big", 1, cpu=3000), world.demand("small", 4, cpu=900)]
    problem = world.problem(nodes, demands, strategy="portfolio", objective=("placed", "nodes", "cost"))
    decided = plan(problem)
    assert verify(problem, decided) == ()
    assert any(item.reason.startswith("here because") for item in decided.placements)
    return problem, decided


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("here because moving it to {idle} would need a ninth node", "would need a third node"),
        ("here because moving it to {idle} would spread the load less evenly", "would need a third node"),
        ("here because moving it to nowhere would need a third node", "nowhere is no other node"),
        ("here because moving it to {here} would need a third node", "is no other node"),
        ("here because moving it to {full} would need a third node", "cannot take it"),
        ("{idle} would do as well, by every term of the objective", "would need a third node"),
        (
            "one of several nodes that are as good by every term of the objective ({idle} too)",
            "would need a third node",
        ),
        ("no other node can take it beside the other replicas", "{idle} can"),
    ],
)
def test_a_reason_that_is_not_so_is_a_fault(found: tuple[Problem, Plan], reason: str, message: str) -> None:
    problem, decided = found
    used = {item.node for item in decided.placements}
    position = next(i for i, item in enumerate(decided.placements) if item.reason.startswith("here because"))
    here = decided.placements[position].node
    names = {
        "idle": next(node.name for node in problem.nodes if node.name not in used),
        "here": here,
        "full": next(name for name in used if name != here),
    }
    altered = list(decided.placements)
    altered[position] = structs.replace(altered[position], reason=reason.format(**names))
    faults = list(place_faults(problem, replace(decided, placements=tuple(altered))))
    assert [message.format(**names) in fault.message for fault in faults] == [True]
    assert verify(problem, replace(decided, placements=tuple(altered)))


def test_the_words_of_a_search_belong_to_what_a_search_placed(found: tuple[Problem, Plan]) -> None:
    problem, decided = found
    altered = tuple(structs.replace(item, decided="") for item in decided.placements)
    faults = verify(problem, replace(decided, placements=altered))
    assert any("of a replica that no search placed" in fault.message for fault in faults)
    unexplained = tuple(structs.replace(item, reason="chosen by the search") for item in decided.placements)
    faults = verify(problem, replace(decided, placements=unexplained))
    assert any("the plan explains its placements" in fault.message for fault in faults)


def test_a_node_that_is_shared_is_not_empty_otherwise(found: tuple[Problem, Plan]) -> None:
    problem, decided = found
    shared = "on a node that others use as well, so that no further one is needed"
    first = structs.replace(decided.placements[0], reason=shared)
    alone = replace(decided, placements=(first,))
    assert ["nothing else is on" in fault.message for fault in place_faults(problem, alone)] == [True]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("here because moving it to {idle} would need a ninth node", "would need a third node"),
        (
            "one of several nodes that are as good by every term of the objective ({idle} too)",
            "would need a third node",
        ),
        ("no other node can take it beside the other replicas", "{idle} can"),
    ],
)
def test_rules_of_other_services_and_a_range_of_ports_excuse_no_false_reason(
    world: Any, reason: str, message: str
) -> None:
    """What only another service prefers, avoids or flows to does not change what a move of this one does."""
    nodes = [world.node("a", cpu=4000), world.node("b", cpu=3000), world.node("c", cpu=4000)]
    demands = [
        world.demand("big", 1, cpu=3000),
        world.demand("small", 4, cpu=900, ports=(PortRequest("http"),)),
        world.demand("picky", 1, prefers=(NodePreference((("disk", "ssd"),), 1),)),
        world.demand("shy", 1, avoid=(AffinityRule(("service/p:picky",), "node"),)),
    ]
    problem = world.problem(nodes, demands, objective=("placed", "nodes", "cost"), ports=(4000, 4009))
    decided = plan(problem)
    assert verify(problem, decided) == ()
    used = {item.node for item in decided.placements}
    idle = next(node.name for node in nodes if node.name not in used)
    altered = [
        structs.replace(item, reason=reason.format(idle=idle), decided="search")
        if item.workload == "service/p:small"
        else item
        for item in decided.placements
    ]
    faults = list(place_faults(problem, replace(decided, placements=tuple(altered))))
    assert faults
    assert all(message.format(idle=idle) in fault.message for fault in faults)


def test_a_device_that_lacks_one_byte_of_memory_takes_no_replica(world: Any) -> None:
    gib = 2**30
    node = world.node("n", devices=(world.gpu(memory=5 * gib),))
    fits, not_quite = (Resources(devices=(DeviceRequest("gpu", share=100, memory=5 * gib + more),)) for more in (0, 1))
    assert list(lacks(room_of(node, [], MILLION), fits)) == []
    assert [lack.rule for lack in lacks(room_of(node, [], MILLION), not_quite)] == ["accelerators"]
