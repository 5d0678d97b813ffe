"""The watermark: the slowest client decides; gaps and pauses are waited for, silence is not."""

from __future__ import annotations

import msgspec

from rohe_iac.observation.reports.client_clock import MAX_FILLING
from rohe_iac.observation.reports.watermark import FORGET_AFTER, GRACE_PERIOD, WaitReason, Watermark
from rohe_iac.observation.reports.watermark_state import WatermarkState


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


def test_a_backlog_that_is_sent_again_for_longer_than_the_grace_is_never_late() -> None:
    watermark = start_watermark("a")
    watermark.observe("a", 200.0, 200.0, "boot", 1000)
    for number in range(1, 1000):
        now = 200.0 + number / 50
        event = 180.0 + number / 50
        assert event >= watermark.value
        watermark.observe("a", event, now, "boot", number)
        watermark.advance()
    assert watermark.passed == []
    assert watermark.value == 198.0


def test_the_wait_for_a_gap_goes_on_from_what_was_saved() -> None:
    watermark = start_watermark("a")
    watermark.observe("a", 200.0, 200.0, "boot", 10)
    watermark.observe("a", 190.0, 212.0, "boot", 1)
    saved = msgspec.msgpack.decode(msgspec.msgpack.encode(watermark.state), type=WatermarkState)
    watermark = Watermark(2.0, saved, expected=["a"])
    watermark.observe("a", 191.0, 226.0, "boot", 2)
    assert watermark.passed == []
    watermark.tick(242.0)
    assert [passed.text for passed in watermark.passed] == ["waited 42 s for reports 3-9 of a: gone on without them"]


def test_a_gap_that_is_filled_slowly_is_given_up_in_the_end() -> None:
    watermark = start_watermark("a")
    watermark.observe("a", 300.0, 300.0, "boot", 1000)
    for second in range(1, int(MAX_FILLING) + 2):
        assert watermark.passed == []
        watermark.observe("a", 300.0, 300.0 + second, "boot", second)
    [passed] = watermark.passed
    assert passed.text == "waited 120 s for reports 121-999 of a: gone on without them"


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


def test_a_gap_is_given_up_by_arrivals_without_any_tick() -> None:
    watermark = start_watermark("a", "b")
    watermark.observe("b", 101.0, 101.0, "boot", 5)
    for second in range(101, 130):
        watermark.observe("a", float(second), float(second), "boot", second - 100)
        watermark.observe("b", float(second), float(second), "boot", second - 95)
        watermark.advance()
    assert watermark.value == 127.0
    [passed] = watermark.passed
    assert passed.text == "waited 15 s for reports 1-4 of b: gone on without them"
    assert watermark.state.missing == 4


def test_who_is_waited_for_is_known_by_name_and_reason() -> None:
    watermark = Watermark(2.0)
    watermark.expect("a", ["of-a"])
    watermark.expect("b", ["of-b"])
    watermark.resume(100.0)
    watermark.observe("a", 101.0, 101.0, "boot", 1)
    wait = watermark.wait_of("of-b")
    assert wait is not None
    assert (wait.reason, wait.client) == (WaitReason.UNHEARD, "b")
    watermark.observe("b", 101.0, 101.0, "boot", 3)
    for second in (103.0, 105.0, 108.0):
        watermark.observe("a", second, second, "boot", int(second))
        watermark.advance()
    wait = watermark.wait_of("of-b")
    assert wait is not None
    assert (wait.reason, wait.first, wait.last, wait.since) == (WaitReason.GAP, 1, 2, 101.0)


def test_a_client_that_promises_is_waited_for_longer_and_believed() -> None:
    watermark = start_watermark("a", "b")
    for client in ("a", "b"):
        watermark.observe(client, 101.0, 101.0)
    watermark.promise("b", 101.0, 0.0)
    watermark.observe("a", 110.0, 110.0)
    assert watermark.advance() == 99.0, "b is slow, as far as is known"
    watermark.promise("b", 110.0, 109.0)
    assert watermark.advance() == 107.0
    watermark.observe("a", 124.0, 124.0)
    assert watermark.advance() == 107.0
    watermark.lose("b")
    assert watermark.advance() == 124.0 - 2.0 - 2.0, "who is lost makes no promises"


def test_a_client_with_a_wrong_clock_holds_nobody_for_ever() -> None:
    watermark = start_watermark("a", "b")
    for second in range(101, 140):
        watermark.observe("a", float(second), float(second))
        watermark.observe("b", second - 90.0, float(second))
        watermark.advance()
    assert watermark.value == 137.0
    assert "reports of b are dated 90 s before" in watermark.passed[0].text


def test_a_client_that_only_promises_is_not_taken_for_one_with_a_wrong_clock() -> None:
    """It has nothing to report, or has not reported for long."""
    start = 1_000_000_000
    watermark = start_watermark("a", "b", "c", at=float(start))
    watermark.observe("c", float(start), float(start))
    for second in range(start + 1, start + 200):
        watermark.observe("a", float(second), float(second))
        for client in ("b", "c"):
            watermark.promise(client, float(second), float(second))
        watermark.advance()
    assert watermark.passed == []
    assert watermark.value == start + 197.0


def test_a_client_whose_reports_cannot_be_used_holds_nobody_for_ever() -> None:
    start = 1_000_000_000
    watermark = start_watermark("a", "b", at=float(start))
    for second in range(start + 1, start + 40):
        watermark.observe("a", float(second), float(second))
        watermark.pass_dead_letter("b", float(second), "boot", second - start)
        watermark.advance()
    assert watermark.value == start + 37.0
    assert [item.text for item in watermark.passed] == [
        "none of the reports of b can be used: gone on without waiting for them"
    ]


def test_sums_of_huge_gaps_stay_numbers_that_can_be_saved() -> None:
    watermark = start_watermark("a")
    for number in range(5):
        watermark.observe("a", 101.0 + 20 * number, 101.0 + 20 * number, f"boot-{number}", 2**53 - 1)
    assert watermark.state.missing <= 2**53


def test_clients_that_are_gone_for_long_are_forgotten_with_their_groups() -> None:
    watermark = Watermark(1.0)
    watermark.expect("planned-0", ["g"])
    watermark.resume(100.0)
    for client in ("planned-0", "passing-0"):
        watermark.observe(client, 101.0, 101.0)
    watermark.assign("passing-0", ["g"])
    watermark.tick(102.0 + FORGET_AFTER)
    assert watermark.state.clients == {}
    assert watermark.state.groups == {}
    watermark.observe("planned-0", 800.0, 800.0)
    assert watermark.advance() == 799.0
    assert watermark.value_of("g") == 799.0


def test_waits_go_on_after_the_clock_was_set_back_and_reports_by_right_clocks_count() -> None:
    watermark = start_watermark("a", "b", at=10_000.0)
    watermark.observe("a", 10_001.0, 10_001.0)
    watermark.observe("b", 10_001.0, 10_001.0)
    watermark.advance()
    assert watermark.value == 9_999.0
    watermark.stall(-3600.0, 6_401.0)
    assert watermark.state.now == 6_401.0
    assert watermark.state.clients["a"].arrived == 6_401.0
    # The clock of a was not set: its report is not before the watermark.
    assert watermark.observe("a", 10_003.0, 6_403.0) == 9_999.0
    assert watermark.observe("a", 6_402.0, 6_403.0) == 6_402.0
    watermark.tick(6_430.0)
    assert watermark.state.now == 6_430.0
    assert watermark.advance() == 9_999.0, "it never goes back"
