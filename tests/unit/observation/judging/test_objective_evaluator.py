"""The objective evaluator: which samples it accepts, and what its windows open, end and keep as baselines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from objective_specs import objective_spec
from sample_lanes import selected

from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.objective_evaluator import MAX_BASELINES, ObjectiveEvaluator
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.measuring.selection import metric_reading
from rohe_iac.observation.measuring.summary import MAX_EXACT
from rohe_iac.observation.measuring.windows import ClosedWindow
from rohe_iac.observation.reports.sample import Sample, SamplePart


def evaluator(contract: dict[str, Any] | None = None, **changes: Any) -> ObjectiveEvaluator:
    objective = objective_spec(**changes)
    agent_contract = AgentContract(name="c", lateness=1.0, objectives=(objective,), **(contract or {}))
    return ObjectiveEvaluator(agent_contract, objective, {}, [])


def sample(service: str = "s", **values: Any) -> Sample:
    part = SamplePart(service=service, member="", instance=f"{service}-0", node="n", values=values)
    return Sample(time=0.0, key="k", values=values, parts=[part])


def window(end: float, accuracy: float | None) -> ClosedWindow:
    samples = [] if accuracy is None else [sample(accuracy=accuracy)]
    return ClosedWindow(start=end - 1.0, end=end, samples=selected(samples, [metric_reading("accuracy")]))


def test_objectives_over_the_same_samples_share_a_lane() -> None:
    scope = ScopeSpec(service="s")
    assert evaluator(metric="delay", scope=scope).lane == evaluator(metric="size", scope=scope, low=3.0).lane
    assert evaluator(scope=scope).lane.with_accuracy
    assert evaluator(metric="delay").lane == evaluator().lane
    lanes = {made.lane.name for made in (evaluator(), evaluator(scope=scope), evaluator(metric="delay", scope=scope))}
    assert len(lanes) == 3


def test_a_violation_opens_once_and_ends_under_the_same_identifier() -> None:
    judged = evaluator()
    changes = [judged.judge(window(float(end), value))[1] for end, value in enumerate([1.0, 0.5, 0.4, 1.0, 1.0])]
    assert [change is not None for change in changes] == [False, True, False, True, False]
    opened, ended = changes[1], changes[3]
    assert opened is not None
    assert ended is not None
    assert (opened.id, opened.opened, opened.ended) == (ended.id, 1.0, 0.0)
    assert ended.ended == 3.0
    assert opened.evidence.baseline is not None
    assert opened.evidence.baseline.value == 1.0


@pytest.mark.parametrize("changes", [{"metric": "throughput"}, {"metric": "accuracy", "aggregate": "rate"}])
def test_a_rate_is_not_judged_by_a_window_that_began_before_the_first_report(changes: dict[str, Any]) -> None:
    judged = evaluator(window=WindowSpec(size_seconds=4.0, every_seconds=2.0), low=100.0, **changes)

    def verdict(end: float, value: float | None) -> Verdict:
        return judged.judge(replace(window(end, value), start=end - 4.0))[0].window

    assert [verdict(end, value) for end, value in ((10.0, None), (12.0, 1.0), (14.0, 1.0))] == [Verdict.UNKNOWN] * 3
    assert verdict(16.0, 1.0) is Verdict.BROKEN
    by_count = evaluator(window=WindowSpec(size_count=1, every_count=1), low=100.0, **changes)
    assert by_count.judge(window(1.0, 1.0))[0].window is Verdict.BROKEN, "it begins with its first report"


def test_a_window_without_samples_is_unknown_and_is_no_baseline() -> None:
    judged = evaluator()
    result, changed = judged.judge(window(1.0, None))
    assert (result.value, result.verdict, changed) == (None, Verdict.UNKNOWN, None)
    assert judged.state.baselines == []


def test_only_some_windows_become_baselines_and_the_newest_are_kept() -> None:
    judged = evaluator()
    for end in range(100):
        judged.judge(window(float(end), 1.0))
    ends = [baseline.end for baseline in judged.state.baselines]
    assert len(ends) == MAX_BASELINES
    assert ends == [80.0, 85.0, 90.0, 95.0]


@pytest.mark.parametrize(("end", "verdict"), [(4.9, Verdict.UNKNOWN), (5.0, Verdict.BROKEN), (9.0, Verdict.UNKNOWN)])
def test_windows_outside_the_effective_span_are_unknown(end: float, verdict: Verdict) -> None:
    result, _ = evaluator({"begins": 5.0, "ends": 9.0}).judge(window(end, 0.1))
    assert result.window is verdict


def test_a_percentile_of_very_many_samples_says_that_it_has_an_error() -> None:
    judged = evaluator(metric="delay", aggregate="p50", operator="<=", low=1.0, high=1.0)
    samples = selected([sample(delay=1.0 + number / 1e9) for number in range(MAX_EXACT + 1)], judged.measure.readings)
    result, changed = judged.judge(ClosedWindow(start=0.0, end=1.0, samples=samples))
    assert (result.error, result.close) == (0.01, True)
    assert result.value == pytest.approx(1.0, rel=0.01)
    assert changed is None or changed.evidence.close is True
    few = selected([sample(delay=2.0)], judged.measure.readings)
    content = msgspec.to_builtins(judged.judge(ClosedWindow(start=1.0, end=2.0, samples=few))[0])
    assert "error" not in content
    assert "close" not in content
