from __future__ import annotations

from dataclasses import replace
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from plan_samples import problems

from rohe_iac.foundation.canonical import canonical_json
from rohe_iac.planning.model.json_codec import (
    canonical_bytes,
    plan_from_json,
    plan_to_json,
    problem_from_json,
    problem_to_json,
)
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.evaluation.vectorized import evaluator as vectorized
from rohe_iac.planning.placement.evaluation.vectorized import shortfalls
from rohe_iac.planning.placement.objective.bounds import ideal_point, max_replicas
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.from_plan import ledger_of, nodes_of, standing_grants
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.construction.repair import drop_unsupported, repair
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.local_search.search import RuinAndRecreate
from rohe_iac.planning.solvers.plan_building import build_plan
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

quick = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


@quick
@given(problems())
def test_no_constraint_is_broken_whatever_is_planned(problem: Problem) -> None:
    assert verify(problem, plan(problem)) == ()


@quick
@given(problems(), problems())
def test_no_node_takes_a_replica_that_is_left_out(problem: Problem, other: Problem) -> None:
    problem = replace(problem, settings=replace(problem.settings, objective=("placed", "nodes"), max_moves=None))
    for previous in (None, plan(replace(other, nodes=problem.nodes))):
        found = plan(problem, previous)
        indexed, ledger = ledger_of(problem, found)
        told = {item.workload: item for item in found.refusals}
        for item in found.unplaced:
            assert all(
                refusal(indexed, ledger, indexed.index[item.workload], node) for node in range(len(indexed.nodes))
            )
            assert sum(number for _, number in told[item.workload].by_rule) == len(indexed.nodes)
            assert not any(near.missing.endswith(" fits") for near in item.closest)


@quick
@given(problems(), some.randoms(use_true_random=False))
def test_the_order_of_the_problem_means_nothing(problem: Problem, shuffle: Any) -> None:
    nodes, wanted, edges = list(problem.nodes), list(problem.demands), list(problem.edges)
    for items in (nodes, wanted, edges):
        shuffle.shuffle(items)
    again = replace(problem, nodes=tuple(nodes), demands=tuple(wanted), edges=tuple(edges))
    assert plan(again) == plan(problem)


@quick
@given(problems(), problems())
def test_a_plan_made_against_another_keeps_all_constraints_and_is_stable_when_made_again(
    problem: Problem, other: Problem
) -> None:
    first = plan(problem, plan(replace(other, nodes=problem.nodes)))
    assert verify(problem, first) == ()
    again = plan(problem, first)
    assert verify(problem, again) == ()
    assert held(again) == held(first)
    assert again.unplaced == first.unplaced or {item.replica for item in again.unplaced} == {
        item.replica for item in first.unplaced
    }


@quick
@given(problems(), some.sampled_from(["priority", "name", "node"]))
def test_an_edit_that_asks_for_nothing_else_leaves_every_replica_what_it_has(problem: Problem, kind: str) -> None:
    first = plan(problem)
    if first.unplaced:
        return
    edited = problem
    if kind == "priority":
        edited = replace(problem, demands=tuple(replace(item, priority=item.priority + 1) for item in problem.demands))
    elif kind == "name":
        edited = replace(problem, stack="renamed")
    elif kind == "node":
        edited = replace(problem, nodes=(*problem.nodes, replace(problem.nodes[0], name="zz", status="down")))
    edited = replace(edited, settings=replace(edited.settings, objective=("placed", "stable", "nodes")))
    assert held(plan(edited, first)) == held(first)


def held(found: Plan) -> list[tuple[object, ...]]:
    """What every replica has of its node."""
    return [(item.replica, item.node, item.cores, item.devices, item.ports) for item in found.placements]


@quick
@given(problems())
def test_arrays_and_lists_come_to_the_same_plan(problem: Problem) -> None:
    plans: list[Plan] = []
    few = vectorized.FEW
    for limit, in_batches, least in (
        (0, True, few),
        (0, True, 0),
        (0, False, 0),
        (1 << 60, True, few),
        (1 << 60, False, few),
    ):
        indexed = IndexedProblem(problem)
        # Where few states pass, arrays are left for them; none are few here but the first time.
        with patch.object(vectorized, "FEW", least):
            construction = Construction(
                indexed, problem.settings.strategy, scalar_limit=limit, in_batches=in_batches
            ).run(service_order(indexed), {})
        repair(construction, service_order(indexed))
        plans.append(build_plan(construction, None))
    assert all(one == plans[0] for one in plans)


