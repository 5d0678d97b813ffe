"""Violations reach those that listen although the broker stops to answer and is then killed."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from pathlib import Path

from observed_brokers import USERS, RunningBroker

from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.connection import Connection
from rohe_iac.observation.judging.explanation import Evidence
from rohe_iac.observation.judging.outcome import Violation
from rohe_iac.sinks.forwarder import Forwarder
from rohe_iac.sinks.mqtt import MqttSink
from rohe_iac.sinks.store import AgentStore

EVIDENCE = Evidence(start=0.0, end=1.0, value=0.5, count=1, promise="", window="", contributions=())


def violation(number: int) -> Violation:
    return Violation(id=f"v-{number}", contract="c", objective="o", opened=float(number), evidence=EVIDENCE)


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_is_published_while_nobody_notices_that_the_broker_is_gone_arrives(
    own_broker: RunningBroker, tmp_path: Path
) -> None:
    def connection(user: str, **options: object) -> Connection:
        address = BrokerAddress("127.0.0.1", own_broker.port, user=user, password=USERS[user])
        return Connection(address, f"{user}-0", **options)  # type: ignore[arg-type]

    heard: list[str] = []
    listener = connection(
        "operator",
        subscriptions=("rohe/v1/s/violation/+",),
        keep_session=True,
        on_message=lambda message: heard.append(json.loads(message.payload)["id"]),
    )
    publisher, store = connection("agent"), AgentStore(tmp_path)
    forwarder = Forwarder(MqttSink(publisher.send, "s", "agent-0", frozenset()), store)

    def forwarded() -> bool:
        forwarder.forward(time.monotonic())
        return store.cursor("mqtt") == len(store.outcomes_after(0, 10))

    try:
        for client in (listener, publisher):
            client.start()
            assert client.wait_up(30.0)
        store.write_missing_outcomes([violation(1)])
        until(forwarded)
        assert own_broker.process is not None
        own_broker.process.send_signal(signal.SIGSTOP)
        store.write_missing_outcomes([violation(2)])
        assert not forwarded()
        assert (publisher.up, forwarder.waits) == (True, True), "it was sent, and nobody has noticed"
        own_broker.kill()
        own_broker.start()
        until(forwarded)
        until(lambda: "v-2" in heard)
        assert heard[0] == "v-1"
    finally:
        listener.close()
        publisher.close()
