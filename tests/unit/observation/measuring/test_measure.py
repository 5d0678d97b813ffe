"""Measures: the stream of samples of each objective, its scope, and what the value is made of."""

from __future__ import annotations

from typing import Any

import pytest
from objective_specs import objective_spec

from rohe_iac.observation.contract import ScopeSpec
from rohe_iac.observation.measuring.expression import CompiledMetric
from rohe_iac.observation.measuring.measure import Measurement, SampleStream, in_scope, measure_of, stream_of
from rohe_iac.observation.measuring.selection import SampleList
from rohe_iac.observation.reports.sample import Sample, SamplePart

SERVICE = ScopeSpec(service="classify")


def part(**values: Any) -> SamplePart:
    return SamplePart(service="classify", member="svm", instance="classify-svm-0", node="pi-1", values=values)


def samples(name: str, *values: Any) -> SampleList:
    return SampleList(
        [Sample(time=0.0, key=str(index), values={name: value}, parts=[]) for index, value in enumerate(values)]
    )


@pytest.mark.parametrize(
    ("metric", "scope", "stream"),
    [
        ("availability", ScopeSpec(), SampleStream.SENT),
        ("availability", SERVICE, SampleStream.SENT),
        ("response_time", ScopeSpec(), SampleStream.ANSWERED),
        ("response_time", SERVICE, SampleStream.REPORTS),
        ("accuracy", SERVICE, SampleStream.PARTS),
        ("custom", SERVICE, SampleStream.PARTS),
    ],
)
def test_each_objective_measures_one_stream(metric: str, scope: ScopeSpec, stream: SampleStream) -> None:
    assert (
        stream_of(objective_spec(metric=metric, scope=scope), {"custom": CompiledMetric((), lambda _: (1.0, 0.0))})
        is stream
    )


@pytest.mark.parametrize(
    ("scope", "inside"),
    [
        (ScopeSpec(), True),
        (SERVICE, True),
        (ScopeSpec(service="other"), False),
        (ScopeSpec(service="classify", member="svm", instance="classify-svm-0", device="pi-1"), True),
        (ScopeSpec(device="pi-2"), False),
        (ScopeSpec(model="svm"), True),
        (ScopeSpec(model="resnet"), True),
        (ScopeSpec(model="vgg"), False),
    ],
)
def test_a_scope_has_all_that_its_names_match(scope: ScopeSpec, inside: bool) -> None:
    assert in_scope(scope, part(model="resnet")) is inside


def test_samples_without_the_metric_are_not_counted() -> None:
    measure = measure_of(objective_spec(metric="delay", aggregate="max"), {})
    assert measure.of(samples("delay", 1.0, "text", None, 3), 1.0) == Measurement(value=3.0, count=2)
    assert measure.of(samples("other", 1.0), 1.0) == Measurement(value=None, count=0)


def test_a_rate_counts_every_sample() -> None:
    assert measure_of(objective_spec(metric="rate"), {}).of(samples("x", 1, 2, 3), 2.0).value == 1.5


def test_availability_is_the_share_of_answered_requests() -> None:
    measure = measure_of(objective_spec(metric="availability"), {})
    assert measure.of(samples("answered", True, True, False, True), 1.0) == Measurement(value=0.75, count=4)


def test_a_custom_metric_is_not_computed_of_nothing() -> None:
    counting = CompiledMetric((), lambda window: (float(window.count), 0.0))
    measure = measure_of(objective_spec(metric="custom"), {"custom": counting})
    assert measure.of(samples("x", 1, 2), 1.0) == Measurement(value=2.0, count=2)
    assert measure.of(SampleList([]), 1.0) == Measurement(value=None, count=0)
