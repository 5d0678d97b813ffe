from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from plan_samples import problems

from rohe_iac.planning.model.plan import Plan, Refusals
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.questions.analysis.node_survey import latest, surveys_of
from rohe_iac.planning.solvers.planner import plan

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def told(found: Plan) -> dict[str, Refusals]:
    return {item.workload: item for item in found.refusals}


@quick
@given(problems(), some.booleans())
def test_a_survey_tells_what_the_plan_told_when_it_decided(problem: Problem, searched: bool) -> None:
    """But for services near each other: those that lose their neighbour after all were there for a while."""
    demands = tuple(replace(one, near=()) for one in problem.demands)
    strategy = "portfolio" if searched else "best-fit"
    problem = replace(problem, demands=demands, settings=replace(problem.settings, strategy=strategy))
    found = plan(problem)
    surveys = surveys_of(problem, found, found.placements)
    assert [survey.replica for survey in surveys] == [item.replica for item in found.placements]
    names = {node.name for node in problem.nodes}
    for survey, item in zip(surveys, found.placements, strict=True):
        assert {one.node for one in (*survey.fits, *survey.refused)} == names
        fits = {fit.node: fit for fit in survey.fits}
        assert (fits[item.node].points, fits[item.node].parts) == (item.points, item.parts)
        others = [fit for fit in survey.fits if fit.node != item.node]
        second = (item.runner_up.node, item.runner_up.points) if item.runner_up else None
        assert second == ((others[0].node, others[0].points) if others else None)
    refusals = told(found)
    for survey in surveys_of(problem, found, latest([*found.placements, *found.unplaced])):
        assert dict(survey.by_rule) == dict(refusals[survey.workload].by_rule)
        assert survey.refused[:5] == refusals[survey.workload].closest


@quick
@given(problems(), problems())
def test_replicas_that_stay_were_there_when_others_were_decided(problem: Problem, other: Problem) -> None:
    demands = tuple(replace(one, near=()) for one in problem.demands)
    problem = replace(problem, demands=demands, settings=replace(problem.settings, strategy="best-fit"))
    found = plan(problem, plan(replace(other, nodes=problem.nodes)))
    fresh = [item for item in found.placements if item.was != item.node]
    for survey, item in zip(surveys_of(problem, found, fresh), fresh, strict=True):
        fits = {fit.node: fit for fit in survey.fits}
        assert (fits[item.node].points, fits[item.node].parts) == (item.points, item.parts)
