"""The watermark: the slowest client decides; gaps and pauses are waited for, silence is not."""

from __future__ import annotations

from rohe_iac.observation.reports.watermark import GRACE_PERIOD, Watermark


def start_watermark(*clients: str, lateness: float = 2.0, at: float = 100.0) -> Watermark:
    watermark = Watermark(lateness, expected=clients)
    watermark.resume(at)
    return watermark


def test_the_slowest_client_decides() -> None:
    watermark = start_watermark("a", "b")
    watermark.observe("a", 110.0, 110.0)
    watermark.observe("b", 105.0, 110.0)
    assert watermark.advance() == 103.0


def test_it_never_goes_back() -> None:
    watermark = start_watermark("a")
    watermark.observe("a", 110.0, 110.0)
    watermark.advance()
    watermark.observe("a", 90.0, 110.0)
    assert watermark.advance() == 108.0


def test_nothing_is_final_before_all_that_are_expected_were_heard_of() -> None:
    watermark = start_watermark("a", "b")
    watermark.observe("a", 101.0, 101.0)
    assert watermark.advance() == 0.0


def test_who_is_expected_and_never_comes_is_waited_for_no_longer_than_the_grace() -> None:
    watermark = start_watermark("a", "b")
    watermark.observe("a", 101.0 + GRACE_PERIOD, 101.0 + GRACE_PERIOD)
    assert watermark.advance() == 99.0 + GRACE_PERIOD


def test_a_silent_client_is_passed_over_by_the_clock() -> None:
    watermark = start_watermark("a", "b")
    watermark.observe("a", 101.0, 101.0)
    watermark.observe("b", 101.0, 101.0)
    watermark.observe("a", 120.0, 120.0)
    # b is silent for 19 s: it counts as if it were 2 s (the lateness) behind the clock.
    assert watermark.advance() == 120.0 - 2.0 - 2.0


def test_a_client_that_stops_is_waited_for_no_longer() -> None:
    watermark = start_watermark("a", "b")
    watermark.observe("b", 101.0, 101.0)
    watermark.observe("a", 102.0, 102.0)
    watermark.stop("b")
    assert watermark.advance() == 100.0


def test_during_a_pause_nothing_becomes_final() -> None:
    watermark = start_watermark("a")
    watermark.observe("a", 101.0, 101.0)
    watermark.advance()
    watermark.pause(101.0)
    watermark.tick(200.0)
    assert watermark.advance() == 99.0


def test_after_a_pause_the_backlog_of_each_is_waited_for() -> None:
    watermark = start_watermark("a", "b")
    for client in ("a", "b"):
        watermark.observe(client, 101.0, 101.0)
    watermark.pause(101.0)
    watermark.resume(130.0)
    watermark.observe("a", 129.0, 130.5)
    watermark.tick(133.0)
    assert watermark.advance() == 99.0, "b may bring what it kept since 101"
    watermark.observe("b", 102.0, 133.5)
    assert watermark.advance() == 100.0


def test_a_gap_in_the_numbers_holds_until_it_is_filled() -> None:
    watermark = start_watermark("a")
    watermark.observe("a", 101.0, 101.0, "boot", 1)
    watermark.observe("a", 105.0, 105.0, "boot", 4)
    assert watermark.advance() == 99.0
    watermark.observe("a", 103.0, 105.5, "boot", 3)
    assert watermark.advance() == 99.0
    watermark.observe("a", 102.0, 105.6, "boot", 2)
    assert watermark.advance() == 103.0


def test_a_gap_that_is_never_filled_is_given_up() -> None:
    watermark = start_watermark("a")
    watermark.observe("a", 101.0, 101.0, "boot", 17)
    assert watermark.advance() <= 0.0
    watermark.tick(102.0 + GRACE_PERIOD)
    watermark.observe("a", 104.0 + GRACE_PERIOD, 104.0 + GRACE_PERIOD, "boot", 18)
    assert watermark.advance() == 102.0 + GRACE_PERIOD


def test_a_time_in_the_future_counts_as_now() -> None:
    watermark = start_watermark("a")
    assert watermark.observe("a", 5000.0, 101.0) == 101.0


def test_who_is_asked_no_more_holds_nobody_up() -> None:
    watermark = start_watermark("a", "b")
    watermark.observe("b", 101.0, 101.0)
    watermark.observe("a", 120.0, 120.0)
    watermark.exclude(["b"])
    assert watermark.advance() == 118.0
    watermark.exclude([])
    watermark.observe("a", 130.0, 130.0)
    assert watermark.advance() == 130.0 - 2.0 - 2.0
