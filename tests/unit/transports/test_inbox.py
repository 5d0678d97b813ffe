"""The inbox: order, bounds of number and bytes, and what is kept of oversized messages."""

from __future__ import annotations

import threading

import pytest

from rohe_iac.foundation.topics import MAX_REPORT_BYTES, batch_topic, report_topic, state_topic
from rohe_iac.mqtt.message import Incoming
from rohe_iac.transports import inbox
from rohe_iac.transports.inbox import KEPT_OF_OVERSIZED, ConnectionChange, Inbox

WORDS = ("ack", "batch", "command", "reply", "report", "result", "rohe", "share", "state", "v1", "violation")
"""Words that topics have at fixed levels; stacks, services and clients may be called so, too."""


def message(payload: bytes, number: int = 1, topic: str = "t") -> Incoming:
    return Incoming(topic, payload, qos=1, retained=False, message_id=number, connection=1)


def test_messages_and_changes_come_out_in_order_and_at_most_as_many_as_asked() -> None:
    box = Inbox()
    box.note_change(ConnectionChange("up", "a"))
    for number in range(3):
        assert box.offer(message(b"m", number))
    box.note_change(ConnectionChange("down", "a"))
    messages, changes = box.receive(2, 0.0)
    assert [found.message_id for found in messages] == [0, 1]
    assert changes == [("up", "a")]
    messages, changes = box.receive(2, 0.0)
    assert ([found.message_id for found in messages], changes) == ([2], [("down", "a")])
    assert box.receive(2, 0.0) == ([], [])


def test_one_that_waits_can_be_woken_and_takes_what_is_there() -> None:
    box = Inbox()
    waking = threading.Timer(0.02, lambda: (box.wake(), box.wake()))
    waking.start()
    assert box.receive(5, 3600.0) == ([], [])
    waking.join()
    assert box.offer(message(b"m", 7))
    box.wake()
    messages, _ = box.receive(5, 3600.0)
    assert [found.message_id for found in messages] == [7]
    assert box.waiting()[0] == 0, "a call that woke nobody is not remembered twice"


def test_of_an_oversized_message_the_beginning_is_kept() -> None:
    box = Inbox()
    assert box.offer(message(b"x" * (MAX_REPORT_BYTES + 1)))
    (found,), _ = box.receive(1, 0.0)
    assert (len(found.payload), found.cut_from) == (KEPT_OF_OVERSIZED, MAX_REPORT_BYTES + 1)


@pytest.mark.parametrize("word", WORDS)
def test_the_bound_is_in_force_whatever_stacks_services_and_clients_are_called(word: str) -> None:
    box, large = Inbox(), b"x" * (MAX_REPORT_BYTES + 1)
    bounded = [report_topic(word, "cam", "cam-0"), report_topic("s", word, "cam-0"), report_topic("s", "cam", word)]
    for topic in (*bounded, report_topic(word, word, word), state_topic(word, "cam-0"), state_topic("s", word)):
        assert box.offer(message(large, topic=topic))
    messages, _ = box.receive(10, 0.0)
    assert [found.cut_from for found in messages] == [len(large)] * 6
    assert box.offer(message(large, topic=batch_topic(word, word, word)))
    (batch,), _ = box.receive(1, 0.0)
    assert (batch.payload, batch.cut_from) == (large, 0), "other agents gather more than one report"


def test_what_finds_no_room_is_counted_and_refused_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "QUEUE_BYTES", 4_000)
    box = Inbox()
    assert [box.offer(message(b"x" * 900)) for _ in range(3)] == [True, True, False]
    assert (box.dropped, box.has_room()) == (1, False)
    box.receive(1, 0.0)
    assert box.has_room()
    assert box.offer(message(b"x" * 900))
