"""A plan on a screen and as a page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.plans import plan as plan_view
from rohe_iac.cli.views.plans.plan import PlanView
from rohe_iac.cli.views.plans.plan_markdown import closest_node, markdown_of
from rohe_iac.planning.model.plan import Rejection, Unplaced
from rohe_iac.usecases.plans.analysis import AnalysedPlan, unsupported_hint


def shown(new_screen: Any, analysed: AnalysedPlan, width: int = 140, **options: Any) -> str:
    """Returns what a terminal of that width shows of a plan."""
    screen, printed = new_screen(width, terminal=True)
    PlanView(screen).show(analysed, PageOutput.human, **options)
    text: str = printed()
    return text


def test_a_screen_has_replicas_nodes_refusals_and_work(new_screen: Any, digits: AnalysedPlan) -> None:
    text = shown(new_screen, digits, saved=Path("digits.plan"))
    for words in (
        "Plan of stack digits: 9 replicas placed. Uses 3 nodes; no plan can use fewer than 2",
        "Nothing is applied yet. 16 resources to create: 1 stack",
        "next: rohe apply digits.plan",
    ):
        assert words in text
    assert "Why other nodes were not used" not in text
    assert "Why other nodes were not used" in shown(new_screen, digits, every=True)
    assert all(placement.replica.removeprefix("replica/") in text for placement in digits.planfile.plan.placements)


def test_a_narrow_screen_has_the_replicas_below_their_nodes(new_screen: Any, digits: AnalysedPlan) -> None:
    lines = shown(new_screen, digits, 60).splitlines()
    assert "jetson-1" in lines
    assert "  digits:classify/svm/1" in lines
    assert max(map(len, lines)) <= 60


def test_response_times_are_shown_beside_their_limits(new_screen: Any, cctvs: AnalysedPlan) -> None:
    assert "cctvs-sla/fast-answers: 1075 ms of 1200 ms (10.4 % slack)" in shown(new_screen, cctvs)
    page = "\n".join(markdown_of(cctvs))
    row = "| cctvs-sla/fast-answers | image-ingestion to object-detection | 1075 ms | 1200 ms | 10.4 % slack |"
    assert f"{row} 726 ms with the neighbours of this plan, requests to the least busy replica |" in page


def test_of_many_replicas_each_workload_is_a_row(
    new_screen: Any, digits: AnalysedPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_view, "FEW", 5)
    monkeypatch.setattr(plan_view, "FEWER", 3)
    text = shown(new_screen, digits)
    assert "WORKLOAD" in text
    assert "more workloads; --all shows every replica" in text
    assert "WORKLOAD" not in shown(new_screen, digits, every=True)
    monkeypatch.setattr(plan_view, "FEWER", 12)
    assert "more workload" not in shown(new_screen, digits), "all workloads have a row"


def test_a_replica_without_a_node_is_shown_with_its_place_and_the_closest_node(
    new_screen: Any, digits: AnalysedPlan
) -> None:
    near = Rejection("pi-1", "cpu", "cpu: needs 2, only 1 is free", 500_000)
    missing = Unplaced("replica/a/0", "service/a", "p", "a", "", 0, (near,))
    planfile = digits.planfile
    planfile = replace(
        planfile, plan=replace(planfile.plan, unplaced=(missing,)), places=(("service/a", "blueprints/a.yaml:3:5"),)
    )
    text = shown(new_screen, AnalysedPlan(planfile))
    assert "1 replica fits on no node" in text
    assert "blueprints/a.yaml:3:5: replica/a/0: closest is pi-1: cpu: needs 2, only 1 is free" in text
    page = list(markdown_of(AnalysedPlan(planfile)))
    assert "| replica/a/0 | blueprints/a.yaml:3:5 | pi-1: cpu: needs 2, only 1 is free |" in page
    assert closest_node(()) == ""


def test_fields_without_support_are_noted_with_what_to_do(new_screen: Any, digits: AnalysedPlan) -> None:
    planfile = replace(digits.planfile, target="manifests", unsupported=("stack.yaml:1:1: target has no effect yet",))
    text = " ".join(shown(new_screen, AnalysedPlan(planfile)).split())
    assert "apply will refuse: stack.yaml:1:1: target has no effect yet" in text
    assert unsupported_hint(planfile) in text
    assert unsupported_hint(digits.planfile) == "change these fields as each line says"


def test_json_is_the_plan_file_with_its_digest(
    new_screen: Any, digits: AnalysedPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    PlanView(new_screen()[0]).show(digits, PageOutput.json)
    value = json.loads(capsys.readouterr().out)
    assert value.pop("digest") == digits.planfile.digest
    (prediction,) = value.pop("predictions")
    assert prediction["objective"] == "digits-quality/fast-answers"
    assert prediction["uncounted"][:2] == ["service/digits:camera", "service/digits:preprocess"]
    assert value == json.loads(json.dumps(digits.planfile.content()))
