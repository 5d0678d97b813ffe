"""The clock of a client: gaps open, are filled, and are given up one by one; only so many are kept."""

from __future__ import annotations

import random

from rohe_iac.observation.reports.client_clock import (
    MAX_BOOTS,
    MAX_GAPS,
    MAX_LAG,
    MAX_LAG_GROWTH,
    ClientClock,
    LaggingClient,
    PassedGap,
)


def gaps_of(clock: ClientClock) -> list[tuple[int, int]]:
    return [(gap.first, gap.last) for progress in clock.boots for gap in progress.gaps]


def test_a_gap_shrinks_from_both_ends_and_splits() -> None:
    clock = ClientClock()
    for seq in (1, 7, 2, 6, 4):
        clock.add_number("b", seq, 1.0)
    assert gaps_of(clock) == [(3, 3), (5, 5)]
    for seq in (3, 5):
        clock.add_number("b", seq, 2.0)
    assert not clock.has_gaps


def test_any_order_of_all_numbers_leaves_no_gap() -> None:
    chance = random.Random(5)
    for _ in range(50):
        numbers = list(range(1, 40))
        chance.shuffle(numbers)
        clock = ClientClock()
        for seq in numbers:
            clock.add_number("b", seq, 1.0)
        assert not clock.has_gaps
        assert clock.boots[0].newest == 39


def test_each_gap_has_its_own_time() -> None:
    clock = ClientClock(newest=1.0)
    clock.add_number("b", 3, 10.0)
    clock.newest = 12.0
    clock.add_number("b", 5, 12.0)
    assert clock.complete_up_to == 1.0
    assert [(gap.first, gap.last) for gap in clock.drop_gaps(11.0, 11.0)] == [(1, 2)]
    assert clock.complete_up_to == 12.0, "what is left is the gap after the report of 12"
    assert gaps_of(clock) == [(4, 4)]


def test_what_is_left_of_a_gap_and_the_gaps_above_it_wait_anew() -> None:
    clock = ClientClock(newest=1.0)
    for seq in (3, 8, 12):
        clock.add_number("b", seq, 10.0)
    clock.add_number("b", 5, 20.0)
    assert [(gap.first, gap.last) for gap in clock.drop_gaps(15.0, 0.0)] == [(1, 2)], "what is below is not to come"
    assert gaps_of(clock) == [(4, 4), (6, 7), (9, 11)]
    clock.add_number("b", 4, 30.0)
    clock.add_number("b", 7, 30.0)
    assert not clock.drop_gaps(25.0, 0.0)
    assert gaps_of(clock) == [(6, 6), (9, 11)]
    assert len(clock.drop_gaps(25.0, 11.0)) == 2, "no longer than the longest wait"


def test_numbers_of_an_earlier_boot_fill_its_gaps() -> None:
    clock = ClientClock()
    for boot, seq in (("a", 2), ("b", 1), ("a", 1), ("b", 2)):
        clock.add_number(boot, seq, 1.0)
    assert not clock.has_gaps


def test_so_many_gaps_and_boots_are_kept_and_no_more() -> None:
    clock = ClientClock()
    dropped = [gap for seq in range(1, 2 * MAX_GAPS + 12, 2) for gap in clock.add_number("b", seq + 1, 1.0)]
    assert len(gaps_of(clock)) == MAX_GAPS
    assert [gap.first for gap in dropped] == [1, 3, 5, 7, 9, 11][: len(dropped)]
    for number in range(MAX_BOOTS + 3):
        clock.add_number(f"boot-{number}", 1, 1.0)
    assert len(clock.boots) == MAX_BOOTS


def test_who_is_far_behind_and_comes_no_closer_is_behind() -> None:
    clock = ClientClock(arrived=100.0)
    assert not clock.measure_lag(MAX_LAG + 100, 100.0)
    clock.arrived = 101.0 + MAX_LAG_GROWTH
    assert clock.measure_lag(MAX_LAG + 100, 101.0 + MAX_LAG_GROWTH)
    assert not clock.measure_lag(1.0, 102.0 + MAX_LAG_GROWTH)
    assert not clock.behind


def test_who_catches_up_is_not_behind() -> None:
    clock = ClientClock(arrived=100.0)
    for step in range(30):
        clock.arrived = 100.0 + 5 * step
        assert not clock.measure_lag(MAX_LAG + 1000 - 10 * step, clock.arrived)


def test_what_was_passed_over_is_said_in_words() -> None:
    gap = PassedGap(client="raw-0", first=1, last=4, waited=15.3, at=20.0)
    assert gap.text == "waited 15 s for reports 1-4 of raw-0: gone on without them"
    assert "report 4 of raw-0" in PassedGap(client="raw-0", first=4, last=4, waited=15.3, at=20.0).text
    assert "raw-0 are dated 3600 s before" in LaggingClient(client="raw-0", newest=1.0, lag=3600.0).text
