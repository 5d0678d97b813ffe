"""The samples of each window. Cases are drawn: a letter is a sample, its column the second, brackets a window."""

from __future__ import annotations

import pytest
from sample_lanes import append, lane_of

from rohe_iac.observation.contract import WindowSpec
from rohe_iac.observation.measuring.windows import ClosedWindow, Windower, WindowState
from rohe_iac.observation.reports.sample import Sample, SamplePart

PART = SamplePart(service="s", member="", instance="s-0", node="n", values={})


def sample(name: str, time: float) -> Sample:
    return Sample(time=time, key=name, values={}, parts=[PART])


def run(spec: WindowSpec, line: str, until: float) -> list[tuple[str, float, float]]:
    """Feeds the letters of `line`, one column a second, advances to `until`, and returns the closed windows."""
    single, at_once = [], []
    for fed, together in ((single, False), (at_once, True)):
        windower, lane = Windower(spec), lane_of([])
        windower.begin(0.0)
        letters = [sample(letter, float(second)) for second, letter in enumerate(line) if letter not in " ."]
        closed: list[ClosedWindow] = []
        for batch in [letters] if together else [[letter] for letter in letters]:
            first = lane.end
            for letter in batch:
                append(lane, letter)
            closed += [window for _, window in windower.feed(lane, first)]
        closed += windower.advance(lane, until)
        fed += [
            ("".join(member.key for member in window.samples.samples), window.start, window.end) for window in closed
        ]
    assert single == at_once, "it makes no difference how many samples come at once"
    return single


def test_tumbling_by_time_is_half_open_and_aligned() -> None:
    #            0    5
    line = "a...bc....d"
    #       [    )           a and b; c is in the second, which [5, 10) holds alone
    assert run(WindowSpec(size_seconds=5, every_seconds=5), line, 15) == [
        ("ab", 0.0, 5.0),
        ("c", 5.0, 10.0),
        ("d", 10.0, 15.0),
    ]


def test_a_window_waits_for_the_watermark() -> None:
    assert run(WindowSpec(size_seconds=5, every_seconds=5), "ab", 4.9) == []


def test_sliding_by_time_holds_a_sample_in_every_span_that_covers_it() -> None:
    #       0 2 4 6
    line = "a..b"
    #       [   )      a b
    #         [   )    b
    assert run(WindowSpec(size_seconds=4, every_seconds=2), line, 8) == [
        ("a", -2.0, 2.0),
        ("ab", 0.0, 4.0),
        ("b", 2.0, 6.0),
        ("", 4.0, 8.0),
    ]


def test_tumbling_by_count_shares_no_sample() -> None:
    #       [  ][  ]. .
    line = "abcdefg"
    assert [samples for samples, *_ in run(WindowSpec(size_count=3, every_count=3), line, 99)] == ["abc", "def"]


def test_sliding_by_count_moves_by_every() -> None:
    line = "abcdefgh"
    assert [samples for samples, *_ in run(WindowSpec(size_count=4, every_count=2), line, 99)] == [
        "abcd",
        "cdef",
        "efgh",
    ]


def test_a_window_by_count_spans_its_first_and_last_sample() -> None:
    assert run(WindowSpec(size_count=2, every_count=2), "a..b", 99) == [("ab", 0.0, 3.0)]


def test_the_last_n_every_t_are_the_newest_before_the_end() -> None:
    #       0  3  6
    line = "abcd"
    assert run(WindowSpec(size_count=2, every_seconds=3), line, 6) == [("bc", 1.0, 3.0), ("cd", 2.0, 6.0)]


def test_a_span_of_time_every_n_looks_back_from_each_nth() -> None:
    line = "a..b..c..d"
    assert run(WindowSpec(size_seconds=4, every_count=2), line, 99) == [("ab", -1.0, 3.0), ("cd", 5.0, 9.0)]


def test_a_session_ends_after_its_gap() -> None:
    line = "ab....cd"
    assert run(WindowSpec(session=3), line, 20) == [("ab", 0.0, 4.0), ("cd", 6.0, 10.0)]


def test_spans_without_a_sample_close_too() -> None:
    assert run(WindowSpec(size_seconds=2, every_seconds=2), "a....b", 6) == [
        ("a", 0.0, 2.0),
        ("", 2.0, 4.0),
        ("b", 4.0, 6.0),
    ]


def test_of_a_very_long_silence_only_the_last_span_is_told() -> None:
    closed = run(WindowSpec(size_seconds=1, every_seconds=1), "a", 100_000)
    assert len(closed) < 10
    assert closed[-1][2] == 100_000


def test_samples_before_the_first_span_move_it() -> None:
    windower, lane = Windower(WindowSpec(size_seconds=5, every_seconds=5)), lane_of([sample("a", 3.0)])
    windower.begin(100.0)
    assert list(windower.feed(lane, 0)) == []
    closed = list(windower.advance(lane, 5.0))
    assert [(window.start, window.end) for window in closed] == [(0.0, 5.0)]


def test_nothing_that_later_spans_do_not_need_is_kept() -> None:
    state, lane = WindowState(), lane_of([])
    windower = Windower(WindowSpec(size_seconds=5, every_seconds=1), state)
    for second in range(1000):
        append(lane, sample("x", float(second)))
        list(windower.feed(lane, second))
    assert lane.end - state.first < 10


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (WindowSpec(size_count=200, every_count=20), "200 reports every 20 reports"),
        (WindowSpec(size_seconds=300, every_seconds=300), "300s"),
        (WindowSpec(session=30), "session of 30s"),
    ],
)
def test_a_window_says_what_it_is(spec: WindowSpec, text: str) -> None:
    assert spec.text == text
