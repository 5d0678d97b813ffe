"""Plans from decisions: reasons, unplaced replicas and the bound."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from rohe_iac.planning.model.demand import NodePreference
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.plan_building import LATE_ENDING, build_plan
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify


def test_a_reason_says_what_the_strategy_prefers_and_how_many_nodes_fitted(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n1"), world.node("n2")], [world.demand("d", cpu=100)]))
    for strategy, reason in (
        ("best-fit", "tightest fit among 2 suitable nodes, first by name of equal scores"),
        ("first-fit", "first by name among 2 suitable nodes"),
        ("worst-fit", "loosest fit among 2 suitable nodes, first by name of equal scores"),
    ):
        plan = build_plan(Construction(indexed, strategy).run([0], {}), None)
        assert [placement.reason for placement in plan.placements] == [reason]


@pytest.mark.parametrize(
    ("strategy", "reason"),
    [
        ("best-fit", "least interference with neighbours, then tightest fit among 2 suitable nodes"),
        ("worst-fit", "least interference with neighbours, then loosest fit among 2 suitable nodes"),
        ("first-fit", "first by name among 2 suitable nodes"),
    ],
)
def test_a_reason_names_what_counts_before_the_fit(world: Any, strategy: str, reason: str) -> None:
    nodes = [world.node("n1", cpu=4000), world.node("n2", cpu=4000)]
    demands = [world.demand("d", 2, cpu=900, sensitivity="cpu", slowdown=400_000)]
    problem = world.problem(nodes, demands, strategy=strategy)
    decided = plan(problem)
    assert decided.placements[-1].reason == reason
    assert verify(problem, decided) == ()


def test_a_reason_names_preferences_before_all_else(world: Any) -> None:
    fast = (NodePreference((("fast", "yes"),)),)
    nodes = [world.node("n1"), world.node("n2", labels=(("fast", "yes"),))]
    problem = world.problem(nodes, [world.demand("d", cpu=100, prefers=fast)], strategy="best-fit")
    decided = plan(problem)
    (placed,) = decided.placements
    assert (placed.node, placed.reason) == ("n2", "most preferences met, then tightest fit among 2 suitable nodes")
    assert verify(problem, decided) == ()
    unlike = structs.replace(
        placed, reason="least interference with neighbours, then tightest fit among 2 suitable nodes"
    )
    faults = verify(problem, replace(decided, placements=(unlike,)))
    assert any("interference does not score" in fault.message for fault in faults)


def test_a_late_replica_says_so_in_its_reason_with_the_note_of_its_service(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n1")], [world.demand("d", 2, cpu=100, note="2 by load")]))
    construction = Construction(indexed, "best-fit").run([0], {})
    construction.late = {(0, 1)}
    first, second = build_plan(construction, None).placements
    assert (first.late, first.reason) == (False, "the only suitable node (2 by load)")
    assert (second.late, second.reason) == (True, f"the only suitable node{LATE_ENDING} (2 by load)")


def test_unplaced_replicas_are_listed_by_index_and_a_solver_may_raise_the_bound(world: Any) -> None:
    nodes = [world.node(f"n{number}", cpu=1000) for number in range(3)]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", 12, cpu=1000)]))
    construction = Construction(indexed, "best-fit").run([0], {})
    plan = build_plan(construction, None)
    assert [replica.index for replica in plan.unplaced] == list(range(3, 12))
    assert {node.rule for replica in plan.unplaced for node in replica.closest} == {"cpu"}
    construction.least_nodes = 4
    assert build_plan(construction, None).bound.arguments == ("exact",)


def test_preferences_of_one_service_leave_the_reasons_of_others_true(world: Any) -> None:
    fast = (NodePreference((("fast", "yes"),)),)
    nodes = [world.node("n1"), world.node("n2", labels=(("fast", "yes"),))]
    demands = [world.demand("d", cpu=100, prefers=fast), world.demand("e", cpu=100)]
    problem = world.problem(nodes, demands, strategy="best-fit")
    decided = plan(problem)
    assert ["preferences" in item.reason for item in decided.placements] == [True, False]
    assert verify(problem, decided) == ()
