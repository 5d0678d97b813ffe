"""Whatever a message holds, at worst it is a dead letter with its reason: through broker, agent and store."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from observed_brokers import RunningBroker
from observed_stage import AGENT, STACK, Stage, load_configuration
from plain_client import PlainClient
from poison import mutated, poisoned, poisoned_qoa4ml

from rohe_iac.foundation.topics import ack_topic, command_topic, reply_topic, report_topic, state_topic
from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming, Outgoing
from rohe_iac.observation.observer_state import decode_state
from rohe_iac.sinks.store import AgentStore

pytestmark = pytest.mark.broker


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, load_configuration(2))
    yield stage
    stage.end()


def start_agent(stage: Stage, times: int = 1) -> None:
    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "agent.log").read_text().count(": up") == times)


def dead_letters(stage: Stage) -> list[tuple[str, str]]:
    """Returns topic and reason of the dead letters, in order of arrival."""
    database = sqlite3.connect(stage.folder / "store" / "agent.db")
    try:
        return database.execute("SELECT topic, why FROM dead ORDER BY row").fetchall()
    finally:
        database.close()


def counts(stage: Stage) -> dict[str, int]:
    return dict(stage.ask("status")[0]["counts"])


def handled(stage: Stage) -> int:
    found = counts(stage)
    return sum(found.get(name, 0) for name in ("reports", "duplicates", "undecodable", "misattributed"))


def test_each_message_is_taken_or_a_dead_letter_with_its_reason(stage: Stage) -> None:
    start_agent(stage)
    with PlainClient(stage.broker, stage.folder, "load", "load-0") as client:
        messages = [*poisoned(client.envelope, huge=500_000), *poisoned_qoa4ml(time.time())]
        for payload, _ in messages:
            client.publish(payload)
        stage.wait_for(lambda: handled(stage) == len(messages))
        expected = [word for _, word in messages if word]
        reasons = [why for _, why in dead_letters(stage)]
        assert len(reasons) == len(expected), reasons
        for word, why in zip(expected, reasons, strict=True):
            assert word in why, (word, why)
        log = (stage.folder / "agent.log").read_text()
        assert f"refused a message on {report_topic(STACK, 'load', 'load-0')}: this is not JSON: " in log
        assert "Traceback" not in log
        # What was taken is saved, read again, and judged beside good reports.
        assert stage.stop_agent() == 0
        store = AgentStore(stage.folder / "store", read_only=True)
        checkpoint = store.checkpoint()
        store.close()
        assert checkpoint is not None
        decode_state(checkpoint[2])
        start_agent(stage, times=2)
        taken = counts(stage)["windows"]
        stage.wait_for(lambda: client.report() or counts(stage)["windows"] > taken + 3)
        assert counts(stage)["faults"] == 0


def test_a_state_or_an_answer_that_cannot_be_used_is_a_dead_letter_too(stage: Stage) -> None:
    start_agent(stage)
    state, reply = state_topic(STACK, "load-0"), reply_topic(STACK, AGENT)
    messages = [
        (state, b"not json", "this is no state: JSON is malformed"),
        (state, b"[]", "this is no state: Expected `object`, got `array`"),
        (state, b'{"boot": "b"}', "missing required field `state`"),
        (state, b'{"state": "up"}', "'up' - at `$.state`"),
        (state, b'{"state": "online", "complete_up_to": "now"}', "got `str` - at `$.complete_up_to`"),
        (state, b'{"state": "online", "pending": -1}', "`$.pending`"),
        (state, b'{"state": "online", "x": "' + b"y" * 300_000 + b'"}', "is larger than 262144"),
        (reply, b"[]", "this is no answer to a command: Expected `object`, got `array`"),
        (reply, b'{"id": "1", "client": "load-0"}', "missing required field `accepted`"),
        (reply, b'{"id": "1", "client": "load-0", "accepted": "yes"}', "at `$.accepted`"),
    ]
    with PlainClient(stage.broker, stage.folder, "load", "load-0") as client:
        for topic, payload, _ in messages:
            client.publish(payload, topic)
        stage.wait_for(lambda: counts(stage).get("undecodable") == len(messages))
        client.publish(b'{"state": "online", "boot": "b", "pending": 3.0, "new": 1}', state)
        stage.wait_for(lambda: stage.ask("status")[0]["clients"].get("load-0", {}).get("pending") == 3)
    # The order between topics is the broker's.
    found = sorted(dead_letters(stage), key=lambda letter: letter[0] != state)
    assert [topic for topic, _ in found] == [topic for topic, _, _ in messages]
    for (_, why), (_, _, word) in zip(found, messages, strict=True):
        assert word in why, (word, why)
    log = (stage.folder / "agent.log").read_text()
    for topic in (state, reply):
        assert f"refused a message on {topic}: this is no" in log


def test_mutated_messages_on_every_topic_stop_nothing(stage: Stage) -> None:
    start_agent(stage)
    topics = [
        report_topic(STACK, "load", "load-0"),
        state_topic(STACK, "load-0"),
        command_topic(STACK, AGENT),
        reply_topic(STACK, AGENT),
    ]
    with PlainClient(stage.broker, stage.folder, "load", "load-0") as client:
        question = {"id": "1", "ask": "results", "reply": "nobody", "most": 3, "after": 0}
        odd = [
            b'{"id": "1", "reply": "x", "ask": "results", "%s": %s}' % (name, value)
            for name, value in (
                (b"most", b"Infinity"),
                (b"after", b"1" + b"0" * 30),
                (b"most", b"[]"),
                (b"after", b"null"),
            )
        ]
        contents = {
            topics[0]: mutated(1, client.envelope(), 150),
            topics[1]: [
                *mutated(2, {"state": "online", "boot": "b", "at": 1.0, "waiting": 0, "complete_up_to": 1.0}, 100),
                msgspec.json.encode({"state": "online", "boot": "b" * 500_000, "at": 1e300, "complete_up_to": 1e300}),
            ],
            topics[2]: [*mutated(3, question, 100), *odd],
            topics[3]: [*mutated(4, {"id": "1", "client": "load-0", "accepted": True}, 100), b"x" * 500_000],
        }  # fmt: skip
        for topic, payloads in contents.items():
            for payload in payloads:
                client.publish(payload, topic)
        stage.wait_for(lambda: handled(stage) >= 150)
        stage.kill_agent()
        start_agent(stage, times=2)
        before = counts(stage)["windows"]
        stage.wait_for(lambda: client.report(boot="good") or counts(stage)["windows"] > before + 3)
        assert stage.ask("results", most=3), "questions are still answered"
    assert stage.stop_agent() == 0
    assert "Traceback" not in (stage.folder / "agent.log").read_text()


def test_a_retained_or_huge_message_of_one_client_stops_neither_the_agent_nor_the_others(stage: Stage) -> None:
    publisher = Connection(broker_address("", stage.broker.credentials(stage.folder, "service")), "plain-load-1")
    publisher.start()
    assert publisher.wait_up(15)
    for topic in (report_topic(STACK, "load", "load-1"), state_topic(STACK, "load-1")):
        assert publisher.publish(Outgoing(topic, b'{"state": "online", "x": "' + b"y" * 500_000 + b'"}', retain=True))
    start_agent(stage)
    with PlainClient(stage.broker, stage.folder, "load", "load-0") as client:
        for number in range(30):
            assert publisher.publish(Outgoing(report_topic(STACK, "load", "load-1"), b"z" * (500_000 + number)))
            client.report()
        stage.wait_for(lambda: counts(stage)["reports"] == 30 and counts(stage)["undecodable"] >= 30)
        assert len(msgspec.json.encode(stage.ask("status"))) < 20_000
        stage.kill_agent()
        start_agent(stage, times=2)
        client.report()
        stage.wait_for(lambda: counts(stage)["reports"] == 31)
    publisher.close()
    assert (stage.folder / "store" / "agent.db").stat().st_size < 10_000_000, "of huge messages only a part is kept"


def test_a_refused_report_is_acknowledged_and_uses_up_no_number_of_another(stage: Stage) -> None:
    acknowledged: list[dict[str, object]] = []

    def keep(message: Incoming) -> None:
        acknowledged.append(msgspec.json.decode(message.payload))

    listener = Connection(
        broker_address("", stage.broker.credentials(stage.folder, "service")),
        "listener",
        subscriptions=(ack_topic(STACK, "load-0"),),
        on_message=keep,
    )
    listener.start()
    assert listener.wait_up(15)
    start_agent(stage)
    with (
        PlainClient(stage.broker, stage.folder, "load", "load-0") as honest,
        PlainClient(stage.broker, stage.folder, "load", "load-1") as forger,
    ):
        for _ in range(20):
            forger.report(client="load-0", instance="load-0")
        forger.report(service="other")
        stage.wait_for(lambda: counts(stage).get("misattributed") == 21)
        for _ in range(20):
            honest.report()
        stage.wait_for(lambda: counts(stage)["reports"] == 20)
        honest.report(metrics={"n" * 5000: 1.0})
        honest.report()
        stage.wait_for(lambda: acknowledged and acknowledged[-1]["up_to_seq"] == 22)
        assert acknowledged[-1]["holes"] == [], "what is refused is not sent again for ever"
        stage.wait_for(lambda: handled(stage) == 43)
        found = counts(stage)
        assert (found["reports"], found["misattributed"], found["undecodable"]) == (21, 21, 1)
        assert "names 'load-0' as its sender" in (stage.folder / "agent.log").read_text()
    listener.close()
