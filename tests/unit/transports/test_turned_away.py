"""Turned away: when a connection is ended for messages that found no room, and when it is left alone."""

from __future__ import annotations

import pytest

from rohe_iac.mqtt.message import Incoming
from rohe_iac.transports import turned_away
from rohe_iac.transports.turned_away import REDELIVERY_PATIENCE, RENEWAL_INTERVAL, TurnedAway


class Clock:
    """A monotonic clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(turned_away, "time", clock)
    return clock


def message(number: int, qos: int = 1) -> Incoming:
    return Incoming("t", b"", qos, retained=False, message_id=number, connection=1)


def test_with_mqtt_5_the_connection_is_ended_at_once_and_not_often(clock: Clock) -> None:
    found = TurnedAway()
    assert found.take_due(5) == 0
    found.note(message(1), found_room=False)
    found.note(message(2), found_room=False)
    assert found.trouble.startswith("2 messages found no room")
    assert found.take_due(5) == 2
    found.forget()
    assert (found.take_due(5), found.trouble) == (0, "")
    found.note(message(1), found_room=False)
    assert found.take_due(5) == 0
    clock.now += RENEWAL_INTERVAL
    assert found.take_due(5) == 1


def test_a_broker_of_the_older_protocol_has_time_to_deliver_again(clock: Clock) -> None:
    found = TurnedAway()
    found.note(message(1), found_room=False)
    found.note(message(2), found_room=False)
    clock.now += REDELIVERY_PATIENCE - 1
    found.note(message(1), found_room=True)
    found.note(message(2), found_room=False)
    clock.now += REDELIVERY_PATIENCE - 1
    assert found.take_due(4) == 0
    clock.now += 1
    assert found.take_due(4) == 1
    found.note(message(2), found_room=True)
    assert found.trouble == ""


def test_messages_that_no_broker_delivers_again_end_no_connection(clock: Clock) -> None:
    found = TurnedAway()
    found.note(message(0, qos=0), found_room=False)
    found.note(message(3), found_room=True)
    assert (found.take_due(5), found.trouble) == (0, "")
