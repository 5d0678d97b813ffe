"""Room for updates: kept after the replicas of its priority, shown, verified, and left out with its pipeline."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.cli.views.plans.sentences import summary, update_room
from rohe_iac.planning.model.demand import DemandVariant, Resources, SpreadRule
from rohe_iac.planning.model.plan import Plan, missing_words
from rohe_iac.planning.model.strategies import STRATEGIES
from rohe_iac.planning.model.update_room import rooms_of
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.resilience.failure_audit import audit
from rohe_iac.planning.verification.statements.update_room import with_room
from rohe_iac.planning.verification.verify import verify


def on(items: Any) -> dict[str, int]:
    return dict(Counter(item.node for item in items))


def unplaced(decided: Plan) -> list[str]:
    return [item.replica for item in decided.unplaced]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_room_is_kept_on_any_node_that_can_take_a_replica_more(world: Any, strategy: str) -> None:
    demands = [world.demand("d", 2, 2000, update_room=1, spread=(SpreadRule("node", 1),)), world.demand("e", 1, 1500)]
    nodes = [world.node("n1", cpu=2500), world.node("n2"), world.node("n3", cpu=2000)]
    problem = world.problem(nodes, demands, strategy=strategy)
    decided = plan(problem)
    assert decided.unplaced == ()
    assert [(item.workload, item.index) for item in decided.reserved] == [("update/p:d", 0)]
    assert verify(problem, decided) == ()


def test_room_of_one_service_is_not_that_of_another(world: Any) -> None:
    demands = [world.demand(name, 1, 1000, update_room=1) for name in "de"]
    problem = world.problem([world.node("n1", cpu=3000)], demands)
    decided = plan(problem)
    assert on(decided.placements) == {"n1": 2}
    assert len(decided.reserved) == 1
    assert unplaced(decided) == ["update/p:e/0"]
    assert verify(problem, decided) == ()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_replicas_of_the_priority_come_before_room_and_room_before_lower_ones(world: Any, strategy: str) -> None:
    demands = [
        world.demand("d", 1, 1000, update_room=2, priority=1),
        world.demand("e", 2, 1000, priority=1),
        world.demand("f", 2, 1000),
    ]
    problem = world.problem([world.node("n1", cpu=4000)], demands, strategy=strategy)
    decided = plan(problem)
    assert Counter(item.service for item in decided.placements) == {"d": 1, "e": 2}
    assert unplaced(decided) == ["replica/p:f/0", "replica/p:f/1", "update/p:d/1"]
    assert verify(problem, decided) == ()


def test_replicas_that_stay_are_not_moved_for_room_and_room_moves_freely(world: Any) -> None:
    demand = world.demand("d", 2, 1500, update_room=1)
    problem = world.problem([world.node("n1"), world.node("n2")], [demand])
    before = plan(problem)
    assert on(before.placements) == {"n1": 2}
    assert on(before.reserved) == {"n2": 1}
    again = plan(problem, before)
    assert again.reserved == before.reserved
    lost = replace(problem, nodes=(problem.nodes[0], world.node("n2", status="down"), world.node("n3")))
    after = plan(lost, before)
    assert (on(after.placements), on(after.reserved)) == ({"n1": 2}, {"n3": 1})
    assert verify(lost, after) == ()
    # What a failure takes away may use the room.
    (impact, *_) = audit(problem, before)
    assert impact.unplaceable == ()


def test_room_is_for_the_variant_that_runs_and_for_no_pipeline_that_is_left_out(world: Any) -> None:
    variants = (
        DemandVariant("large", Resources(cpu=3000), 900_000),
        DemandVariant("small", Resources(cpu=1000), 700_000),
    )
    problem = world.problem([world.node("n1")], [world.demand("d", 2, variants=variants, update_room=2)])
    decided = plan(problem)
    assert {item.variant for item in decided.placements} == {"small"}
    assert on(decided.reserved) == {"n1": 2}
    assert verify(problem, decided) == ()
    gang = world.problem([world.node("n1")], [world.demand("d", 3, 1500, update_room=1)], gangs=("p",))
    decided = plan(gang)
    assert (decided.placements, decided.reserved) == ((), ())
    assert unplaced(decided) == [f"replica/p:d/{index}" for index in range(3)]
    assert verify(gang, decided) == ()


def test_only_amounts_and_the_node_itself_bind_room(world: Any) -> None:
    demand = world.demand("d", 1, 700, selector=(("disk", "ssd"),), spread=(SpreadRule("zone", 1),), update_room=3)
    (room,) = rooms_of([demand], {})
    assert (room.workload, room.replicas, room.selector, room.spread) == ("update/p:d", 3, demand.selector, ())
    assert list(rooms_of([replace(demand, replicas=0), replace(demand, system=True)], {})) == []
    assert room.rank == demand.rank - 1


def test_a_plan_without_the_room_is_refused(world: Any) -> None:
    problem = world.problem([world.node("n1"), world.node("n2")], [world.demand("d", 1, 1500, update_room=1)])
    decided = plan(problem)
    rules = {fault.rule for fault in verify(problem, replace(decided, reserved=()))}
    assert "identity" in rules
    moved = (structs.replace(decided.reserved[0], node="n9"),)
    assert "identity" in {fault.rule for fault in verify(problem, replace(decided, reserved=moved))}
    tight = replace(problem, nodes=tuple(replace(node, cpu=2000) for node in problem.nodes))
    assert "cpu" in {fault.rule for fault in verify(tight, decided)}
    assert with_room(replace(problem, demands=()), replace(decided, reserved=()))[1].reserved == ()


def test_screens_name_the_nodes_with_room(world: Any) -> None:
    problem = world.problem([world.node("n1"), world.node("n2")], [world.demand("d", 1, 1500, update_room=3)])
    edited = apply_edits(problem, parse_edits("service/d.reserve=2"))
    assert list(update_room(plan(problem))) == ["room to update service/p:d: 3 replicas on n1, n2 (2)"]
    assert len(plan(edited).reserved) == 2


def test_missing_room_is_not_counted_as_replicas(world: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d", 3, 1500, update_room=2)])
    decided = plan(problem)
    assert missing_words(decided.unplaced) == "1 replica without a node and no room to update 2 replicas"
    assert "2 replicas placed, 1 without a node, no room to update 2 replicas." in summary(decided)
    assert missing_words(decided.unplaced[1:]) == "no room to update 2 replicas"


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_room_that_nothing_runs_in_slows_no_replica_down(world: Any, strategy: str) -> None:
    sensitive = world.demand("d", 2, 900, update_room=1, sensitivity="cpu", slowdown=400_000)
    problem = world.problem([world.node("n1"), world.node("n2")], [sensitive, world.demand("e", 1, 500)])
    problem = replace(problem, settings=replace(problem.settings, strategy=strategy))
    decided = plan(problem)
    assert len(decided.reserved) == 1
    assert verify(problem, decided) == ()
