"""The choice of a variant for each service."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import DemandVariant, Resources
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.construction.greedy import Construction
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.solvers.variants import first_choice, next_choice

VARIANTS = (
    DemandVariant("small", Resources(cpu=500), 710_000),
    DemandVariant("large", Resources(cpu=9000), 900_000),
    DemandVariant("medium", Resources(cpu=3000), 820_000),
)


def test_the_first_choice_is_the_variant_of_the_previous_plan_or_the_most_accurate(world: Any) -> None:
    problem = world.problem([world.node("n1")], [world.demand("d", variants=VARIANTS), world.demand("e")])
    assert first_choice(problem, None) == {"service/p:d": 1}
    assert first_choice(problem, plan(problem)) == {"service/p:d": 2}


def test_the_next_choice_is_less_accurate_until_there_is_none(world: Any) -> None:
    problem = world.problem([world.node("n1", cpu=100)], [world.demand("d", variants=VARIANTS)])
    tried = [first_choice(problem, None)]
    while True:
        construction = Construction(IndexedProblem(problem, tried[-1]), "best-fit").run([0], {})
        following = next_choice(construction, tried[-1])
        if following is None:
            break
        tried.append(following)
    assert [choice["service/p:d"] for choice in tried] == [1, 2, 0]
