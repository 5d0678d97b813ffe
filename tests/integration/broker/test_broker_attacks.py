"""What a service with a password of its own tries at the broker of its stack, with both servers."""

from __future__ import annotations

import json
import os
import queue
import socket
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from stack_broker import AGENT, SERVICES, STACK, PlainClient, StackBroker, wait_for

from rohe_iac.foundation.topics import (
    ack_topic,
    command_topic,
    reply_topic,
    report_topic,
    result_topic,
    state_topic,
    violation_topic,
)
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming
from rohe_iac.targets.broker.server import MAX_PAYLOAD
from rohe_iac.targets.local.supervisor.probes import fault_of
from rohe_iac.transports.inbox import ConnectionChange
from rohe_iac.transports.mqtt import AgentTransport

pytestmark = pytest.mark.broker

OWN = report_topic(STACK, "cam", "cam-0")


@pytest.fixture
def intruder(broker: StackBroker) -> Iterator[PlainClient]:
    """Yields a connected client of the user cam."""
    client = PlainClient(broker, "cam", "cam-0")
    assert client.connected()
    yield client
    client.close()


@pytest.fixture
def agent(broker: StackBroker) -> Iterator[AgentTransport]:
    """Yields the transport of the stack's agent, connected."""
    transport = AgentTransport(broker.address("agent"), STACK, AGENT, SERVICES, "boot", lambda payload: None)
    transport.start()
    changes: list[ConnectionChange] = []
    wait_for(lambda: changes.extend(transport.receive(10, 0.1)[1]) or changes)
    yield transport
    transport.close()


def _received_until(agent: AgentTransport, payload: bytes) -> tuple[list[Incoming], list[ConnectionChange]]:
    """Returns what the agent received before the message with this payload, and the changes of its connection."""
    messages: list[Incoming] = []
    changes: list[ConnectionChange] = []
    end = time.monotonic() + 15
    while not messages or messages[-1].payload != payload:
        assert time.monotonic() < end, (messages, changes)
        found = agent.receive(1, 0.2)
        messages += found[0]
        changes += found[1]
        agent.acknowledge(found[0])
    return messages[:-1], changes


def test_a_service_cannot_disconnect_agent_reporters_or_operator(
    broker: StackBroker, agent: AgentTransport, tmp_path: Path
) -> None:
    downs: queue.Queue[str] = queue.Queue()
    reporter = Connection(
        broker.address("web"), broker.address("web").client_id("web-0"), on_down=lambda: downs.put("web-0")
    )
    reporter.start()
    assert reporter.wait_up(10)
    guesses = [AGENT, "web-0", "operator", "agent", broker.address("cam").client_id(AGENT)]
    clients = [PlainClient(broker, "cam", guess) for guess in guesses]
    try:
        assert all(client.connected() for client in clients)
        clients[0].publish(OWN, b"last")
        assert _received_until(agent, b"last")[1] == []
        assert (downs.qsize(), reporter.up) == (0, True)
    finally:
        for client in clients:
            client.close()
        reporter.close()


def test_a_service_publishes_on_its_own_topics_alone(agent: AgentTransport, intruder: PlainClient) -> None:
    others = [
        report_topic(STACK, "web", "web-0"),
        report_topic(STACK, "cam", "web-0"),
        report_topic(STACK, "web", "cam-0"),
        state_topic(STACK, "web-0"),
        state_topic(STACK, AGENT),
        ack_topic(STACK, "web-0"),
        command_topic(STACK, AGENT),
        command_topic(STACK, "web-0"),
        violation_topic(STACK, "promise"),
        result_topic(STACK, AGENT, "window"),
        f"{OWN}/more",
        OWN.upper(),
    ]
    of_the_server = ["$SYS/broker/clients", "$SYS/REQ/SERVER/PING", "$JS/API/STREAM/PURGE/$MQTT_msgs",
                     "$JS/API/STREAM/DELETE/$MQTT_sess", "$MQTT/sub/anything", "$MQTT/msgs/rohe"]  # fmt: skip
    for qos, topics in ((0, [*others, *of_the_server]), (1, 3 * others)):
        for topic in topics:
            intruder.publish(topic, b"forged", qos=qos)
    intruder.publish(OWN, b"true")
    messages, changes = _received_until(agent, b"true")
    assert [message.topic for message in messages if message.payload == b"forged"] == []
    assert changes == []
    assert intruder.connects.empty(), "a message that is refused ends no connection"


