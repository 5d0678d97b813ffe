"""`rohe stand-in run`: arrivals at random moments, and what is missing without a replay."""

from __future__ import annotations

import threading
import time
from itertools import count

import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.stand_in.run import generate_arrivals, run_stand_in


def test_requests_begin_when_those_behind_are_ready_and_come_at_about_the_rate() -> None:
    ended, checks = threading.Event(), count()
    arrivals: list[float] = []

    def arrive() -> None:
        arrivals.append(time.monotonic())
        if len(arrivals) == 200:
            ended.set()

    generate_arrivals(2000, arrive, lambda: next(checks) >= 2, ended, seed="test")
    assert next(checks) == 3
    assert len(arrivals) >= 200


@pytest.mark.parametrize(("environment", "words"), [
    ({}, "ROHE_REPLAY names no file"),
    ({"ROHE_REPLAY": "/nowhere/replay.json"}, "cannot read"),
])  # fmt: skip
def test_a_stand_in_without_a_replay_says_what_is_missing(environment: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run_stand_in(environment)
