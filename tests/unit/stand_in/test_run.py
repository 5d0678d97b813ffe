"""`rohe stand-in run`: arrivals at random moments, and what is missing without a replay."""

from __future__ import annotations

import threading
import time
from itertools import count, islice
from statistics import fmean, pstdev

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.stand_in.run import generate_arrivals, random_gaps, run_stand_in


def test_requests_begin_when_those_behind_are_ready_and_come_at_about_the_rate() -> None:
    ended, checks = threading.Event(), count()
    arrivals: list[float] = []

    def arrive() -> None:
        arrivals.append(time.monotonic())
        if len(arrivals) == 200:
            ended.set()

    generate_arrivals(random_gaps(2000, 1, "test"), arrive, lambda: next(checks) >= 2, ended)
    assert next(checks) == 3
    assert len(arrivals) >= 200


@pytest.mark.parametrize(("environment", "words"), [
    ({}, "ROHE_REPLAY names no file"),
    ({"ROHE_REPLAY": "/nowhere/replay.json"}, "cannot read"),
])  # fmt: skip
def test_a_stand_in_without_a_replay_says_what_is_missing(environment: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_stand_in(environment)


@pytest.mark.parametrize("turns", [1, 4])
def test_arrivals_at_a_replica_that_takes_its_turn_are_more_even(turns: int) -> None:
    gaps = list(islice(random_gaps(5, turns, "test"), 20_000))
    assert fmean(gaps) == pytest.approx(0.2, rel=0.05)
    assert (pstdev(gaps) / fmean(gaps)) ** 2 == pytest.approx(1 / turns, rel=0.05)
