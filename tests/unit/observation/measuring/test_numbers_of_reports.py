"""Values in reports where a number is expected: whatever they are, a window has a finite value or none."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.observation.measuring.expression import compile_metrics
from rohe_iac.observation.measuring.selection import SampleList
from rohe_iac.observation.reports.sample import Sample, SamplePart, number_of

PART = SamplePart(service="s", member="", instance="s-0", node="n", values={})

METRICS = {
    "mean": {"mean": {"of": "x"}},
    "sum": {"sum": {"of": "x"}},
    "spread": {"variance": {"of": "x"}},
    "share": {"ratio": [{"max": {"of": "x"}}, {"min": {"of": "x"}}]},
}


@pytest.mark.parametrize("value", [10**400, -(10**400), 1e308, float("inf"), float("nan"), "3", None, [1]])
def test_what_is_no_number_to_reckon_with_is_none(value: Any) -> None:
    assert number_of(value) is None


@pytest.mark.parametrize("values", [(10**400, 1), (1e150, 1e150, -1e150), (1e150, 5e-324), (1e308, 1e308)])
def test_large_numbers_never_stop_a_window(values: tuple[Any, ...]) -> None:
    samples = [
        Sample(time=0.0, key=str(index), values={"x": value}, parts=[PART]) for index, value in enumerate(values)
    ]
    for metric in compile_metrics(METRICS).values():
        value = metric.value(SampleList(samples))
        assert value is None or abs(value) < float("inf")
