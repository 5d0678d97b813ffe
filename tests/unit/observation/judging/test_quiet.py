"""Quiet: what is heard of the instances of a place, and what that means for windows of each kind."""

from __future__ import annotations

import pytest

from rohe_iac.observation.contract import WindowSpec
from rohe_iac.observation.judging.quiet import (
    MAX_UNHEARD,
    MIN_QUIET,
    HeardPlace,
    Quiet,
    place_of,
    quiet_of,
    silent_clients,
)
from rohe_iac.observation.reports.client_clock import SILENT_INTERVALS, ClientClock

BY_TIME = WindowSpec(size_seconds=60.0, every_seconds=10.0)
BY_COUNT = WindowSpec(size_count=10, every_count=10)
WELL = HeardPlace(speaks=True, promised=True, reported=100.0)


@pytest.mark.parametrize(("interval", "later", "silent"), [(5.0, 5.9, False), (5.0, 6.1, True), (60.0, 71.0, False)])
def test_a_client_is_silent_after_its_own_interval(interval: float, later: float, silent: bool) -> None:
    clock = ClientClock(arrived=90.0, heard=100.0, interval=interval)
    assert silent_clients(["a"], {"a": clock}, 100.0 + later, 0.0) == ({"a"} if silent else set())
    since_resumed = silent_clients(["a"], {"a": clock}, 100.0 + later, 100.0 + later - SILENT_INTERVALS * interval)
    assert since_resumed == set(), "it could not be heard before"


def test_a_client_that_was_never_heard_is_silent_after_a_while_and_one_that_promises_nothing_never() -> None:
    clocks = {"plain": ClientClock(arrived=1.0, reported=1.0)}
    assert silent_clients(["never", "plain"], clocks, 100.0 + MAX_UNHEARD, 100.0) == set()
    assert silent_clients(["never", "plain"], clocks, 100.1 + MAX_UNHEARD, 100.0) == {"never"}


def test_one_that_speaks_is_enough_for_a_place() -> None:
    clocks = {
        "a": ClientClock(arrived=90.0, reported=90.0, interval=5.0),
        "b": ClientClock(arrived=99.0, reported=40.0, interval=5.0),
    }
    place = place_of(["a", "b"], clocks, {"a"}, 10.0)
    assert place == HeardPlace(speaks=True, promised=True, reported=90.0)
    assert not place.is_silent(1.0, 100.0)
    assert place_of(["a"], clocks, {"a"}, 10.0).is_silent(1e9, 100.0), "it promised to speak"


def test_without_promises_reports_alone_say_that_somebody_is_there() -> None:
    plain = place_of(["a"], {"a": ClientClock(arrived=90.0, reported=90.0)}, set(), 10.0)
    assert plain == HeardPlace(speaks=False, promised=False, reported=90.0)
    assert not plain.is_silent(20.0, 110.0)
    assert plain.is_silent(20.0, 110.1)


@pytest.mark.parametrize(
    ("window", "seconds", "later", "quiet"),
    [
        (BY_TIME, 60.0, 1000.0, Quiet.NO),
        (BY_COUNT, 2.0, MIN_QUIET, Quiet.NO),
        (BY_COUNT, 2.0, MIN_QUIET + 0.1, Quiet.STALE),
        (BY_COUNT, 30.0, 30.0, Quiet.NO),
        (BY_COUNT, 30.0, 30.1, Quiet.STALE),
        (WindowSpec(session=15.0), 15.0, 30.0, Quiet.NO),
        (WindowSpec(session=15.0), 15.0, 30.1, Quiet.STALE),
        (WindowSpec(size_count=9, every_seconds=1.0), 1.0, MIN_QUIET + 0.1, Quiet.STALE),
        (WindowSpec(size_seconds=9.0, every_count=1), 9.0, MIN_QUIET + 0.1, Quiet.STALE),
    ],
)
def test_windows_that_do_not_end_without_reports_are_stale_after_a_while(
    window: WindowSpec, seconds: float, later: float, quiet: Quiet
) -> None:
    assert quiet_of([WELL], window, seconds, WELL.reported + later) is quiet


def test_the_place_that_is_silent_decides() -> None:
    gone = HeardPlace(speaks=False, promised=True, reported=100.0)
    assert quiet_of([WELL, gone], BY_TIME, 60.0, 101.0) is Quiet.SILENT
    assert quiet_of([], BY_TIME, 60.0, 101.0) is Quiet.NO