def test_a_service_hears_what_is_addressed_to_it_alone(
    broker: StackBroker, agent: AgentTransport, intruder: PlainClient
) -> None:
    filters = ["#", "+/#", "rohe/#", "$SYS/#", "$JS/#", "$MQTT/#", "$MQTT/sub/#", "$share/g/rohe/#",
               report_topic(STACK, "+", "+"), report_topic(STACK, "web", "web-0"), state_topic(STACK, "+"),
               ack_topic(STACK, "+"), command_topic(STACK, "+"), command_topic(STACK, AGENT), reply_topic(STACK, "+"),
               reply_topic(STACK, AGENT)]  # fmt: skip
    granted = [topic_filter for topic_filter in filters if intruder.subscribe(topic_filter)]
    # Mosquitto grants any filter and delivers by the topic of each message.
    assert granted == [] or broker.server == "mosquitto"
    assert intruder.subscribe(ack_topic(STACK, "cam-0"))
    web = PlainClient(broker, "web", "web-0")
    try:
        assert web.connected()
        web.publish(report_topic(STACK, "web", "web-0"), b"private")
        _received_until(agent, b"private")
        agent.heartbeat({})
        agent.command("web-0", {"id": "1", "action": "degrade"})
        agent.acknowledge_reports("web-0", "boot", 1, [])
        agent.acknowledge_reports("cam-0", "boot", 1, [])
        topics = set()
        while ack_topic(STACK, "cam-0") not in topics:
            topics.add(intruder.received.get(timeout=10)[0])
        assert topics == {ack_topic(STACK, "cam-0")}
    finally:
        web.close()


def test_a_huge_message_is_refused_and_the_agent_goes_on(
    broker: StackBroker, agent: AgentTransport, intruder: PlainClient
) -> None:
    intruder.publish(OWN, b"x" * (MAX_PAYLOAD - 1024))
    intruder.publish(OWN, b"y" * (MAX_PAYLOAD + 200 * 1024))
    web = PlainClient(broker, "web", "web-1")
    try:
        assert web.connected()
        web.publish(report_topic(STACK, "web", "web-1"), b"small")
        messages, changes = _received_until(agent, b"small")
        while OWN not in {message.topic for message in messages}:
            messages += agent.receive(1, 10.0)[0]
        assert {message.payload[:1] for message in messages if message.topic == OWN} == {b"x"}
        assert changes == []
    finally:
        web.close()


def test_a_running_broker_answers_the_probe_of_its_liveness(broker: StackBroker) -> None:
    assert broker.program.liveness is not None
    assert fault_of(broker.program.liveness, os.getpid()) == ""


def test_retained_and_undecodable_messages_do_not_stop_an_agent(own_broker: StackBroker, tmp_path: Path) -> None:
    intruder = PlainClient(own_broker, "cam", "anything")
    try:
        assert intruder.connected()
        sample = {"v": 1, "client": "cam-0", "boot": "b", "seq": 1, "at": time.time(), "pipeline": "desk",
                  "service": "cam", "instance": "cam-0", "request": "r", "start": 1.0, "end": 2.0}  # fmt: skip
        intruder.publish(OWN, json.dumps(sample).encode(), retain=True)
        intruder.publish(state_topic(STACK, "cam-0"), b"[" * 100_000, retain=True)
        for expected in (2, 3):
            # A retained message comes again at each start of an agent, and counts once.
            with own_broker.agent(tmp_path / "store") as worker:
                reporter = own_broker.reporter("web", "web-0", tmp_path)
                assert reporter.report(request="r", start=time.time(), end=time.time())
                assert reporter.flush(15)
                reporter.close()
                wait_for(partial(_has_reports, worker, expected))
    finally:
        intruder.close()


def _has_reports(worker: Any, count: int) -> bool:
    return bool(worker._answers.status.get("counts", {}).get("reports") == count)


