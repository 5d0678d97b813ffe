"""examples/node, a client in another language: reports arrive once, whoever is killed, and it obeys commands."""

from __future__ import annotations

import json
import queue
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from observed_brokers import RunningBroker
from observed_stage import STACK, Stage, load_configuration

from rohe_iac.foundation.topics import ack_topic, command_topic, reply_topic, report_topic, state_topic
from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing

PROGRAM = Path(__file__).parents[3] / "examples" / "node" / "report.mjs"
pytestmark = [pytest.mark.broker, pytest.mark.platform]


class NodeClient:
    """The program as a process: lines go in, and what it prints of each report is collected."""

    def __init__(self, stage: Stage, instance: str) -> None:
        node = shutil.which("node")
        if node is None:
            pytest.skip("node is not installed (Debian: apt-get install nodejs)")
        self.printed: list[str] = []
        with (stage.folder / f"{instance}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [node, str(PROGRAM)],
                env=stage.service_environment(instance),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.printed += (line.decode().rstrip() for line in iter(self.process.stdout.readline, b""))

    def _read_all(self) -> None:
        self._reader.join(20)

    def report(self, name: str, first: int, last: int) -> None:
        assert self.process.stdin is not None
        for number in range(first, last):
            content = {"request": f"{name}-{number}", "metrics": {"confidence": 0.5}, "fields": {"prediction": 1}}
            self.process.stdin.write(json.dumps(content).encode() + b"\n")
        self.process.stdin.flush()

    @property
    def accepted(self) -> list[str]:
        return [line.split()[1] for line in self.printed if line.startswith("accepted ")]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self._read_all()

    def end(self) -> int:
        """Ends its input, and returns its exit code once all reports are acknowledged."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(60)
        self._read_all()
        return code


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, load_configuration(1))
    yield stage
    stage.end()


@pytest.fixture
def run(stage: Stage) -> Iterator[Callable[[], NodeClient]]:
    running: list[NodeClient] = []

    def start() -> NodeClient:
        running.append(NodeClient(stage, "load-0"))
        return running[-1]

    yield start
    for client in running:
        if client.process.poll() is None:
            client.kill()


def test_kills_of_agent_client_and_broker_lose_and_repeat_nothing(stage: Stage, run: Callable[[], NodeClient]) -> None:
    def stored() -> int:
        return len(stage.stored_requests())

    stage.start_agent()
    client = run()
    client.report("first", 0, 300)
    stage.wait_for(lambda: stored() > 100)
    stage.kill_agent()
    client.report("first", 300, 1000)
    stage.wait_for(lambda: len(client.accepted) > 700)
    client.kill()
    second = run()
    second.report("second", 0, 300)
    stage.start_agent()
    stage.wait_for(lambda: "second-10" in second.accepted and stored() > 700)
    stage.broker.kill()
    second.report("second", 300, 600)
    stage.wait_for(lambda: "second-500" in second.accepted)
    stage.broker.start()
    assert second.end() == 0, (stage.folder / "load-0.log").read_text()
    assert stage.stop_agent() == 0
    accepted, requests = client.accepted + second.accepted, stage.stored_requests()
    assert len(accepted) > 1300
    assert [request for request in accepted if requests["load-0", request] != 1] == []
    assert max(requests.values()) == 1
    assert (stage.folder / "load-0" / "outbox.jsonl").read_text() == ""


def test_a_report_that_was_cut_off_by_a_kill_is_left_out(stage: Stage, run: Callable[[], NodeClient]) -> None:
    (stage.folder / "load-0").mkdir()
    whole = {"v": 1, "seq": 1, "client": "load-0", "boot": "old", "at": 1.8e9, "service": "load", "request": "whole"}
    (stage.folder / "load-0" / "outbox.jsonl").write_text(f'{json.dumps(whole)}\n{{"v":1,"seq":2,"client"')
    stage.start_agent()
    client = run()
    client.report("next", 0, 1)
    assert client.end() == 0, (stage.folder / "load-0.log").read_text()
    assert stage.stop_agent() == 0
    assert sorted(stage.stored_requests()) == [("load-0", "next-0"), ("load-0", "whole")]


def test_what_an_agent_misses_is_sent_again_while_all_else_goes_on(stage: Stage, run: Callable[[], NodeClient]) -> None:
    """The test is the agent: it acknowledges every report but the second, which it sees again and again."""
    received: queue.Queue[dict[str, Any]] = queue.Queue()
    connection = Connection(
        broker_address("", stage.broker.credentials(stage.folder, "agent")),
        f"agent-{uuid.uuid4().hex[:8]}",
        subscriptions=(report_topic(STACK, "+", "+"),),
        on_message=lambda message: received.put(json.loads(message.payload)),
    )
    connection.start()
    try:
        assert connection.wait_up(10)
        client = run()
        seconds = 0
        for number in range(2000):
            client.report("r", number, number + 1)
            report = received.get(timeout=20)
            while report["seq"] != number + 1:
                seconds += report["seq"] == 2
                report = received.get(timeout=20)
            holes = [[2, 2]] if report["seq"] > 1 else []
            ack = {"boot": report["boot"], "up_to_seq": report["seq"], "holes": holes, "agent_boot": "a"}
            connection.publish(Outgoing(ack_topic(STACK, "load-0"), json.dumps(ack).encode()))
            if seconds >= 2:
                break
            time.sleep(0.02)
        assert seconds >= 2
        outbox = (stage.folder / "load-0" / "outbox.jsonl").read_text().splitlines()
        assert 2 in [json.loads(line)["seq"] for line in outbox]
    finally:
        connection.close()


def test_it_says_its_state_and_executes_a_command_once(stage: Stage, run: Callable[[], NodeClient]) -> None:
    received: queue.Queue[Incoming] = queue.Queue()
    listener = Connection(
        broker_address("", stage.broker.credentials(stage.folder, "agent")),
        f"listener-{uuid.uuid4().hex[:8]}",
        subscriptions=(state_topic(STACK, "+"), reply_topic(STACK, "listener"), report_topic(STACK, "+", "+")),
        on_message=received.put,
    )
    listener.start()

    def next_of(kind: str, **values: Any) -> dict[str, Any]:
        while True:
            message = received.get(timeout=20)
            content = json.loads(message.payload)
            if message.topic.split("/")[3] == kind and values.items() <= content.items():
                return content

    try:
        assert listener.wait_up(10)
        client = run()
        online = next_of("state", state="online")
        assert online["complete_up_to"] > 0
        order = {"id": "7", "action": "degrade", "service": "load", "members": ["svm", "forest"], "reply": "listener"}
        for _ in range(2):
            listener.publish(Outgoing(command_topic(STACK, "load-0"), json.dumps(order).encode()))
            assert next_of("reply") == {"id": "7", "client": "load-0", "accepted": True, "why": "printed"}
        client.report("r", 0, 1)
        report = next_of("report")
        assert (report["boot"], report["seq"], report["request"]) == (online["boot"], 1, "r-0")
        assert next_of("state", waiting=1)["complete_up_to"] == 0
        client.kill()
        assert next_of("state", state="lost")["boot"] == online["boot"]
        assert client.printed.count("degrade load: svm, forest") == 1
    finally:
        listener.close()
