"""A session on each real server has as many topic filters as the last of several agents needs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from stack_broker import AGENT, STACK, StackBroker, wait_for

from rohe_iac.foundation.topics import report_topic
from rohe_iac.mqtt.connection import Connection

pytestmark = pytest.mark.broker

MANY = 150


def _subscribe(broker: StackBroker) -> Connection:
    filters = tuple(report_topic(STACK, "cam", f"cam-{index}") for index in range(MANY))
    address = broker.address("agent")
    connection = Connection(address, address.client_id(AGENT), subscriptions=filters)
    connection.start()
    return connection


@pytest.mark.parametrize(("server", "stated"), [("nats", MANY), ("mosquitto", 0)])
def test_an_agent_subscribes_to_the_reports_of_every_client(tmp_path: Path, server: str, stated: int) -> None:
    broker = StackBroker(tmp_path / "stack", server)
    broker.spec = replace(broker.spec, filters=stated)
    broker.program = broker.files.prepare(broker.spec, STACK)
    broker.start()
    connection = _subscribe(broker)
    try:
        wait_for(lambda: connection.up)
    finally:
        connection.close()
        broker.kill()


def test_filters_that_nats_was_not_told_of_are_refused_by_name(tmp_path: Path) -> None:
    broker = StackBroker(tmp_path / "stack", "nats")
    broker.start()
    connection = _subscribe(broker)
    try:
        wait_for(lambda: "refused subscriptions" in connection.last_error)
        assert not connection.up
    finally:
        connection.close()
        broker.kill()
