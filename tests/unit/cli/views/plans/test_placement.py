"""The answer to `rohe explain ADDR`."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans.placement import PlacementView
from rohe_iac.planning.questions.analysis.node_survey import surveys_of
from rohe_iac.usecases.plans.analysis import AnalysedPlan
from rohe_iac.usecases.plans.explain import PlacementExplanation


@pytest.fixture
def explanation(digits: AnalysedPlan) -> PlacementExplanation:
    """Why a classifier is where it is, with a note on a filter that was not asked."""
    plan = digits.planfile.plan
    placements = tuple(item for item in plan.placements if item.workload == "service/digits:classify/svm")
    refusals = tuple(item for item in plan.refusals if item.workload == "service/digits:classify/svm")
    return PlacementExplanation("service/classify/svm", "a plan", placements, (), refusals, unasked=("own: changed",))


def test_each_replica_has_its_node_reason_and_points(new_screen: Any, explanation: PlacementExplanation) -> None:
    screen, printed = new_screen()
    PlacementView(screen).show(explanation, PageOutput.human)
    text = printed()
    assert "note: not asked: own: changed" in text
    assert "service/classify/svm, by a plan" in text
    assert "replica/digits:classify/svm/1 on pi-1: the only suitable node" in text
    assert "nodes refused for service/digits:classify/svm: 1 by cpu, 1 by spread" in text


def test_surveys_take_the_place_of_refusals(
    new_screen: Any, explanation: PlacementExplanation, digits: AnalysedPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    planfile = digits.planfile
    surveys = surveys_of(planfile.problem, planfile.plan, explanation.placements[-1:])
    whole = PlacementExplanation("a", "a plan", explanation.placements, (), explanation.refusals, surveys)
    screen, printed = new_screen()
    PlacementView(screen).show(whole, PageOutput.human)
    assert "every node for replica/digits:classify/svm/1" in printed()
    assert "nodes refused for" not in printed()
    PlacementView(screen).show(whole, PageOutput.markdown)
    assert "## replica/digits:classify/svm/1" in capsys.readouterr().out
