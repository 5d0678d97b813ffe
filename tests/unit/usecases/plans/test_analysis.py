"""What screens and pages show of a plan beyond its plan file."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from rohe_iac.usecases.plans.analysis import AnalysedPlan, unsupported_hint
from rohe_iac.usecases.plans.plan import make_plan

EXAMPLES = Path(__file__).parents[4] / "examples"


@pytest.fixture(scope="module")
def cctvs() -> AnalysedPlan:
    """The plan of the surveillance example."""
    return AnalysedPlan(make_plan(EXAMPLES / "cctvs").planfile)


def test_answers_are_computed_once_and_when_needed(cctvs: AnalysedPlan) -> None:
    fresh = AnalysedPlan(cctvs.planfile)
    assert set(vars(fresh)) == {"planfile", "before", "agents", "undone", "incomplete"}
    assert fresh.predictions is fresh.predictions
    assert [prediction.objective for prediction in fresh.predictions] == [
        "cctvs-sla/fast-detection",
        "cctvs-sla/fast-answers",
    ]
    nodes = [node.name for node in cctvs.planfile.problem.nodes]
    assert fresh.connections.between(nodes[0], nodes[1]).connected


def test_changes_are_against_the_plan_before_and_without_one_everything_is_added(cctvs: AnalysedPlan) -> None:
    assert {change.kind for change in cctvs.changes} == {"added"}
    plan = cctvs.planfile.plan
    placements = (msgspec.structs.replace(plan.placements[0], node="elsewhere"), *plan.placements[1:])
    before = replace(cctvs.planfile, plan=replace(plan, placements=placements))
    counts = Counter(change.kind for change in AnalysedPlan(cctvs.planfile, before).changes)
    assert counts == {"moved": 1, "kept": len(placements) - 1}


def test_fields_without_support_have_a_hint_by_target(cctvs: AnalysedPlan) -> None:
    assert unsupported_hint(replace(cctvs.planfile, target="local")) == "change these fields as each line says"
    assert unsupported_hint(replace(cctvs.planfile, target="kubernetes")) == "change these fields as each line says"
    assert "local and kubernetes" in unsupported_hint(replace(cctvs.planfile, target="manifests"))
