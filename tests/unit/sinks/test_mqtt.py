"""The MQTT sink: violations of every contract, results of some, and a failure without a connection."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest

from rohe_iac.mqtt.message import Outgoing
from rohe_iac.mqtt.receipt import Receipt
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


@dataclass
class SentMessage:
    """A message on its way."""

    message: Outgoing
    mid: int = 7
    answered: bool = False
    open: bool = True
    refusals: dict[int, str] = field(default_factory=dict)

    def is_published(self) -> bool:
        return self.answered


def opened_sink(*contracts: str) -> tuple[list[SentMessage], MqttSink]:
    sent: list[SentMessage] = []

    def send(message: Outgoing) -> Receipt:
        item = SentMessage(message)
        sent.append(item)
        return Receipt(item, item.refusals, lambda: item.open)

    return sent, MqttSink(send, "s", "agent-0", frozenset(contracts))


def test_violations_and_the_results_of_named_contracts_have_topics() -> None:
    sent, sink = opened_sink("loud")
    sink.write([VIOLATION, ACTION, result("quiet", "o"), result("loud", "P99 of/all.x")])
    assert [item.message.topic for item in sent] == [
        "rohe/v1/s/violation/quiet",
        "rohe/v1/s/result/agent-0/p99-of-all-x",
    ]
    assert json.loads(sent[0].message.payload)["id"] == "v-1"


def test_without_a_connection_the_sink_fails() -> None:
    sink = MqttSink(lambda _: None, "s", "agent-0", frozenset())
    with pytest.raises(SinkFailed):
        sink.write([VIOLATION])


def test_violations_are_written_once_the_broker_has_answered_each() -> None:
    sent, sink = opened_sink()
    confirm = sink.write([VIOLATION, VIOLATION])
    assert confirm is not None
    sent[0].answered = True
    assert not confirm()
    sent[1].answered = True
    assert confirm()
    assert sink.write([ACTION]) is None, "nothing is published, and nothing to wait for"


def test_a_connection_that_ends_before_the_answer_and_a_refusal_are_failures() -> None:
    sent, sink = opened_sink()
    lost, refused = sink.write([VIOLATION]), sink.write([VIOLATION])
    assert lost is not None
    assert refused is not None
    sent[0].open = False
    with pytest.raises(SinkFailed, match="ended before"):
        lost()
    sent[0].answered = True
    assert lost(), "an answer counts, whatever has become of the connection"
    sent[1].answered, sent[1].refusals[7] = True, "Not authorized"
    with pytest.raises(SinkFailed, match="Not authorized"):
        refused()


def test_a_broker_that_never_answers_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    _, sink = opened_sink()
    monkeypatch.setattr("rohe_iac.sinks.mqtt.PATIENCE", -1.0)
    confirm = sink.write([VIOLATION])
    assert confirm is not None
    with pytest.raises(SinkFailed, match="has not answered"):
        confirm()
