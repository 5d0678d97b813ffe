"""Lanes and who hears them: reports wait for the watermark, and windows close in the order of what closes them."""

from __future__ import annotations

import math

import pytest
from objective_specs import objective_spec

from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.objective_evaluator import ObjectiveEvaluator
from rohe_iac.observation.measuring.heard_lane import HeardLane, heard_lanes
from rohe_iac.observation.measuring.report_lanes import MAX_UNRELEASED, ReportLanes
from rohe_iac.observation.measuring.request_lanes import RequestLanes
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sample import Sample, SamplePart

PART = ScopeSpec(service="s")
BY_TIME = WindowSpec(size_seconds=10.0, every_seconds=10.0)
BY_TWO = WindowSpec(size_count=2, every_count=2)


def lanes_of(*windows: WindowSpec, scope: ScopeSpec = PART) -> list[HeardLane]:
    objectives = [objective_spec(metric="x", scope=scope, window=window) for window in windows]
    contract = AgentContract(name="c", lateness=1.0, objectives=tuple(objectives))
    return heard_lanes([ObjectiveEvaluator(contract, spec, {}, []) for spec in objectives], {})


def report(seq: int, instance: str = "s-0", **changes: object) -> Report:
    return Report(client=instance, at=float(seq), service="s", instance=instance, seq=seq, fields={"x": seq, **changes})


def push(lanes: ReportLanes, made: Report) -> None:
    lanes.push(made, made.at, (made.client, made.seq), made.seq)


def test_reports_wait_for_the_watermark_and_close_windows_in_order() -> None:
    [lane] = lanes_of(BY_TWO, BY_TWO)
    reports = ReportLanes("g", [lane], {})
    for seq in (4, 1, 3, 2, 5):
        push(reports, report(seq))
    assert not reports.may_wait(5.0), "a window by count may close with any report"
    closed = [(number, window.end) for number, window in reports.release(5.0)]
    assert closed == [(0, 2.0), (1, 2.0), (0, 4.0), (1, 4.0)]


def test_reports_are_released_many_at_once_while_no_window_closes() -> None:
    [lane] = lanes_of(BY_TIME)
    reports = ReportLanes("g", [lane], {})
    push(reports, report(1))
    assert reports.release(2.0) == []
    for seq in (9, 8, 7):
        push(reports, report(seq))
    assert reports.may_wait(9.5)
    assert not reports.may_wait(10.0)
    push(reports, report(12))
    [(_, window)] = reports.release(10.0)
    assert (window.start, window.end, window.samples.count) == (0.0, 10.0, 4)
    for seq in range(13, 13 + MAX_UNRELEASED):
        push(reports, report(seq))
    assert not reports.may_wait(15.0), "reports that wait take more memory than those in windows"


@pytest.mark.parametrize(("model", "admitted"), [("m", True), ("other", False)])
def test_a_scope_may_name_the_model_of_a_report(model: str, admitted: bool) -> None:
    [lane] = lanes_of(BY_TWO, scope=ScopeSpec(service="s", model="m"))
    reports = ReportLanes("g", [lane], {})
    push(reports, report(1, model=model))
    reports.release(math.inf)
    assert lane.lane.end == int(admitted)


def test_a_report_of_another_service_is_in_no_lane() -> None:
    [lane] = lanes_of(BY_TWO)
    reports = ReportLanes("g", [lane], {})
    push(reports, Report(client="t-0", at=1.0, service="t", instance="t-0", seq=1))
    reports.release(math.inf)
    assert lane.lane.end == 0


def test_requests_without_an_answer_are_sent_and_nothing_else() -> None:
    whole = ScopeSpec()
    lanes = lanes_of(BY_TWO, scope=whole)
    sent = objective_spec(metric="availability", window=BY_TWO)
    contract = AgentContract(name="c", lateness=1.0, objectives=(sent,))
    lanes += heard_lanes([ObjectiveEvaluator(contract, sent, {}, [])], {})
    part = SamplePart(service="s", member="", instance="s-0", node="", values={})
    requests = [
        Sample(time=float(number), key="", parts=[part], values={"sent": number != 2, "answered": number != 1, "x": 1})
        for number in range(5)
    ]
    RequestLanes(lanes).take(requests, 9.0)
    assert [lane.lane.end for lane in lanes] == [3, 4]
