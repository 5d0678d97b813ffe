"""Processing: what a user function makes of windows, which of them wait for it, and when it is not called."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sample_lanes import append, lane_of

from rohe_iac.observation.contract import ProcessingSpec, WindowSpec
from rohe_iac.observation.judging.processing import MAX_CALL_BYTES, MAX_CALLS, MAX_PAUSE, Processor, pause_after
from rohe_iac.observation.judging.user_process import UserProcess
from rohe_iac.observation.judging.user_program import FunctionAnswer
from rohe_iac.observation.measuring.lane import Lane
from rohe_iac.observation.reports.sample import Sample, SamplePart

MODULE = """
def size(samples):
    return {"rows": len(samples), "text": "none", "infinite": float("inf")}

def origins(samples):
    return {row["instance"]: 1 for row in samples}

def double(report):
    return [report, report]
"""


lanes: dict[int, Lane] = {}


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    lanes.clear()


def processor(function: str, **changes: Any) -> Processor:
    window = WindowSpec(size_count=2, every_count=2)
    return Processor("c", ProcessingSpec(function=f"mine.py:{function}", window=window, **changes))


def sample(time: float, **values: Any) -> Sample:
    part = SamplePart(service="s", member="", instance="s-0", node="n", values=values)
    return Sample(time=time, key=str(time), values=values, parts=[part])


def close_windows(user_processor: Processor, *samples: Sample, now: float = 0.0) -> None:
    """Gives a processor the windows of some samples at a time (seconds since the epoch)."""
    lane = lanes.setdefault(id(user_processor), lane_of([]))
    first = lane.end
    for one in samples:
        append(lane, one)
    for _, window in user_processor.windower.feed(lane, first):
        user_processor.take(window, now)


def run(user_processor: Processor, *samples: Sample) -> dict[str, float | None]:
    """Returns the results of the windows of some samples."""
    close_windows(user_processor, *samples)
    process = UserProcess(user_processor.spec)
    results = []
    for call in user_processor.state.calls[:]:
        results += user_processor.answer(call.window, FunctionAnswer(process.call(call.rows)), 0.0)
    process.close()
    return {result.objective: result.value for result in results}


def test_finite_numbers_become_results_under_the_functions_name() -> None:
    assert run(processor("size"), sample(1.0), sample(2.0)) == {"size.rows": 2.0}


def test_rows_name_the_origin_of_their_report() -> None:
    assert run(processor("origins"), sample(1.0), sample(2.0)) == {"origins.s-0": 1.0}


def test_a_parser_may_give_several_rows_for_a_report() -> None:
    assert run(processor("size", parser="mine.py:double"), sample(1.0), sample(2.0)) == {"size.rows": 4.0}


def test_rows_without_a_feature_are_left_out() -> None:
    assert run(processor("size", features=("x",)), sample(1.0, x=1), sample(2.0, x="text")) == {"size.rows": 1.0}


def pairs(count: int, **values: Any) -> list[Sample]:
    return [sample(float(number), **values) for number in range(2 * count)]


def numbers(user_processor: Processor) -> list[int]:
    return [call.number for call in user_processor.state.calls]


def test_windows_wait_in_order_and_results_are_those_of_their_window() -> None:
    waiting = processor("size")
    close_windows(waiting, *pairs(3))
    assert numbers(waiting) == [1, 2, 3]
    for call in waiting.state.calls[:]:
        [result] = waiting.answer(call.window, FunctionAnswer({"rows": 2.0}), 5.0)
        assert (result.number, result.start, result.end, result.count) == (call.number, call.start, call.end, 2)
    assert numbers(waiting) == []


def test_what_came_of_a_window_that_does_not_wait_is_left_out() -> None:
    waiting = processor("size")
    close_windows(waiting, *pairs(1))
    [call] = waiting.state.calls
    for window in ((2, call.end), (1, call.end + 1.0)):
        assert waiting.answer(window, FunctionAnswer({"rows": 2.0}), 5.0) == []
    assert waiting.answer(call.window, FunctionAnswer({"rows": 2.0}), 5.0)
    assert waiting.answer(call.window, FunctionAnswer({"rows": 2.0}), 5.0) == []


def test_windows_beyond_the_queue_are_skipped_counted_and_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    slow = processor("size")
    close_windows(slow, *pairs(MAX_CALLS + 3), now=100.0)
    assert numbers(slow) == [*range(1, MAX_CALLS + 1)]
    assert (slow.state.skipped, slow.state.skipped_at) == (3, 100.0)
    close_windows(slow, *pairs(1), now=170.0)
    assert [record.message for record in caplog.records] == [
        "user function mine.py:size of contract c: 1 window skipped, because it does not keep up",
        "user function mine.py:size of contract c: 3 windows skipped, because it does not keep up",
    ]


def test_large_windows_wait_up_to_so_many_bytes_and_one_always_does() -> None:
    slow = processor("size")
    close_windows(slow, *pairs(1, text="x" * MAX_CALL_BYTES))
    assert numbers(slow) == [1]
    close_windows(slow, *pairs(2))
    assert (numbers(slow), slow.state.skipped) == ([1], 2)


def test_where_memory_is_short_the_oldest_window_alone_waits() -> None:
    slow = processor("size")
    close_windows(slow, *pairs(4))
    slow.shed(1.0)
    assert (numbers(slow), slow.state.skipped) == ([1], 3)


def fail(user_processor: Processor, now: float) -> None:
    call = user_processor.state.calls[0]
    assert user_processor.answer(call.window, FunctionAnswer(failure="RuntimeError: broken"), now) == []


def test_a_function_that_goes_on_failing_is_called_ever_more_rarely(caplog: pytest.LogCaptureFixture) -> None:
    failing, now = processor("size"), 1000.0
    called = []
    for _ in range(4000):
        close_windows(failing, *pairs(1), now=now)
        if failing.state.calls:
            called.append(now)
            fail(failing, now)
        now += 1.0
    distances = [after - before for before, after in pairwise(called)]
    assert distances[:9] == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0]
    assert set(distances[10:]) == {MAX_PAUSE}
    assert failing.state.skipped == 4000 - len(called)
    told = "mine.py:size of contract c: RuntimeError: broken; it failed 3 times in a row, and is not called for 4 s"
    assert f"user function {told}" in caplog.text


def test_after_one_failure_what_waits_is_called_and_after_more_of_them_it_is_skipped() -> None:
    failing = processor("size")
    close_windows(failing, *pairs(4))
    fail(failing, 1.0)
    assert numbers(failing) == [2, 3, 4]
    fail(failing, 1.0)
    assert (numbers(failing), failing.state.skipped, failing.state.paused_until) == ([], 2, 3.0)


def test_a_function_that_answers_again_is_called_for_every_window() -> None:
    failing = processor("size")
    close_windows(failing, *pairs(2), now=1.0)
    fail(failing, 1.0)
    fail(failing, 1.0)
    close_windows(failing, *pairs(1), now=2.0)
    assert numbers(failing) == []
    close_windows(failing, *pairs(1), now=3.0)
    [call] = failing.state.calls
    assert failing.answer(call.window, FunctionAnswer({"rows": 2.0}), 3.0)
    close_windows(failing, *pairs(2), now=3.0)
    assert (len(failing.state.calls), failing.state.consecutive_failures) == (2, 0)


def test_no_pause_is_longer_than_the_longest_where_the_clock_is_set_back() -> None:
    failing = processor("size")
    close_windows(failing, *pairs(2), now=1e6)
    fail(failing, 1e6)
    fail(failing, 1e6)
    close_windows(failing, *pairs(1), now=1000.0)
    assert len(failing.state.calls) == 1


def test_the_pause_has_a_bound_after_any_number_of_failures() -> None:
    assert pause_after(10**9) == MAX_PAUSE
