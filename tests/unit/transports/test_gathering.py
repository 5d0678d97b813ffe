"""Gathering: a transaction has as many messages as are worth it, and none waits long for others."""

from __future__ import annotations

import time

import pytest

from rohe_iac.mqtt.message import Incoming
from rohe_iac.transports.gathering import ENOUGH_BYTES, ENOUGH_MESSAGES, PATIENCE, gather

Received = tuple[list[Incoming], list[str]]


class Arriving:
    """What a transport receives: each after some seconds, by a clock of its own.

    Attributes:
        waits: How long each call might wait.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.events: list[tuple[float, Received]] = []
        self.waits: list[float] = []
        self._now = 0.0
        patch.setattr(time, "monotonic", lambda: self._now)

    def receive(self, _limit: int, timeout: float) -> Received:
        self.waits.append(timeout)
        after = self.events[0][0] if self.events else timeout + 1
        self._now += min(after, timeout)
        return self.events.pop(0)[1] if after <= timeout else ([], [])

    def gathered(self, limit: int = 1000) -> tuple[int, list[str]]:
        messages, changes = gather(self.receive, limit, 5.0)
        return len(messages), changes


@pytest.fixture
def arriving(monkeypatch: pytest.MonkeyPatch) -> Arriving:
    return Arriving(monkeypatch)


def message(size: int = 100) -> Incoming:
    return Incoming("t", b"x" * size, 1, False, 1, 1)


def test_what_comes_one_by_one_is_taken_in_together(arriving: Arriving) -> None:
    arriving.events = [(0.001, ([message()], [])) for _ in range(40)]
    assert arriving.gathered() == (ENOUGH_MESSAGES, [])


def test_large_messages_are_enough_sooner(arriving: Arriving) -> None:
    arriving.events = [(0.001, ([message(ENOUGH_BYTES // 3 + 1)], [])) for _ in range(40)]
    assert arriving.gathered() == (3, [])


def test_what_another_agent_has_gathered_waits_for_nothing(arriving: Arriving) -> None:
    batch = Incoming("rohe/v1/s/batch/agent-0/agent-1", b"x", 1, False, 1, 1)
    arriving.events = [(0.0, ([batch], [])), (0.001, ([message()], []))]
    assert arriving.gathered() == (1, [])
    assert arriving.waits == [5.0]


@pytest.mark.parametrize("topic", ["rohe/v1/batch/report/cam/cam-0", "rohe/v1/s/report/batch/batch-0"])
def test_reports_wait_for_others_whatever_stacks_and_services_are_called(arriving: Arriving, topic: str) -> None:
    report = Incoming(topic, b"x", 1, False, 1, 1)
    arriving.events = [(0.001, ([report], [])) for _ in range(40)]
    assert arriving.gathered() == (ENOUGH_MESSAGES, [])


def test_a_wait_that_is_woken_ends(arriving: Arriving) -> None:
    arriving.events = [(0.0, ([message()], [])), (0.001, ([], [])), (0.001, ([message()], []))]
    assert arriving.gathered() == (1, [])


def test_a_message_waits_no_longer_than_its_patience(arriving: Arriving) -> None:
    arriving.events = [(3.0, ([message()], [])), (PATIENCE * 0.75, ([message()], [])), (PATIENCE, ([message()], []))]
    assert arriving.gathered() == (2, [])
    assert arriving.waits == pytest.approx([5.0, PATIENCE, PATIENCE / 4])


def test_a_change_of_the_connection_waits_for_nothing(arriving: Arriving) -> None:
    arriving.events = [(0.0, ([message()], [])), (0.0, ([], ["down"])), (0.0, ([], ["up"])), (0.0, ([message()], []))]
    assert arriving.gathered() == (1, ["down"])
    assert arriving.gathered() == (0, ["up"])


def test_nothing_is_waited_for_where_nothing_came_or_no_more_fits(arriving: Arriving) -> None:
    assert arriving.gathered() == (0, [])
    arriving.events = [(0.0, ([message()] * 3, []))]
    assert arriving.gathered(limit=3) == (3, [])
    assert len(arriving.waits) == 2
