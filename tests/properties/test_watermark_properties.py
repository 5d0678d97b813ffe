"""Watermarks go on by arrivals alone, whatever is missing; a client holds back who hears it, and within a bound."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from rohe_iac.observation.reports.client_clock import MAX_FILLING
from rohe_iac.observation.reports.watermark import ALL, GRACE_PERIOD, SWEEP_INTERVAL, Watermark

LATENESS = 2.0
STEP = 0.25
START = 1000.0
SECONDS = 60


def run(seed: int, loss: float, first: int) -> tuple[Watermark, list[float], list[float], float]:
    """Lets `a` report all of its numbers, and `b` from `first` on with a share lost; nobody ticks.

    Returns:
        The watermark, how far those of `a` and of all clients were behind after each arrival, and the longest silence
        of `b`, all in seconds.
    """
    chance = random.Random(seed)
    watermark = Watermark(LATENESS)
    watermark.expect("a", ["only-a"])
    watermark.expect("b", ["only-b"])
    watermark.resume(START)
    of_a, of_all, heard, silence = [], [], START, 0.0
    for step in range(int(SECONDS / STEP)):
        now = START + step * STEP
        watermark.observe("a", now, now, "boot", step + 1)
        if chance.random() >= loss:
            silence, heard = max(silence, now - heard), now
            watermark.observe("b", now, now, "boot", step + first)
        watermark.advance()
        of_a.append(now - watermark.value_of("only-a"))
        of_all.append(now - watermark.value_of(ALL))
    return watermark, of_a, of_all, silence


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.0, 0.9), st.integers(1, 50))
def test_no_missing_report_holds_back_for_longer_than_the_bound(seed: int, loss: float, first: int) -> None:
    watermark, of_a, of_all, silence = run(seed, loss, first)
    settled = int((GRACE_PERIOD + silence + 1) / STEP) + 2
    assert max(of_all[settled:]) <= GRACE_PERIOD + silence + LATENESS + SWEEP_INTERVAL + 2 * STEP
    assert max(of_a) == LATENESS, "a client that is not heard holds nobody back"
    assert watermark.state.missing <= sum(passed.last - passed.first + 1 for passed in watermark.passed)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10**6), st.floats(0.1, GRACE_PERIOD - 1.0))
def test_what_comes_again_within_the_bound_is_never_late(seed: int, delay: float) -> None:
    chance = random.Random(seed)
    watermark = Watermark(LATENESS, expected=["a"])
    watermark.resume(START)
    arrivals = []
    for number in range(120):
        sent = START + number * STEP
        arrivals.append((sent + (delay if chance.random() < 0.3 else 0.0), sent, number + 1))
    for arrived, sent, seq in sorted(arrivals):
        assert sent >= watermark.value, "a report of a gap that is waited for is on time"
        watermark.observe("a", sent, arrived, "boot", seq)
        watermark.advance()
    assert watermark.passed == []


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.5, 8.0), min_size=1, max_size=20))
def test_time_in_which_the_agent_was_stalled_is_no_silence(stalls: list[float]) -> None:
    watermark = Watermark(LATENESS, expected=["a", "b"])
    watermark.resume(START)
    now = START
    watermark.observe("a", now, now, "boot", 1)
    watermark.observe("b", now, now, "boot", 1)
    for number, stall in enumerate(stalls, 2):
        before, now = now, now + stall
        watermark.stall(stall - 0.1, now)
        watermark.observe("a", now, now, "boot", number)
        watermark.advance()
        assert before + 0.1 >= watermark.value, "what b sent meanwhile is only now read"
        watermark.observe("b", before + 0.1, now, "boot", number)
        watermark.advance()


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 400), st.floats(0.01, GRACE_PERIOD - 1.0))
def test_a_gap_that_is_being_filled_holds_for_as_long_as_it_takes_within_the_bound(missing: int, pace: float) -> None:
    watermark = Watermark(LATENESS, expected=["a"])
    watermark.resume(START - MAX_FILLING)
    watermark.observe("a", START, START, "boot", missing + 1)
    for number in range(1, missing + 1):
        now = START + number * pace
        watermark.observe("a", START - LATENESS + number * pace / 1000, now, "boot", number)
        watermark.advance()
        assert now - START > MAX_FILLING or not watermark.passed, "its reports arrive in time, one after the other"
    watermark.tick(max(watermark.state.now, START + MAX_FILLING + SWEEP_INTERVAL))
    assert not watermark.state.clients["a"].has_gaps
