"""Reports over AMQP without a broker: acknowledgements and what found no room."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pika
import pytest

from rohe_iac.foundation.errors import UsageError
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import AmqpExchange, Configuration
from rohe_iac.transports import inbox
from rohe_iac.transports.amqp import reports as consuming
from rohe_iac.transports.amqp.attempts import MAX_ATTEMPTS, Attempts
from rohe_iac.transports.amqp.connection import AmqpAccess
from rohe_iac.transports.amqp.opening import amqp_access, amqp_reports
from rohe_iac.transports.amqp.reports import AmqpReports
from rohe_iac.transports.amqp.senders import AmqpSenders
from rohe_iac.transports.inbox import Inbox

EXCHANGE = AmqpExchange(url="amqp://broker", user="rohe", exchange="qoa", queue="q")
ACCESS = AmqpAccess("secret")


class RecordingChannel:
    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def basic_ack(self, tag: int, multiple: bool = False) -> None:
        self.calls.append(("ack", tag, multiple))

    def basic_nack(self, tag: int, requeue: bool) -> None:
        self.calls.append(("nack", tag, requeue))

    def basic_reject(self, tag: int, requeue: bool) -> None:
        self.calls.append(("reject", tag, requeue))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns the folder of the agent's store."""
    return tmp_path


def consumer(folder: Path) -> tuple[AmqpReports, RecordingChannel, Inbox]:
    box = Inbox()
    reports = AmqpReports(EXCHANGE, ACCESS, AmqpSenders("shop", ()), box, Attempts(folder), threading.Event(), 1.0)
    channel = RecordingChannel()
    reports._channel = channel
    reports._connection = SimpleNamespace(add_callback_threadsafe=lambda call: call())
    return reports, channel, box


def deliver(
    reports: AmqpReports, *tags: int, body: bytes = b"{}", again: bool = False, queue: str = "q", **properties: Any
) -> None:
    for tag in tags:
        method = SimpleNamespace(delivery_tag=tag, redelivered=again, routing_key="key")
        reports._handle_delivery(None, method, pika.BasicProperties(**properties), body, queue=queue)


def careful_consumer(folder: Path) -> tuple[AmqpReports, RecordingChannel, Inbox]:
    """Returns a consumer that has connected just now, so that it takes messages of each queue singly."""
    found = consumer(folder)
    found[0]._careful = {"q": "1", "q.kept": "2"}
    return found


def taken(box: Inbox) -> list[Incoming]:
    return box.receive(10, 0.0)[0]


def test_all_up_to_the_last_are_acknowledged_at_once_where_none_is_missing(folder: Path) -> None:
    reports, channel, box = consumer(folder)
    deliver(reports, 1, 2, 3, 4)
    messages, _ = box.receive(10, 0.0)
    reports.acknowledge(messages[:2])
    reports.acknowledge([messages[3]])
    reports.acknowledge([messages[2]])
    assert channel.calls == [("ack", 2, True), ("ack", 4, False), ("ack", 3, True)]


def test_messages_of_other_sources_and_connections_are_not_acknowledged(folder: Path) -> None:
    reports, channel, box = consumer(folder)
    deliver(reports, 1)
    messages, _ = box.receive(10, 0.0)
    reports.acknowledge([Incoming("t", b"", qos=1, retained=False, message_id=1, connection=0)])
    reports._number += 1
    reports.acknowledge(messages)
    assert channel.calls == []


def test_what_finds_no_room_is_held_until_there_is_some(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "QUEUE_BYTES", 1_600)
    reports, channel, box = consumer(folder)
    deliver(reports, 1, 2, 3, 4)
    reports._offer_held()
    messages, _ = box.receive(10, 0.0)
    assert [message.message_id for message in messages] == [1, 2, 3]
    reports._offer_held()
    later, _ = box.receive(10, 0.0)
    reports.acknowledge(messages + later)
    assert channel.calls == [("ack", 4, True)], "no delivery goes back, because each return counts"


def test_what_is_too_much_to_hold_goes_back_once_there_is_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "QUEUE_BYTES", 1_600)
    monkeypatch.setattr(consuming, "MAX_HELD_BYTES", 1)
    reports, channel, box = consumer(folder)
    deliver(reports, 1, 2, 3, 4)
    reports._offer_held()
    assert channel.calls == []
    messages, _ = box.receive(10, 0.0)
    reports._offer_held()
    reports.acknowledge(messages)
    assert channel.calls == [("nack", 4, True), ("ack", 3, True)]


