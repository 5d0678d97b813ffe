"""A session on each real server has as many topic filters as the last of several agents needs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from stack_broker import AGENT, STACK, PlainClient, StackBroker, wait_for

from rohe_iac.foundation.topics import report_topic
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming

pytestmark = pytest.mark.broker

MANY = 150

FEW = 31
"""As many as fit into a session of the server's settings for few: it has 2,047 messages left for further ones."""


def _subscribe(
    broker: StackBroker, filters: int = MANY, receive: Callable[[Incoming], None] | None = None
) -> Connection:
    """Returns a connection with its session, which subscribes to so many filters, the last one for web-0."""
    topics = [report_topic(STACK, "cam", f"cam-{index}") for index in range(filters - (filters > FEW))]
    topics += [report_topic(STACK, "web", "web-0")] if filters > FEW else []
    address = broker.address("agent")
    connection = Connection(
        address, address.client_id(AGENT), subscriptions=tuple(topics), on_message=receive, keep_session=True
    )
    connection.start()
    return connection


def _set(broker: StackBroker, filters: int) -> None:
    """Has the broker know of so many filters, as apply does."""
    broker.spec = replace(broker.spec, filters=filters)
    broker.program = broker.files.prepare(broker.spec, STACK)


@pytest.mark.parametrize(("server", "stated"), [("nats", MANY), ("mosquitto", 0)])
def test_an_agent_subscribes_to_the_reports_of_every_client(tmp_path: Path, server: str, stated: int) -> None:
    broker = StackBroker(tmp_path / "stack", server)
    _set(broker, stated)
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


@pytest.mark.parametrize("more", [FEW + 2, 60, MANY])
def test_a_session_made_when_there_were_few_services_takes_more_filters_and_keeps_what_waits(
    tmp_path: Path, more: int
) -> None:
    broker = StackBroker(tmp_path / "stack", "nats")
    _set(broker, FEW)
    broker.start()
    connection = _subscribe(broker, FEW)
    wait_for(lambda: connection.up)
    connection.close()
    camera, received = PlainClient(broker, "cam", "cam-0"), list[str]()
    assert camera.connected()
    topic = report_topic(STACK, "cam", "cam-0")
    sent = [camera.client.publish(topic, f"waiting {number}", qos=1) for number in range(20)]
    wait_for(lambda: all(message.is_published() for message in sent))
    camera.close()
    before = broker.program.digest
    _set(broker, more)
    assert broker.program.digest != before, "apply starts the server again"
    broker.kill()
    broker.start()
    connection = _subscribe(broker, more, lambda message: received.append(message.payload.decode()))
    try:
        wait_for(lambda: connection.up)
        web = PlainClient(broker, "web", "web-0")
        assert web.connected()
        web.publish(report_topic(STACK, "web", "web-0"), b"new")
        wait_for(lambda: len(set(received)) == 21)
        assert set(received) == {*(f"waiting {number}" for number in range(20)), "new"}
        web.close()
    finally:
        connection.close()
        broker.kill()


def test_a_server_that_only_reads_its_settings_again_counts_filters_as_before_until_it_is_started_again(
    tmp_path: Path,
) -> None:
    broker = StackBroker(tmp_path / "stack", "nats")
    _set(broker, FEW)
    broker.start()
    connection = _subscribe(broker, FEW)
    wait_for(lambda: connection.up)
    connection.close()
    _set(broker, MANY)
    os.kill(broker.pid, signal.SIGHUP)
    wait_for(lambda: "Reloaded server configuration" in broker.log)
    connection = _subscribe(broker)
    try:
        wait_for(lambda: "refused subscriptions" in connection.last_error)
        broker.kill()
        broker.start()
        wait_for(lambda: connection.up)
    finally:
        connection.close()
        broker.kill()
