"""Pipelines that are placed whole or not at all: by each strategy, beside others, and after a node is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import AffinityRule, DemandVariant, Resources, SpreadRule
from rohe_iac.planning.model.json_codec import plan_from_json, plan_to_json, problem_from_json, problem_to_json
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.saved_fields import BRIEF
from rohe_iac.planning.model.strategies import STRATEGIES
from rohe_iac.planning.questions.analysis.node_survey import surveys_of
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.why_not import why_not
from rohe_iac.planning.solvers.gangs import assign_with_whole_gangs
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.gangs import gang_faults, members_of
from rohe_iac.planning.verification.statements.left_out import left_out_faults, room_faults
from rohe_iac.planning.verification.verify import verify

GROUP = ("rig",)


def of(world: Any, pipeline: str, name: str, replicas: int = 1, cpu: int = 0, **more: Any) -> Any:
    """Returns a demand of another pipeline than the one that the tests share."""
    demand = world.demand(name, replicas, cpu, **more)
    words = f"{pipeline}:{name}"
    return replace(demand, pipeline=pipeline, workload=f"service/{words}", replica=f"replica/{words}", slug=name)


def placed(decided: Plan) -> dict[str, int]:
    return dict(Counter(item.pipeline for item in decided.placements))


def crowded(world: Any, **more: Any) -> Any:
    """Two nodes that hold the other pipeline, and of the group all but its last replica."""
    demands = [of(world, "rig", "a", 2, 1500, priority=1), of(world, "rig", "b", 1, 3000, priority=1),
               of(world, "shop", "web", 4, 900)]  # fmt: skip
    return world.problem([world.node("n1"), world.node("n2", cpu=1800)], demands, gangs=GROUP, **more)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_does_not_fit_whole_leaves_its_room_to_others(world: Any, strategy: str) -> None:
    problem = crowded(world, strategy=strategy)
    decided = plan(problem)
    assert placed(decided) == {"shop": 4}
    (gang,) = decided.left_out
    assert (gang.pipeline, gang.replicas, len(decided.unplaced)) == ("rig", 3, 3)
    assert gang.missing
    assert verify(problem, decided) == ()
    in_part = replace(problem, gangs=())
    assert placed(plan(in_part))["rig"] == 2


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_fits_whole_is_placed_before_what_counts_less(world: Any, strategy: str) -> None:
    demands = [of(world, "rig", "a", 2, 1500, priority=1), of(world, "shop", "web", 4, 900)]
    problem = world.problem([world.node("n1"), world.node("n2", cpu=1800)], demands, gangs=GROUP, strategy=strategy)
    decided = plan(problem)
    assert placed(decided)["rig"] == 2
    assert decided.left_out == ()
    assert verify(problem, decided) == ()


def test_the_words_name_a_replica_without_room_and_the_closest_node(world: Any) -> None:
    decided = plan(crowded(world))
    assert str(decided.left_out[0]) == (
        "pipeline rig (gang: true) is left out with its 3 replicas: replica/rig:a/1 and 1 more have no room beside the "
        "others; closest is n1: cpu: needs 1500m, only 700m is free"
    )
    assert {near.missing.partition(";")[0] for item in decided.unplaced for near in item.closest} == {
        "gang: pipeline rig is placed whole or not at all"
    }


def test_of_two_pipelines_the_more_important_is_kept_whole(world: Any) -> None:
    demands = [of(world, "rig", "a", 2, 2000), of(world, "van", "b", 2, 2000, priority=1), of(world, "shop", "web", 1)]
    problem = world.problem([world.node("n1")], demands, gangs=("rig", "van"))
    assert placed(plan(problem)) == {"van": 2, "shop": 1}
    equal = replace(problem, demands=tuple(replace(demand, priority=0) for demand in demands))
    assert placed(plan(equal)) == {"rig": 2, "shop": 1}


def test_a_pipeline_that_was_set_back_for_another_in_vain_is_placed(world: Any) -> None:
    demands = [
        of(world, "rig", "a", 3, 2000, priority=1),
        of(world, "van", "b", 2, 1500),
        of(world, "van", "c", 1, 500),
    ]
    problem = world.problem([world.node("n1")], demands, gangs=("rig", "van"), iterations=0)
    decided = plan(problem)
    assert placed(decided) == {"van": 3}
    assert [gang.pipeline for gang in decided.left_out] == ["rig"]


def test_a_smaller_variant_is_tried_before_a_pipeline_is_left_out(world: Any) -> None:
    variants = (
        DemandVariant("large", Resources(cpu=3000), 900_000),
        DemandVariant("small", Resources(cpu=1000), 700_000),
    )
    demands = [of(world, "rig", "a", 2, variants=variants), of(world, "shop", "web", 1, 1500, variants=variants)]
    problem = world.problem([world.node("n1")], demands, gangs=GROUP)
    assert {item.variant for item in plan(problem).placements} == {"small"}
    narrow = replace(problem, nodes=(world.node("n1", cpu=1500),))
    decided = plan(narrow)
    assert placed(decided) == {"shop": 1}
    assert verify(narrow, decided) == ()


def test_a_running_pipeline_that_lost_its_room_is_left_out_whole(world: Any) -> None:
    demands = [of(world, "rig", "a", 4, 2000), of(world, "shop", "web", 2, 3000)]
    problem = world.problem([world.node("n1"), world.node("n2")], demands, gangs=GROUP)
    before = plan(problem)
    assert placed(before) == {"rig": 4}
    lost = replace(problem, nodes=(world.node("n1"), world.node("n2", status="down")))
    after = plan(lost, before)
    assert placed(after) == {"shop": 1}
    assert verify(lost, after) == ()
    # A cordoned node keeps what it has, but no part of a pipeline that is left out.
    narrow = replace(problem, nodes=(world.node("n1", status="cordoned"), world.node("n2", cpu=3000)))
    assert placed(plan(narrow, before)) == {"shop": 1}
    again = plan(lost, after)
    assert (placed(again), again.left_out, again.unplaced) == (placed(after), after.left_out, after.unplaced)
    assert placed(plan(problem, after)) == {"shop": 2}


def test_survive_relaxes_its_spread_for_a_pipeline_that_must_be_whole(world: Any) -> None:
    problem = world.problem([world.node("n1")], [of(world, "rig", "a", 2, 500)], gangs=GROUP, survive=1)
    decided = plan(problem)
    assert (placed(decided), decided.left_out) == ({"rig": 2}, ())
    assert [relaxed.failures for relaxed in decided.relaxed] == [0]
    assert verify(problem, decided) == ()


def test_neighbours_in_a_pipeline_are_placed_with_it(world: Any) -> None:
    near = (AffinityRule(("service/rig:a",), "node"),)
    demands = [
        of(world, "rig", "a", 1, 1000),
        of(world, "rig", "b", 2, 1000, near=near, spread=(SpreadRule("node", 2),)),
    ]
    problem = world.problem([world.node("n1", cpu=2500), world.node("n2", cpu=3500)], demands, gangs=GROUP)
    assert placed(plan(problem)) == {"rig": 3}
    narrow = replace(problem, nodes=problem.nodes[:1])
    decided = plan(narrow)
    assert placed(decided) == {}
    assert verify(narrow, decided) == ()


def test_what_the_stack_runs_for_itself_belongs_to_no_group(world: Any) -> None:
    agent = replace(of(world, "rig", "agent", 1, 100), system=True, workload="agent/rig", replica="agent/rig")
    problem = world.problem([world.node("n1")], [agent, of(world, "rig", "a", 2, 3000)], gangs=GROUP)
    decided = plan(problem)
    assert [item.workload for item in decided.placements] == ["agent/rig"]
    assert [demand.workload for demand in members_of(problem, "rig")] == ["service/rig:a"]
    assert verify(problem, decided) == ()


def test_no_group_means_one_attempt(world: Any) -> None:
    calls: list[frozenset[str]] = []

    def attempt(left_out: frozenset[str], first: str = "") -> Any:
        calls.append(left_out)
        return None

    assert assign_with_whole_gangs((), attempt) is None  # type: ignore[comparison-overlap]
    assert calls == [frozenset()]


def test_a_plan_that_says_otherwise_is_refused(world: Any) -> None:
    problem = crowded(world)
    decided = plan(problem)
    whole = plan(replace(problem, gangs=()))
    assert [str(fault) for fault in gang_faults(problem, whole)] == [
        "pipeline/rig: gang: 2 of its 3 replicas are placed"
    ]
    (gang,) = decided.left_out
    for altered in (
        (),
        (structs.replace(gang, replicas=2),),
        (structs.replace(gang, missing=(), refusals=()),),
        (structs.replace(gang, missing=("replica/shop:web/0",)),),
        (structs.replace(gang, refusals=()),),
        (gang, structs.replace(gang, pipeline="shop")),
    ):
        assert list(left_out_faults(problem, replace(decided, left_out=altered))), altered
    roomy = replace(problem, nodes=(world.node("n1", cpu=16_000), world.node("n2", cpu=1800)))
    assert [fault.rule for fault in room_faults(roomy, decided)] == ["gang"]
    assert list(room_faults(problem, decided)) == []


def test_files_hold_groups_only_where_there_are_some(world: Any) -> None:
    problem = crowded(world)
    decided = plan(problem)
    assert problem_from_json(problem_to_json(problem)) == problem
    assert plan_from_json(plan_to_json(decided)) == decided
    without = replace(problem, gangs=())
    assert "gangs" not in problem_to_json(without), BRIEF
    assert "left_out" not in plan_to_json(plan(without))


def test_questions_about_a_pipeline_that_is_left_out(world: Any) -> None:
    problem = crowded(world)
    decided = plan(problem)
    small = replace(problem, demands=problem.demands[:2])
    (answer,) = why_not(small, plan(small), "rig:a", "n1")
    assert answer.rule == "gang"
    assert [fix.what_if for fix in answer.fixes] == ["node/n1.cpu=4500m", "pipeline/rig.gang=false"]
    for survey in surveys_of(problem, decided, decided.unplaced):
        assert {near.rule for near in survey.refused} == {"gang"}
    edited = apply_edits(problem, parse_edits("pipeline/rig.gang=false,pipeline/shop.gang=true"))
    assert edited.gangs == ("shop",)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_gang_without_services_is_no_gang(world: Any, strategy: str) -> None:
    if strategy == "exact":
        pytest.importorskip("ortools")
    problem = world.problem([world.node("n1")], [of(world, "rig", "a", 1, 500)], gangs=("nothing",), strategy=strategy)
    decided = plan(problem)
    assert (len(decided.placements), decided.left_out) == (1, ())
    assert verify(problem, decided) == ()