def test_what_was_delivered_before_is_taken_in_alone(folder: Path) -> None:
    reports, channel, box = careful_consumer(folder)
    deliver(reports, 1, body=b"first")
    deliver(reports, 2, body=b"again", again=True, queue="q.kept")
    (first,) = taken(box)
    assert (first.message_id, first.alone) == (1, True)
    reports.acknowledge([first])
    deliver(reports, 3, body=b"behind")
    reports._offer_held()
    (again,) = taken(box)
    assert (again.message_id, again.alone) == (2, True)
    assert taken(box) == []
    reports.acknowledge([again])
    assert [message.message_id for message in taken(box)] == [3]
    assert channel.calls == [("ack", 1, True), ("ack", 2, True)]


def test_what_ended_several_processes_is_rejected_and_what_is_behind_it_is_taken(folder: Path) -> None:
    for _ in range(MAX_ATTEMPTS):
        reports, channel, box = careful_consumer(folder)
        deliver(reports, 1, body=b"fatal", again=True)
        assert len(taken(box)) == 1
        assert channel.calls == []
    reports, channel, box = careful_consumer(folder)
    deliver(reports, 1, body=b"fatal", again=True)
    deliver(reports, 2, body=b"next")
    assert channel.calls == [("reject", 1, False)]
    assert [message.payload for message in taken(box)] == [b"next"]
    assert not Attempts(folder).exhausted(b"fatal"), "sent anew by its client, it is a new message"


def test_what_finds_no_room_is_no_attempt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(MAX_ATTEMPTS + 1):
        reports, channel, box = careful_consumer(folder)
        with monkeypatch.context() as patch:
            patch.setattr(inbox, "QUEUE_BYTES", 1)
            deliver(reports, 1, body=b"good", again=True)
            assert taken(box) == []
        assert channel.calls == []
    reports._offer_held()
    assert len(taken(box)) == 1


@pytest.mark.parametrize(("orderly", "parked"), [(True, False), (False, True)])
def test_an_end_in_order_is_no_attempt_and_one_by_a_fault_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch, orderly: bool, parked: bool
) -> None:
    for _ in range(MAX_ATTEMPTS):
        reports, _, _ = careful_consumer(folder)

        def connect(reports: AmqpReports = reports) -> None:
            deliver(reports, 1, body=b"message", again=True)
            reports._closing.set()

        monkeypatch.setattr(reports, "_connect_and_consume", connect)
        if orderly:
            reports._stopping.set()
        reports._run()
    assert Attempts(folder).exhausted(b"message") is parked


def test_a_connection_that_ends_is_no_attempt(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reports, _, box = careful_consumer(folder)
    monkeypatch.setattr(consuming, "MIN_RECONNECT_DELAY", 0.0)
    ended = []

    def connect() -> None:
        reports._tried = None
        deliver(reports, 1, body=b"message", again=True)
        ended.append(len(taken(box)))
        if len(ended) == 5:
            reports._stopping.set()
            reports._closing.set()
        raise ConnectionResetError

    monkeypatch.setattr(reports, "_connect_and_consume", connect)
    monkeypatch.setattr(reports._closing, "wait", lambda _delay: reports._held.clear() or reports._outstanding.clear())
    reports._run()
    assert ended == [1] * 5
    assert not Attempts(folder).exhausted(b"message")


def test_the_routing_key_of_an_expired_message_is_the_one_of_its_client(folder: Path) -> None:
    reports, _, box = consumer(folder)
    deliver(reports, 1, headers={"x-death": [{"routing-keys": ["qoa.first"], "reason": "expired"}]})
    (message,), _ = box.receive(10, 0.0)
    assert message.topic == "rohe/v1/shop/report/unknown/qoa.first"


def test_an_agent_consumes_where_its_configuration_says_so_and_it_judges(folder: Path) -> None:
    without = Configuration(stack="s", pipeline="p", agent="a", services=(), instances=(), contracts=())
    stated = Configuration(stack="s", pipeline="p", agent="a", services=(), instances=(), contracts=(), amqp=EXCHANGE)
    other = Configuration(
        stack="s", pipeline="p", agent="a", judge="b", services=(), instances=(), contracts=(), amqp=EXCHANGE
    )
    assert amqp_access(without, {}) is None
    assert amqp_access(other, {}) is None, "it does not consume, and so needs no password"
    access = amqp_access(stated, {"ROHE_AMQP_PASSWORD": "p", "ROHE_AMQP_CA": "c"})
    assert access == AmqpAccess("p", "c")
    with pytest.raises(UsageError, match="password of 'rohe' at amqp://broker is missing"):
        amqp_access(stated, {})
    assert amqp_reports(without, access, Inbox(), folder, threading.Event()) is None
    assert amqp_reports(other, access, Inbox(), folder, threading.Event()) is None
    assert amqp_reports(stated, access, Inbox(), folder, threading.Event()) is not None
