"""A reporter and a real broker: what arrives, what is retained, and what the broker publishes when a process dies."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blocking_reporter import BlockingReporter
from observed_brokers import RunningBroker, mosquitto_broker

from rohe_iac.foundation.topics import ack_topic, command_topic, reply_topic, report_topic, state_topic
from rohe_iac.mqtt.address import BrokerAddress, broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.reporting import Reporter, sender

pytestmark = pytest.mark.broker


class Listener:
    """A client with the agent's user that receives messages, and acknowledges reports by `acknowledge` only."""

    def __init__(self, broker: RunningBroker, folder: Path, stack: str) -> None:
        self.stack = stack
        self.received: queue.Queue[Incoming] = queue.Queue()
        topics = (report_topic(stack, "+", "+"), state_topic(stack, "+"), reply_topic(stack, "listener"))
        self.connection = Connection(
            broker_address("", broker.credentials(folder, "agent")),
            f"listener-{uuid.uuid4().hex[:8]}",
            subscriptions=topics,
            on_message=self.received.put,
        )
        self.connection.start()
        assert self.connection.wait_up(10)

    def next(self, kind: str, timeout: float = 15.0) -> tuple[str, dict[str, Any]]:
        """Returns client and content of the next message of a kind; other messages are skipped."""
        end = time.monotonic() + timeout
        while True:
            message = self.received.get(timeout=max(0.01, end - time.monotonic()))
            levels = message.topic.split("/")
            if levels[3] == kind:
                return levels[-1], json.loads(message.payload)

    def acknowledge(self, client: str, **ack: Any) -> None:
        self.connection.publish(Outgoing(ack_topic(self.stack, client), json.dumps({"holes": [], **ack}).encode()))


@pytest.fixture
def stack() -> str:
    return f"s{uuid.uuid4().hex[:8]}"


@pytest.fixture
def listener(shared_broker: RunningBroker, tmp_path: Path, stack: str) -> Iterator[Listener]:
    listener = Listener(shared_broker, tmp_path, stack)
    yield listener
    listener.connection.close()


def environment(broker: RunningBroker, folder: Path, stack: str) -> dict[str, str]:
    return {
        "ROHE_REPORT_URL": broker.url,
        "ROHE_REPORT_CREDENTIALS": str(broker.credentials(folder, "service")),
        "ROHE_STACK": stack,
        "ROHE_SERVICE": "classify",
        "ROHE_MEMBER": "svm",
        "ROHE_INSTANCE": f"{stack}-svm-0",
        "ROHE_NODE": "pi-1",
        "ROHE_OUTBOX": str(folder / "outbox"),
    }


@pytest.fixture(params=[Reporter, BlockingReporter], ids=["threads", "asyncio"])
def reporter(
    request: pytest.FixtureRequest, shared_broker: RunningBroker, tmp_path: Path, stack: str, listener: Listener
) -> Iterator[Reporter]:
    """Yields a Reporter, or an AsyncReporter behind its interface."""
    reporter = request.param.from_environment(environment(shared_broker, tmp_path, stack))
    yield reporter
    reporter.close(timeout=0)


def test_a_report_says_who_what_and_when(reporter: Reporter, listener: Listener, stack: str) -> None:
    start = float(int(time.time()))
    assert reporter.report(
        request="r1", start=start, end=start + 1.0, metrics={"confidence": 0.9}, fields={"prediction": 3}
    )
    client, content = listener.next("report")
    assert client == f"{stack}-svm-0"
    assert content == {
        "v": 1, "seq": 1, "client": client, "boot": reporter.boot, "at": start + 1.0, "pipeline": "",
        "service": "classify", "member": "svm", "instance": client, "node": "pi-1", "request": "r1",
        "start": start, "end": start + 1.0, "metrics": {"confidence": 0.9}, "fields": {"prediction": 3},
    }  # fmt: skip


def test_only_the_agents_acknowledgement_empties_the_outbox(reporter: Reporter, listener: Listener) -> None:
    for _ in range(3):
        reporter.report()
    client, _ = listener.next("report")
    assert not reporter.flush(0.5), "the broker's own acknowledgement is not enough"
    listener.acknowledge(client, boot=reporter.boot, up_to_seq=3)
    assert reporter.flush(10)


