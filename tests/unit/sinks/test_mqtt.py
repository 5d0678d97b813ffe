"""The MQTT sink: violations of every contract, results of some, and a failure without a connection."""

from __future__ import annotations

import json

import pytest

from rohe_iac.mqtt.message import Outgoing
from rohe_iac.observation.judging.explanation import Evidence
from rohe_iac.observation.judging.outcome import CorrectiveAction, Result, Violation
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.sinks.mqtt import MqttSink
from rohe_iac.sinks.sink import SinkFailed


def result(contract: str, objective: str) -> Result:
    return Result(
        contract=contract, objective=objective, start=0.0, end=1.0, value=0.5, count=1, window=Verdict.KEPT,
        verdict=Verdict.KEPT,
    )  # fmt: skip


EVIDENCE = Evidence(start=0.0, end=1.0, value=0.5, count=1, promise="", window="", contributions=())
VIOLATION = Violation(id="v-1", contract="quiet", objective="o", opened=1.0, evidence=EVIDENCE)
ACTION = CorrectiveAction(id="a-1", kind="degrade", violation="v-1", contract="loud", objective="o", begun=1.0)


def test_violations_and_the_results_of_named_contracts_have_topics() -> None:
    messages: list[Outgoing] = []
    sink = MqttSink(lambda message: messages.append(message) is None, "s", "agent-0", frozenset({"loud"}))
    sink.write([VIOLATION, ACTION, result("quiet", "o"), result("loud", "P99 of/all.x")])
    assert [message.topic for message in messages] == [
        "rohe/v1/s/violation/quiet",
        "rohe/v1/s/result/agent-0/p99-of-all-x",
    ]
    assert json.loads(messages[0].payload)["id"] == "v-1"


def test_without_a_connection_the_sink_fails() -> None:
    sink = MqttSink(lambda _: False, "s", "agent-0", frozenset())
    with pytest.raises(SinkFailed):
        sink.write([VIOLATION])
