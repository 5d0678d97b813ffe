"""What waits at the sender of an instance stays bounded, whatever arrives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rohe_iac.foundation.topics import ack_topic
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.reporting.outbox import Outbox
from rohe_iac.reporting.sender import MAX_PENDING_ACKS, Sender
from rohe_iac.reporting.settings import ReporterSettings


@pytest.fixture
def sender(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sender:
    """A sender whose connection is up, with one report of the boot `b` in its outbox."""
    published: list[Outgoing] = []
    monkeypatch.setattr(Connection, "up", property(lambda _: True))
    monkeypatch.setattr(Connection, "publish", lambda _, message: published.append(message) or True)
    settings = ReporterSettings(BrokerAddress("127.0.0.1", 1), "s", "p", "svc", "svc-0", tmp_path)
    outbox = Outbox(tmp_path, durability="normal", most_reports=100, most_bytes=10_000)
    outbox.append("b", [lambda seq: b"{}"])
    return Sender(settings, outbox, "b", lambda: {"waiting": outbox.waiting, "pending": 0})


def acknowledge(sender: Sender, boot: str) -> None:
    payload = json.dumps({"boot": boot, "up_to_seq": 1, "holes": [], "agent_boot": "a"}).encode()
    sender._handle_message(Incoming(ack_topic("s", "svc-0"), payload, 0, False, 1, 1))


def test_acknowledgements_of_any_number_of_boots_are_held_within_a_bound(sender: Sender) -> None:
    for number in range(2 * MAX_PENDING_ACKS):
        acknowledge(sender, f"other-{number}")
    assert len(sender._acks) == MAX_PENDING_ACKS


def test_the_acknowledgement_that_arrived_last_is_kept(sender: Sender) -> None:
    acknowledge(sender, "b")
    for number in range(MAX_PENDING_ACKS - 1):
        acknowledge(sender, f"other-{number}")
    acknowledge(sender, "b")
    acknowledge(sender, "one-more")
    sender.turn(sender._spoke_at)
    assert sender._outbox.waiting == 0


def test_a_report_whose_acknowledgement_was_dropped_waits_for_the_next(sender: Sender) -> None:
    acknowledge(sender, "b")
    for number in range(MAX_PENDING_ACKS):
        acknowledge(sender, f"other-{number}")
    sender.turn(sender._spoke_at)
    assert sender._outbox.waiting == 1
    acknowledge(sender, "b")
    sender.turn(sender._spoke_at)
    assert sender._outbox.waiting == 0


def test_what_is_sent_while_a_connection_is_set_up_is_sent_again_by_the_next_one_alone(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []
    monkeypatch.setattr(Connection, "publish", lambda _, message: published.append(message.topic) or True)
    sender.turn(sender._spoke_at)
    sender._handle_up()
    sender.turn(sender._spoke_at)
    assert published.count(sender._report_topic) == 1
    sender._handle_down()
    sender._handle_up()
    sender.turn(sender._spoke_at)
    assert published.count(sender._report_topic) == 2
