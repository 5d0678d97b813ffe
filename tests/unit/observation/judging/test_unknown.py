"""Why an objective is UNKNOWN: the first of the reasons that holds, and for how long it may."""

from __future__ import annotations

from typing import Any

import pytest
from objective_specs import objective_spec
from sample_lanes import lane_of, selected

from rohe_iac.observation.contract import AgentContract, WindowSpec
from rohe_iac.observation.judging.objective_evaluator import ObjectiveEvaluator
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.unknown import HeardClient, UnknownReason, Why, unknown_reason
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.windows import ClosedWindow
from rohe_iac.observation.reports.sample import Sample, SamplePart
from rohe_iac.observation.reports.wait import Wait, WaitReason

BY_TIME = WindowSpec(size_seconds=10.0, every_seconds=10.0)
SOURCE = HeardClient(client="camera-0", reported=99.0, spoke=99.0, interval=10.0, state="online")
END = HeardClient(client="vote-0", reported=99.0, spoke=99.0, interval=10.0, state="online")


def evaluator_of(contract: dict[str, Any] | None = None, **changes: Any) -> ObjectiveEvaluator:
    objective = objective_spec(**{"min_samples": 5, **changes})
    made = AgentContract(name="c", lateness=1.0, objectives=(objective,), **(contract or {}))
    evaluator = ObjectiveEvaluator(made, objective, {}, [])
    evaluator.begin(50.0)
    return evaluator


def reason(evaluator: ObjectiveEvaluator, now: float = 100.0, **changes: Any) -> UnknownReason:
    settings = {"wait": None, "heard": [[SOURCE], [END]], "started": 50.0, **changes}
    wait, heard = settings.pop("wait"), settings.pop("heard")
    return unknown_reason(evaluator, wait, heard, now, **settings)


def feed(evaluator: ObjectiveEvaluator, count: int) -> None:
    part = SamplePart(service="s", member="", instance="s-0", node="", values={})
    samples = [Sample(time=60.0 + number, key=str(number), values={}, parts=[part]) for number in range(count)]
    assert list(evaluator.windower.feed(lane_of(samples), 0)) == []


@pytest.mark.parametrize(
    ("why", "since", "text"),
    [
        (WaitReason.GAP, 97.0, "waiting for report 3 of a, missing for 3 s"),
        (WaitReason.UNHEARD, 97.0, "waiting for a, not heard since the agent connected 3 s ago"),
        (WaitReason.SILENT, 97.0, "waiting for a, silent for 3 s"),
        (WaitReason.BEHIND, 40.0, "waiting for a, whose newest report is dated 60 s ago"),
        (WaitReason.BEHIND, 0.0, "waiting for a, which has not reported yet"),
    ],
)
def test_who_is_waited_for_is_named(why: WaitReason, since: float, text: str) -> None:
    found = reason(evaluator_of(), wait=Wait(reason=why, client="a", since=since, first=3, last=3))
    assert (found.why, found.text) == (Why.WAITING, text)


def test_how_many_reports_a_first_window_has_is_said() -> None:
    evaluator = evaluator_of()
    feed(evaluator, 7)
    found = reason(evaluator)
    assert (found.why, found.text) == (Why.FEW, "7 of 10 requests for the first window")
    assert not found.overdue, "at this pace the window is complete in time"


def test_how_many_samples_the_last_window_had_is_said() -> None:
    evaluator = evaluator_of(window=BY_TIME)
    evaluator.judge(ClosedWindow(start=80.0, end=90.0, samples=selected([], evaluator.measure.readings)))
    found = reason(evaluator)
    assert (found.why, found.text) == (Why.FEW, "0 of 5 samples needed in the last window ('accuracy')")
    assert found.overdue, "50 s are more than three windows of 10 s"
    assert not reason(evaluator, 79.0).overdue


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"value": None}, "'accuracy' has no value in the last window, of 20 samples"),
        ({"end": 70.0}, "the last window ended outside of the contract's time"),
        ({"window": Verdict.BROKEN}, "the last window was broken, and windows have to be for 30 s"),
        ({"window": Verdict.KEPT}, "nothing new was heard at the end of the last window: the next one is waited for"),
    ],
)
def test_why_a_last_window_with_enough_samples_has_no_verdict_is_said(changes: dict[str, Any], text: str) -> None:
    evaluator = evaluator_of({"begins": 75.0}, window=BY_TIME, hold=30.0)
    settings = {"end": 90.0, "value": 0.9, "window": Verdict.UNKNOWN, "verdict": Verdict.UNKNOWN, **changes}
    evaluator.state.last_result = Result(contract="c", objective="o", start=60.0, count=20, **settings)
    assert (reason(evaluator).why, reason(evaluator).text) == (Why.FEW, text)