def test_a_report_in_another_s_name_uses_up_none_of_its_numbers(own_broker: StackBroker, tmp_path: Path) -> None:
    intruder = PlainClient(own_broker, "cam", "anything")
    reporter = own_broker.reporter("web", "web-0", tmp_path)
    try:
        assert intruder.connected()
        with own_broker.agent(tmp_path / "store") as worker:
            wait_for(lambda: worker._transport.connection.up)
            for name in (
                {"client": "web-0"},
                {"client": "cam-0", "instance": "web-0"},
                {"client": "cam-0", "service": "web"},
            ):
                forged = {"v": 1, "client": "cam-0", "boot": reporter.boot, "at": time.time(), "pipeline": "desk",
                          "service": "cam", "instance": "cam-0", "start": 1.0, "end": 2.0, **name}  # fmt: skip
                for seq in range(1, 11):
                    intruder.publish(OWN, json.dumps({**forged, "seq": seq}).encode())
            for index in range(10):
                assert reporter.report(request=f"r{index}", start=time.time(), end=time.time())
            assert reporter.flush(20)
            wait_for(partial(_has_reports, worker, 10))
    finally:
        reporter.close()
        intruder.close()


@pytest.mark.parametrize(("user", "password"), [("cam", "guessed"), ("root", ""), ("", "")])
def test_nobody_connects_without_the_password_of_a_user(broker: StackBroker, user: str, password: str) -> None:
    port = broker.spec.ports["mqtt"]
    connection = Connection(BrokerAddress("127.0.0.1", port, user=user, password=password, mqtt="3.1.1"), "stranger")
    connection.start()
    try:
        wait_for(lambda: "refused" in connection.last_error)
        assert not connection.up
    finally:
        connection.close()


def test_the_nats_port_takes_no_user_at_all(broker: StackBroker) -> None:
    if broker.server != "nats":
        assert set(broker.program.ports) == {"mqtt"}
        return
    content = json.loads(broker.credentials("cam").read_bytes())
    with socket.create_connection(("127.0.0.1", broker.spec.ports["nats"]), 10) as sock:
        login = json.dumps({"user": content["user"], "pass": content["password"], "verbose": True})
        sock.sendall(f"CONNECT {login}\r\nPING\r\nSUB > 1\r\n".encode())
        answer = b""
        while block := sock.recv(4096):
            answer += block
    assert b"Authorization Violation" in answer
    assert b"PONG" not in answer


def test_no_password_is_sent_to_a_port_that_another_user_opened() -> None:
    received = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            accepted, _ = server.accept()
            with accepted:
                received.append(accepted.recv(4096))

        thread = threading.Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        connection = Connection(BrokerAddress("127.0.0.1", port, user="cam", password="secret", owner=54321), "cam-0")
        connection.start()
        thread.join(10)
        wait_for(lambda: "does not run the stack's broker" in connection.last_error)
        connection.close()
    assert received == [b""]


def test_mqtt_5_is_served_by_mosquitto_and_refused_in_the_log_of_nats(broker: StackBroker) -> None:
    client = PlainClient(broker, "cam", "modern", version=paho.MQTTv5)
    try:
        assert client.connected() is (broker.server == "mosquitto")
        if broker.server == "nats":
            wait_for(lambda: "unacceptable protocol version of 5" in broker.log)
    finally:
        client.close()


def test_rohe_s_own_clients_use_the_version_that_the_broker_speaks(broker: StackBroker) -> None:
    before = broker.log.count("unacceptable protocol version")
    connection = Connection(broker.address("web"), broker.address("web").client_id("web-1"))
    connection.start()
    assert connection.wait_up(10)
    assert connection.protocol == (5 if broker.server == "mosquitto" else 4)
    connection.close()
    assert broker.log.count("unacceptable protocol version") == before


def test_reports_accepted_before_the_broker_was_killed_reach_the_agent(own_broker: StackBroker, tmp_path: Path) -> None:
    reporter = own_broker.reporter("web", "web-0", tmp_path)
    try:
        for index in range(20):
            assert reporter.report(request=f"r{index}", start=time.time(), end=time.time())
        own_broker.kill()
        assert reporter.report(request="r20", start=time.time(), end=time.time())
        own_broker.start()
        with own_broker.agent(tmp_path / "store") as worker:
            wait_for(lambda: _has_reports(worker, 21))
            assert reporter.flush(15)
    finally:
        reporter.close()