def test_what_is_missing_is_sent_again(reporter: Reporter, listener: Listener) -> None:
    for _ in range(3):
        reporter.report()
    numbers = [listener.next("report")[1]["seq"] for _ in range(3)]
    assert numbers == [1, 2, 3]
    client = reporter_client(reporter)
    listener.acknowledge(client, boot=reporter.boot, up_to_seq=3, holes=[[2, 2]])
    assert listener.next("report")[1]["seq"] == 2


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has reporters send again for a reason only, however long a busy machine takes for an answer."""
    monkeypatch.setattr(sender, "MIN_RESEND_DELAY", 3600.0)


def test_an_agent_that_starts_anew_gets_again_what_it_has_not_committed(
    patient: None, reporter: Reporter, listener: Listener
) -> None:
    reporter.report()
    reporter.report()
    client, _ = listener.next("report")
    listener.next("report")
    listener.acknowledge(client, boot=reporter.boot, up_to_seq=1, agent_boot="second")
    assert listener.next("report")[1]["seq"] == 2


def reporter_client(reporter: Reporter) -> str:
    assert reporter._settings is not None
    return reporter._settings.instance


def test_a_commands_answer_comes_back(reporter: Reporter, listener: Listener, stack: str) -> None:
    reporter.on_command(lambda command: (True, f"{command.action} of {command.service}"))
    listener.next("state")
    client = reporter_client(reporter)
    order = {"id": "7", "action": "degrade", "service": "classify", "members": ["svm"], "reply": "listener"}
    listener.connection.publish(Outgoing(command_topic(stack, client), json.dumps(order).encode()))
    _, answer = listener.next("reply")
    assert answer == {"id": "7", "client": client, "accepted": True, "why": "degrade of classify"}


def test_states_tell_online_and_stopped(reporter: Reporter, listener: Listener) -> None:
    _, online = listener.next("state")
    assert (online["state"], online["boot"]) == ("online", reporter.boot)
    reporter.close(timeout=0)
    _, stopped = listener.next("state")
    assert stopped["state"] == "stopped"


def test_a_service_that_dies_is_told_as_lost(
    shared_broker: RunningBroker, tmp_path: Path, stack: str, listener: Listener
) -> None:
    code = (
        "import time; from rohe_iac.reporting import Reporter; r = Reporter.from_environment();"
        "r.report(request='last'); time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=environment(shared_broker, tmp_path, stack))
    try:
        assert listener.next("state")[1]["state"] == "online"
    finally:
        process.kill()
        process.wait()
    assert listener.next("state")[1]["state"] == "lost"


def test_wrong_credentials_are_told_and_refused(shared_broker: RunningBroker) -> None:
    address = BrokerAddress("127.0.0.1", shared_broker.port, user="service", password="wrong")
    connection = Connection(address, "intruder")
    connection.start()
    assert not connection.wait_up(1.5)
    assert "refused" in connection.last_error
    connection.close()


def test_a_callback_that_raises_does_not_end_the_connection(shared_broker: RunningBroker, tmp_path: Path) -> None:
    def fail(message: Incoming) -> None:
        seen.append(message)
        raise RuntimeError("callback")

    seen: list[Incoming] = []
    topic = f"rohe/v1/{uuid.uuid4().hex[:8]}/state/x"
    connection = Connection(
        broker_address("", shared_broker.credentials(tmp_path, "agent")),
        f"raiser-{uuid.uuid4().hex[:8]}",
        subscriptions=(topic,),
        on_message=fail,
    )
    connection.start()
    assert connection.wait_up(10)
    end = time.monotonic() + 15
    while len(seen) < 3 and time.monotonic() < end:
        connection.publish(Outgoing(topic, b"x"))
        time.sleep(0.05)
    assert len(seen) >= 3
    assert connection.up
    connection.close()


@pytest.mark.platform
def test_the_newer_protocol_is_spoken_where_the_broker_does(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = mosquitto_broker(folder)
    broker.start()
    try:
        listener = Listener(broker, tmp_path, "s")
        reporter = Reporter.from_environment(environment(broker, tmp_path, "s"))
        assert listener.connection.protocol == 5
        assert reporter.report(request="r")
        client, content = listener.next("report")
        listener.acknowledge(client, boot=content["boot"], up_to_seq=1)
        assert reporter.flush(10)
        reporter.close()
        listener.connection.close()
    finally:
        broker.kill()