def test_requests_that_nobody_answers_are_told_from_no_requests() -> None:
    mute = HeardClient(client="vote-0", spoke=99.0, interval=10.0, state="online")
    assert reason(evaluator_of(), heard=[[SOURCE], [mute]]).text == "no request is answered: no report from vote-0"
    calm = HeardClient(client="camera-0", spoke=99.0, interval=10.0, state="online")
    assert reason(evaluator_of(), heard=[[calm], [mute]]).why is Why.IDLE


def test_reports_that_have_not_come_are_not_taken_for_nothing_to_report() -> None:
    kept = HeardClient(client="camera-0", reported=10.0, spoke=199.0, interval=5.0, state="online", waiting=4711)
    found = reason(evaluator_of(), 200.0, heard=[[kept], [END]])
    assert (found.why, found.text) == (Why.WAITING, "4,711 reports of camera-0 not stored by the agent yet")
    assert found.overdue, "nothing is idle where reports wait"
    stalled = HeardClient(client="camera-0", reported=10.0, spoke=10.0, interval=5.0, state="online", waiting=1)
    assert reason(evaluator_of(), heard=[[stalled], [END]]).why is Why.WAITING
    fresh = HeardClient(client="camera-0", reported=10.0, spoke=10.5, interval=95.0, state="online", waiting=1)
    assert reason(evaluator_of(), heard=[[fresh], [END]]).why is Why.IDLE, "said before it was acknowledged"
    mute = HeardClient(client="vote-0", spoke=99.0, interval=5.0, state="online", waiting=2)
    assert reason(evaluator_of(), heard=[[SOURCE], [mute]]).why is Why.WAITING


def test_a_client_that_said_online_long_ago_is_silent() -> None:
    """A client without promises may have gone without a word."""
    gone = HeardClient(client="raw-0", reported=20.0, spoke=20.0, state="online")
    found = reason(evaluator_of(), heard=[[gone]])
    assert (found.why, found.text) == (Why.SILENT, "nothing heard from raw-0 for 80 s (it sends no heartbeats)")


def test_a_client_that_is_gone_is_told_before_those_who_are_waited_for() -> None:
    wait = Wait(reason=WaitReason.SILENT, client="a", since=97.0)
    gone = HeardClient(client="camera-0", reported=90.0, spoke=90.0, interval=5.0, silent=True, state="online")
    found = reason(evaluator_of(), wait=wait, heard=[[gone], [END]])
    assert (found.why, found.text) == (Why.SILENT, "nothing heard from camera-0 for 10 s")
    stopped = HeardClient(client="camera-0", reported=99.0, spoke=99.0, interval=5.0, state="stopped")
    assert reason(evaluator_of(), heard=[[stopped], [END]]).text == "nothing heard from camera-0 (stopped) for 1 s"
    assert reason(evaluator_of(), wait=wait, heard=[[gone, SOURCE], [END]]).why is Why.WAITING


def test_a_window_that_raised_is_named_with_its_error() -> None:
    evaluator = evaluator_of(window=BY_TIME)
    evaluator.fail(ClosedWindow(start=80.0, end=90.0, samples=selected([])), ValueError("x"))
    assert reason(evaluator).text == "the last window could not be judged: ValueError: x"


def test_a_contract_that_is_not_in_effect_is_no_fault() -> None:
    found = reason(evaluator_of({"begins": 200.0}))
    assert (found.why, found.overdue) == (Why.IDLE, False)


def test_only_some_of_many_names_are_listed() -> None:
    gone = [HeardClient(client=f"cam-{number}") for number in range(9)]
    assert reason(evaluator_of(), heard=[gone]).text.endswith("cam-4 and 4 more yet")
