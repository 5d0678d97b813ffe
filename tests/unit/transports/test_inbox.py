"""The inbox: order, bounds of number and bytes, and what is kept of oversized messages."""

from __future__ import annotations

import threading

import pytest

from rohe_iac.foundation.topics import MAX_REPORT_BYTES
from rohe_iac.mqtt.message import Incoming
from rohe_iac.transports import inbox
from rohe_iac.transports.inbox import KEPT_OF_OVERSIZED, ConnectionChange, Inbox


def message(payload: bytes, number: int = 1) -> Incoming:
    return Incoming("t", payload, qos=1, retained=False, message_id=number, connection=1)


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


def test_what_finds_no_room_is_counted_and_refused_until_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "QUEUE_BYTES", 4_000)
    box = Inbox()
    assert [box.offer(message(b"x" * 900)) for _ in range(3)] == [True, True, False]
    assert (box.dropped, box.has_room()) == (1, False)
    box.receive(1, 0.0)
    assert box.has_room()
    assert box.offer(message(b"x" * 900))
