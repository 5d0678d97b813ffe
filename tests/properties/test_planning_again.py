"""A plan of an unchanged problem is the plan before it, by every strategy and in whatever order the problem comes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from plan_samples import problems

from rohe_iac.planning.model.demand import DemandVariant
from rohe_iac.planning.model.json_codec import plan_from_json, plan_to_json, problem_from_json, problem_to_json
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Candidate, Origin, Plugin, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.solvers.defragmentation import defragmenting
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

quick = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))

STRATEGIES = ("first-fit", "best-fit", "worst-fit", "dot-product", "fragmentation", "portfolio")


def emptiest(candidates: Any) -> str:
    """Returns the candidate with the fewest replicas: which one that is changes with every replica."""
    return str(min(candidates, key=lambda candidate: candidate.replicas).node.name)


def not_beside_two(candidate: Candidate) -> str:
    """Refuses a third replica."""
    return "there are two" if candidate.replicas > 2 else ""


def late_names(candidate: Candidate) -> float:
    """Prefers nodes that come late by name."""
    return int(candidate.node.name[-1]) / 10


def plugged(problem: Problem) -> tuple[Problem, Plugins]:
    """Returns the problem with a filter, a scorer and a strategy of a user, and these."""
    filter_, scorer, strategy = (
        Plugin(kind, call.__name__, Origin(f"m.py:{call.__name__}", "m.py:1", "00"), call)
        for kind, call in (("filter", not_beside_two), ("scorer", late_names), ("strategy", emptiest))
    )
    named = replace(
        problem.settings,
        filters=("m.py:not_beside_two",),
        scorers=(("m.py:late_names", 2048),),
        strategy="m.py:emptiest",
        origins=(filter_.origin, scorer.origin, strategy.origin),
    )
    return replace(problem, settings=named), Plugins((filter_,), (scorer,), strategy)


def with_variants(problem: Problem) -> Problem:
    """Returns the problem with a smaller variant of its first service."""
    first, *others = problem.demands
    small = replace(first.resources, cpu=first.resources.cpu // 3)
    variants = (DemandVariant("large", first.resources, 9000), DemandVariant("small", small, 8000))
    return replace(problem, demands=(replace(first, variants=variants), *others))


def as_recorded(found: Plan, problem: Problem) -> Plan:
    """Returns the plan as it comes back from a record."""
    return replace(plan_from_json(plan_to_json(found)), problem=problem_from_json(problem_to_json(problem)))


def stands(problem: Problem, plugins: Plugins, shuffle: Any, previous: Plan | None = None) -> None:
    """Asserts that a plan of the problem is the same when it is made again, and again after that."""
    first = plan(problem, previous, plugins)
    nodes, demands, edges = list(problem.nodes), list(problem.demands), list(problem.edges)
    for items in (nodes, demands, edges):
        shuffle.shuffle(items)
    shuffled = replace(problem, nodes=tuple(nodes), demands=tuple(demands), edges=tuple(edges))
    again = plan(shuffled, as_recorded(first, problem), plugins)
    assert held(again) == held(first)
    assert missing(again) == missing(first)
    assert verify(shuffled, again, plugins) == ()
    assert again.gain is None
    assert held(plan(problem, again, plugins, explain=False)) == held(first)


def held(found: Plan) -> list[tuple[object, ...]]:
    """What every replica has of its node."""
    return [(item.replica, item.node, item.variant, item.cores, item.devices, item.ports) for item in found.placements]


def missing(found: Plan) -> set[str]:
    return {item.replica for item in found.unplaced}


@quick
@given(
    problems(), some.sampled_from(STRATEGIES), some.integers(0, 1), some.booleans(), some.randoms(use_true_random=False)
)
def test_a_plan_made_again_is_the_same_by_every_strategy(
    problem: Problem, strategy: str, survive: int, variants: bool, shuffle: Any
) -> None:
    problem = replace(problem, settings=replace(problem.settings, strategy=strategy, survive=survive))
    stands(with_variants(problem) if variants else problem, NO_PLUGINS, shuffle)


@quick
@given(problems(), problems(), some.randoms(use_true_random=False))
def test_a_plan_made_after_an_edit_or_to_free_nodes_is_the_same_when_it_is_made_again(
    problem: Problem, other: Problem, shuffle: Any
) -> None:
    before = plan(replace(other, nodes=problem.nodes))
    stands(problem, NO_PLUGINS, shuffle, before)
    freeing, _ = defragmenting(problem, NO_PLUGINS)
    stands(freeing, NO_PLUGINS, shuffle, before)


@quick
@given(problems(), some.randoms(use_true_random=False))
def test_a_plan_by_plug_ins_made_again_is_the_same(problem: Problem, shuffle: Any) -> None:
    stands(*plugged(problem), shuffle)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(problems(), some.randoms(use_true_random=False))
def test_a_plan_by_the_solver_made_again_is_the_same(problem: Problem, shuffle: Any) -> None:
    pytest.importorskip("ortools")
    exact = replace(problem.settings, strategy="exact", objective=("placed", "stable", "nodes"))
    stands(replace(problem, settings=exact, promises=()), NO_PLUGINS, shuffle)
