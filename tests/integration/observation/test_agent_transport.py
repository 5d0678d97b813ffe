"""The agent's transport and a real broker: what it receives, acknowledges and publishes."""

from __future__ import annotations

import json
import queue
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from observed_brokers import RunningBroker, mosquitto_broker, nats_broker

from rohe_iac.foundation.topics import ack_topic, command_topic, reply_topic, report_topic, state_topic
from rohe_iac.mqtt import subscriptions
from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.transports import inbox, turned_away
from rohe_iac.transports.inbox import ConnectionChange
from rohe_iac.transports.mqtt import AgentTransport

pytestmark = pytest.mark.broker


class Peer:
    """An agent's transport, and a client on the same broker that plays reporter and operator."""

    def __init__(self, broker: RunningBroker, folder: Path) -> None:
        self.stack = f"s{uuid.uuid4().hex[:8]}"
        self.questions: list[bytes] = []
        self.received: queue.Queue[Incoming] = queue.Queue()
        address = broker_address("", broker.credentials(folder, "agent"))
        agent = f"agent-{self.stack}"
        self.transport = AgentTransport(address, self.stack, agent, ["load", "load"], "boot", self.questions.append)
        self.agent = agent
        self.client = Connection(
            address,
            f"peer-{self.stack}",
            subscriptions=(
                ack_topic(self.stack, "load-0"),
                command_topic(self.stack, "load-0"),
                reply_topic(self.stack, "operator"),
                state_topic(self.stack, agent),
            ),
            on_message=self.received.put,
        )
        self.client.start()
        assert self.client.wait_up(10)
        self.transport.start()
        assert self.transport.receive(10, 10.0) == ([], [ConnectionChange("up", address.url)])

    def receive(self, count: int) -> list[Incoming]:
        """Returns `count` messages that the transport received."""
        messages: list[Incoming] = []
        end = time.monotonic() + 15
        while len(messages) < count and time.monotonic() < end:
            messages += self.transport.receive(count - len(messages), 0.1)[0]
        return messages

    def next(self, topic: str) -> dict[str, object]:
        """Returns the content of the next message of a topic that the client received; others are skipped."""
        while True:
            message = self.received.get(timeout=15)
            if message.topic == topic:
                content: dict[str, object] = json.loads(message.payload)
                return content

    def close(self) -> None:
        self.transport.close()
        self.client.close()


@pytest.fixture
def peer(shared_broker: RunningBroker, tmp_path: Path) -> Iterator[Peer]:
    peer = Peer(shared_broker, tmp_path)
    yield peer
    peer.close()


def test_reports_arrive_in_order_and_at_most_as_many_as_asked(peer: Peer) -> None:
    topic = report_topic(peer.stack, "load", "load-0")
    for number in range(5):
        assert peer.client.publish(Outgoing(topic, b"%d" % number))
    messages = peer.receive(2) + peer.receive(3)
    assert [message.payload for message in messages] == [b"0", b"1", b"2", b"3", b"4"]
    peer.transport.acknowledge(messages)
    assert peer.transport.receive(10, 0.2) == ([], [])


def test_a_message_that_is_not_acknowledged_is_delivered_again(peer: Peer) -> None:
    topic = report_topic(peer.stack, "load", "load-0")
    peer.client.publish(Outgoing(topic, b"lost"))
    [first] = peer.receive(1)
    [again] = peer.receive(1)
    assert (first.payload, again.payload) == (b"lost", b"lost")
    peer.transport.acknowledge([again])


def test_questions_go_to_their_callback_and_not_to_the_queue(peer: Peer) -> None:
    peer.client.publish(Outgoing(command_topic(peer.stack, peer.agent), b"question"))
    end = time.monotonic() + 15
    while not peer.questions and time.monotonic() < end:
        time.sleep(0.02)
    assert peer.questions == [b"question"]
    assert peer.transport.receive(10, 0.2) == ([], [])


def test_acknowledgements_commands_and_answers_reach_their_clients(peer: Peer) -> None:
    peer.transport.acknowledge_reports("load-0", "b", 7, [[2, 3]])
    assert peer.next(ack_topic(peer.stack, "load-0")) == {
        "boot": "b",
        "up_to_seq": 7,
        "holes": [[2, 3]],
        "agent_boot": "boot",
    }
    order = {"id": "1", "action": "degrade", "service": "s", "members": ["a"], "until": 0, "reason": "slow"}
    assert peer.transport.command("load-0", order)
    assert peer.next(command_topic(peer.stack, "load-0")) == {**order, "reply": peer.agent}
    assert peer.transport.answer("operator", b'{"page": 0}')
    assert peer.next(reply_topic(peer.stack, "operator")) == {"page": 0}


def test_states_are_online_while_it_lives_and_stopped_after_its_end(peer: Peer) -> None:
    topic = state_topic(peer.stack, peer.agent)
    peer.transport.heartbeat({"reports": 3})
    online = peer.next(topic)
    assert (online["state"], online["boot"], online["reports"]) == ("online", "boot", 3)
    peer.transport.close()
    assert peer.next(topic)["state"] == "stopped"


