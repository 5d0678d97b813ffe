"""Processing: a user function's numbers become results; parsers, features, and functions that fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sample_lanes import lane_of

from rohe_iac.observation.contract import ProcessingSpec, WindowSpec
from rohe_iac.observation.judging.processing import MAX_CONSECUTIVE_FAILURES, Processor
from rohe_iac.observation.reports.sample import Sample, SamplePart

MODULE = """
def size(samples):
    return {"rows": len(samples), "text": "none", "infinite": float("inf")}

def origins(samples):
    return {row["instance"]: 1 for row in samples}

def double(report):
    return [report, report]

def fail(samples):
    raise RuntimeError("broken")
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)


def processor(function: str, **changes: Any) -> Processor:
    window = WindowSpec(size_count=2, every_count=2)
    return Processor("c", ProcessingSpec(function=f"mine.py:{function}", window=window, **changes))


def sample(time: float, **values: Any) -> Sample:
    part = SamplePart(service="s", member="", instance="s-0", node="n", values=values)
    return Sample(time=time, key=str(time), values=values, parts=[part])


def run(user_processor: Processor, *samples: Sample) -> dict[str, float | None]:
    lane = lane_of(samples)
    windows = [window for _, window in user_processor.windower.feed(lane, 0)]
    results = [result for window in windows for result in user_processor.run(window)]
    return {result.objective: result.value for result in results}


def test_finite_numbers_become_results_under_the_functions_name() -> None:
    assert run(processor("size"), sample(1.0), sample(2.0)) == {"size.rows": 2.0}


def test_rows_name_the_origin_of_their_report() -> None:
    assert run(processor("origins"), sample(1.0), sample(2.0)) == {"origins.s-0": 1.0}


def test_a_parser_may_give_several_rows_for_a_report() -> None:
    assert run(processor("size", parser="mine.py:double"), sample(1.0), sample(2.0)) == {"size.rows": 4.0}


def test_rows_without_a_feature_are_left_out() -> None:
    assert run(processor("size", features=("x",)), sample(1.0, x=1), sample(2.0, x="text")) == {"size.rows": 1.0}


def test_a_function_that_goes_on_failing_is_no_longer_called() -> None:
    failing = processor("fail")
    assert run(failing, *(sample(float(time)) for time in range(4 * MAX_CONSECUTIVE_FAILURES))) == {}
    assert failing.state.total_failures == MAX_CONSECUTIVE_FAILURES
    assert failing.state.last_error == "RuntimeError: broken"
