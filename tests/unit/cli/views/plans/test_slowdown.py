"""How slowdowns look, on screens and pages."""

from __future__ import annotations

from typing import Any

from rohe_iac.cli.options import PageOutput
from rohe_iac.cli.views.page.page import page_of
from rohe_iac.cli.views.plans.plan import PlanView
from rohe_iac.cli.views.plans.plan_markdown import markdown_of
from rohe_iac.cli.views.plans.prediction import shown_slowdown, slowdowns_by_replica
from rohe_iac.planning.questions.analysis.slowed_replicas import SlowedReplica, slowed_replicas
from rohe_iac.usecases.plans.analysis import AnalysedPlan


def test_a_slowdown_names_the_neighbours_and_what_the_contract_limits() -> None:
    alone = SlowedReplica("replica/p:a/0", "n1", ("7 replicas of detector", "tracker"), 400_000)
    assert shown_slowdown(alone) == "beside 7 replicas of detector, tracker: 1.4 times slower"
    limited = SlowedReplica("replica/p:a/0", "n1", ("tracker",), 333_348, "sla/fast", 210_000, 300_000)
    assert shown_slowdown(limited) == "beside tracker: 1.33 times slower, expected 210 ms of 300 ms (sla/fast)"
    assert slowdowns_by_replica([SlowedReplica("replica/p:a/0", "n1", ("b",), 9_999)]) == {}


def test_a_plan_shows_what_slows_its_sensitive_replicas_down(new_screen: Any, cctvs: AnalysedPlan) -> None:
    screen, printed = new_screen(500)
    PlanView(screen).show(cctvs, PageOutput.human)
    words = (
        "beside 7 replicas of object-detection: 1.06 times slower, expected 451 ms of 700 ms (cctvs-sla/fast-detection)"
    )
    assert words in printed()
    assert words in "\n".join(markdown_of(cctvs))


def test_the_page_shows_it_too(cctvs: AnalysedPlan) -> None:
    assert "beside 7 replicas of object-detection: 1.06 times slower, expected 451 ms of 700 ms" in page_of(cctvs)


def test_the_neighbours_are_those_on_the_node(cctvs: AnalysedPlan) -> None:
    problem, plan = cctvs.planfile.problem, cctvs.planfile.plan
    found = slowed_replicas(problem, plan, cctvs.predictions)
    assert {item.replica for item in found} == {item.replica for item in plan.placements if item.slowdown}
    detector = next(item for item in found if item.node == "jetson-nano-01")
    assert detector.beside == ("7 replicas of object-detection",)
    assert detector.objective == "cctvs-sla/fast-detection", "that of the service, not of the pipeline"
    assert slowed_replicas(problem, plan, ())[0].objective == ""
