"""A connection without a broker: it says why, accepts nothing, and ends at once when it is closed."""

from __future__ import annotations

import time

import pytest

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing

UNREACHABLE = BrokerAddress("127.0.0.1", 1)


def test_a_client_id_with_a_dot_is_refused_before_any_broker_sees_it() -> None:
    with pytest.raises(ValueError, match="a dot"):
        Connection(UNREACHABLE, "pod.name")


def test_without_a_broker_it_is_not_up_and_says_why() -> None:
    connection = Connection(UNREACHABLE, "client")
    connection.start()
    assert not connection.wait_up(0.2)
    assert not connection.up
    assert "Connection refused" in connection.last_error
    assert not connection.publish(Outgoing("topic", b""))
    connection.acknowledge([Incoming("topic", b"", 1, False, 1, 1)])
    before = time.monotonic()
    connection.close()
    assert time.monotonic() - before < 2.0