def test_a_broker_that_hangs_up_at_each_large_message_is_named_until_it_takes_one(peer: Peer) -> None:
    connection = peer.transport.connection
    end = time.monotonic() + 30
    while not connection.hang_ups.trouble and time.monotonic() < end:
        if connection.wait_up(1.0):
            peer.transport.publish(command_topic(peer.stack, "load-0"), b"x" * 600_000)
        peer.transport.receive(1, 0.1)
    assert "after a message of 600000 bytes" in connection.hang_ups.trouble
    while connection.hang_ups.trouble and time.monotonic() < end:
        if connection.wait_up(1.0):
            peer.transport.publish(command_topic(peer.stack, "load-0"), b"x" * 100_000)
        peer.transport.receive(1, 0.1)
    assert connection.hang_ups.trouble == ""


@pytest.mark.parametrize("start_broker", [nats_broker, mosquitto_broker])
def test_a_session_of_an_earlier_run_is_delivered_and_its_other_filters_are_ended(
    start_broker: Callable[[Path], RunningBroker], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = start_broker(tmp_path)
    broker.start()
    address = broker_address("", broker.credentials(tmp_path, "agent"))
    mine, others = report_topic("s", "load", "load-0"), report_topic("s", "load", "load-1")
    publisher = Connection(address, "publisher")
    publisher.start()
    alone = AgentTransport(address, "s", "agent", ["load"], "first", lambda _: None)
    one_of_several = AgentTransport(address, "s", "agent", ["load"], "second", lambda _: None, filters=[mine])
    received: list[str] = []
    try:
        assert publisher.wait_up(10)
        alone.start()
        assert alone.connection.wait_up(10)
        alone.close()
        assert publisher.publish(Outgoing(mine, b"{}"))
        assert publisher.publish(Outgoing(others, b"{}"))
        monkeypatch.setattr(subscriptions, "DRAIN_SECONDS", 0.5)
        one_of_several.start()
        assert one_of_several.connection.wait_up(10)
        one_of_several.end([report_topic("s", "load", "+")])
        wait_for(lambda: receive_into(one_of_several, received) >= {mine, others})
        # What another agent hears comes no more, and the own messages do.
        wait_for(lambda: not comes(publisher, one_of_several, others))
        assert comes(publisher, one_of_several, mine)
    finally:
        one_of_several.close()
        publisher.close()
        broker.kill()


def mosquitto_for_many(folder: Path) -> RunningBroker:
    """Returns a mosquitto that has as many messages under way as that of a stack."""
    broker = mosquitto_broker(folder)
    with (folder / "broker.conf").open("a") as settings:
        settings.write("max_inflight_messages 2048\nmax_queued_messages 0\n")
    return broker


@pytest.mark.parametrize(
    ("start_broker", "mqtt", "renews"),
    [(mosquitto_for_many, "5", True), (mosquitto_for_many, "3.1.1", True), (nats_broker, "3.1.1", False)],
    ids=["mosquitto-5", "mosquitto-3.1.1", "nats"],
)
def test_messages_that_find_no_room_come_again_by_a_new_connection_where_the_broker_demands_one(
    start_broker: Callable[[Path], RunningBroker],
    mqtt: str,
    renews: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(inbox, "QUEUE_BYTES", 60_000)
    monkeypatch.setattr(turned_away, "RENEWAL_INTERVAL", 0.1)
    monkeypatch.setattr(turned_away, "REDELIVERY_PATIENCE", 0.5 if renews else 40.0)
    broker = start_broker(tmp_path)
    broker.mqtt = mqtt
    broker.start()
    address = broker_address("", broker.credentials(tmp_path, "agent"))
    publisher = Connection(address, "publisher")
    transport = AgentTransport(address, "s", "agent", ["load"], "boot", lambda _: None)
    arrived: Counter[bytes] = Counter()
    try:
        publisher.start()
        transport.start()
        wait_for(lambda: publisher.up and transport.up)
        for number in range(200):
            assert publisher.publish(Outgoing(report_topic("s", "load", "load-0"), b"%1000d" % number))
        wait_for(lambda: transport.inbox.waiting()[0] + transport.inbox.dropped >= 200)
        assert "are unacknowledged until the broker sends them again" in transport.hindrance
        end = time.monotonic() + 30
        while len(arrived) < 200 and time.monotonic() < end:
            messages, _ = transport.receive(5, 0.1)
            transport.acknowledge(messages)
            arrived.update(message.payload for message in messages)
        assert len(arrived) == 200
        assert ("connecting to" in caplog.text) is renews
        assert transport.hindrance == ""
    finally:
        transport.close()
        publisher.close()
        broker.kill()


def receive_into(transport: AgentTransport, received: list[str]) -> set[str]:
    """Acknowledges what has arrived, and returns the topics of all that was received so far."""
    messages, _ = transport.receive(100, 0.1)
    transport.acknowledge(messages)
    received += [message.topic for message in messages]
    return set(received)


def comes(publisher: Connection, transport: AgentTransport, topic: str) -> bool:
    """Publishes on a topic, then on one that the agent hears in any case; returns whether the first arrives before."""
    last = state_topic("s", uuid.uuid4().hex[:8])
    received: list[str] = []
    assert publisher.publish(Outgoing(topic, b"{}"))
    assert publisher.publish(Outgoing(report_topic("s", "load", "load-0"), last.encode()))
    end = time.monotonic() + 15
    while time.monotonic() < end:
        messages, _ = transport.receive(100, 0.1)
        transport.acknowledge(messages)
        received += [message.topic for message in messages if message.payload != last.encode()]
        if any(message.payload == last.encode() for message in messages):
            return topic in received
    raise AssertionError("the agent hears nothing")


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