@quick
@given(problems())
def test_what_refuses_is_told_alike_in_floats_and_in_whole_numbers(problem: Problem) -> None:
    indexed = IndexedProblem(problem)
    told = []
    for large in (shortfalls.LARGE, 0):
        with patch.object(shortfalls, "LARGE", large):
            told.append(
                Construction(indexed, problem.settings.strategy, scalar_limit=0)
                .run(service_order(indexed), {})
                .refusals
            )
    assert told[0] == told[1]


@quick
@given(problems())
def test_giving_everything_back_empties_the_ledger(problem: Problem) -> None:
    indexed = IndexedProblem(problem)
    construction = Construction(indexed, problem.settings.strategy).run(service_order(indexed), {})
    for found in construction.decisions:
        for decision in found:
            construction.ledger.release(decision)
    fresh = Ledger(indexed)
    for name in ("cpu", "rss", "vms", "cores", "devices", "placed", "counts", "ports", "bandwidth", "numbers"):
        assert getattr(construction.ledger, name) == getattr(fresh, name), name


@quick
@given(problems(), problems(), some.integers(1, 60))
def test_a_search_ends_no_worse_than_it_started_and_its_grants_are_what_it_rates(
    problem: Problem, other: Problem, iterations: int
) -> None:
    indexed = IndexedProblem(problem)
    before = standing_grants(indexed, plan(replace(other, nodes=problem.nodes)))
    start = Construction(indexed, "first-fit").run(service_order(indexed), before)
    drop_unsupported(start)
    objective = LexicographicObjective(indexed, nodes_of(before))
    missing = {(demand, index) for demand, indices in enumerate(start.unplaced) for index in indices}
    search = RuinAndRecreate(indexed, objective, start.grants(), missing)
    assert search.run(iterations).iterations == iterations
    settled = objective.worth((replica, grant.node) for replica, grant in search.placed.items())
    assert settled == search.worth()
    assert settled >= objective.worth((replica, grant.node) for replica, grant in start.grants().items())
    assert not search.missing & set(search.placed)
    assert len(search.missing) + len(search.placed) == sum(demand.replicas for demand in indexed.demands)
    again = RuinAndRecreate(indexed, objective, start.grants(), missing)
    again.run(iterations)
    assert again.placed == search.placed


@quick
@given(problems())
def test_json_keeps_plans_and_problems(problem: Problem) -> None:
    result = plan(problem)
    assert problem_from_json(problem_to_json(problem)) == problem
    assert plan_from_json(plan_to_json(result)) == result
    assert canonical_bytes(problem) == canonical_json(problem_to_json(problem))
    assert canonical_bytes(result) == canonical_json(plan_to_json(result))


@quick
@given(problems())
def test_no_plan_places_more_or_uses_fewer_nodes_than_the_bounds_say(problem: Problem) -> None:
    problem = replace(problem, settings=replace(problem.settings, objective=("placed", "nodes"), max_moves=None))
    indexed = IndexedProblem(problem)
    most = ideal_point(indexed, limited=False, floored=False)
    assert most is not None
    result = plan(problem)
    counts = [sum(item.workload == demand.workload for item in result.placements) for demand in indexed.demands]
    assert all(count <= ceiling for count, ceiling in zip(counts, max_replicas(indexed), strict=True))
    placed = {(indexed.index[item.workload], item.index): indexed.node_index[item.node] for item in result.placements}
    objective = LexicographicObjective(indexed, {})
    worth = objective.worth(placed.items())
    # Those that place less may use fewer nodes, the last term.
    assert all(one <= two for one, two in zip(worth[:-1], most[:-1], strict=True))
    assert worth <= most
    assert result.bound.at_least <= result.bound.nodes_used
