"""Heartbeats: an instance says that it is there, whatever its requests and its disk do."""

from __future__ import annotations

import json
import sqlite3
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Outgoing
from rohe_iac.reporting.outbox import Outbox
from rohe_iac.reporting.sender import STATE_INTERVAL, Sender
from rohe_iac.reporting.settings import ReporterSettings

STEP = 0.25
"""Seconds between two rounds of a sender that has nothing to do."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Outgoing]:
    """What a connection that is up was given to publish."""
    found: list[Outgoing] = []
    monkeypatch.setattr(Connection, "up", property(lambda _: True))
    monkeypatch.setattr(Connection, "publish", lambda _, message: found.append(message) or True)
    return found


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    settings = ReporterSettings(BrokerAddress("127.0.0.1", 1), "s", "p", "svc", "svc-0", tmp_path)
    outbox = Outbox(tmp_path, durability="normal", most_reports=100, most_bytes=10_000)
    return Sender(settings, outbox, "b", lambda: {"waiting": outbox.waiting, "pending": 0})


def states(sender: Sender, sent: list[Outgoing], seconds: float) -> list[tuple[float, bool, dict[str, Any]]]:
    """Returns the states of some seconds of rounds: when they were sent, whether retained, and what they say."""
    begun, found = sender._spoke_at, []
    for number in range(1, round(seconds / STEP) + 1):
        sent.clear()
        sender.turn(begun + number * STEP)
        found += [
            (number * STEP, message.retain, json.loads(message.payload))
            for message in sent
            if "/state/" in message.topic
        ]
    return found


def longest_pause(found: list[tuple[float, bool, dict[str, Any]]]) -> float:
    times = [0.0, *(at for at, _, _ in found)]
    return max(second - first for first, second in pairwise(times))


def test_states_say_which_pipeline_and_service_they_are_of(sender: Sender, sent: list[Outgoing]) -> None:
    ((_, _, content), *_) = states(sender, sent, 5.0)
    assert (content["pipeline"], content["service"]) == ("p", "svc")
    assert json.loads(sender._encode_state("lost"))["pipeline"] == "p"


def test_an_idle_instance_speaks_each_second_and_names_its_interval(sender: Sender, sent: list[Outgoing]) -> None:
    found = states(sender, sent, 30.0)
    assert longest_pause(found) <= 1.25
    assert all(content["interval"] == STATE_INTERVAL and content["complete_up_to"] > 0 for _, _, content in found)
    retained = [(at, kept, content) for at, kept, content in found if kept]
    assert longest_pause(retained) <= STATE_INTERVAL


def test_an_instance_whose_reports_nobody_acknowledges_speaks_too(sender: Sender, sent: list[Outgoing]) -> None:
    sender._outbox.append("b", [lambda seq: b"{}"])
    found = states(sender, sent, 30.0)
    assert longest_pause(found) <= STATE_INTERVAL / 2
    assert all(content["complete_up_to"] == 0 for _, _, content in found)


def test_an_instance_whose_outbox_fails_speaks_too(
    sender: Sender, sent: list[Outgoing], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(sender._outbox, "entries_after", fail)
    assert longest_pause(states(sender, sent, 30.0)) <= STATE_INTERVAL / 2
