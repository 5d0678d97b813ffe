"""The health of a running agent: what it publishes is what was sent, and what it answers."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from observed_brokers import RunningBroker
from observed_stage import AGENT, STACK, Stage, load_configuration
from plain_client import PlainClient

from rohe_iac.agent.health.record import HealthRecord
from rohe_iac.foundation.topics import MAX_REPORT_BYTES, state_topic
from rohe_iac.mqtt.address import broker_address
from rohe_iac.mqtt.connection import Connection
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Instance

pytestmark = pytest.mark.broker

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/schemas/wire/health.json").read_text())


@pytest.fixture
def stage(tmp_path: Path, shared_broker: RunningBroker) -> Iterator[Stage]:
    """A pipeline of `load-0`, which uses the library, and `raw-0`, a plain client."""
    loaded = load_configuration(1)
    instances = (*loaded.instances, Instance(instance="raw-0", topic="load", service="load"))
    stage = Stage(tmp_path, shared_broker, msgspec.structs.replace(loaded, instances=instances))
    yield stage
    stage.end()


def retained_state(stage: Stage) -> dict[str, Any]:
    """Returns the state of the agent that the broker has retained."""
    states: queue.Queue[Incoming] = queue.Queue()
    connection = Connection(
        broker_address("", stage.broker.credentials(stage.folder, "operator")),
        "observer-of-health",
        subscriptions=(state_topic(STACK, AGENT),),
        on_message=states.put,
    )
    connection.start()
    try:
        message = states.get(timeout=10)
    finally:
        connection.close()
    assert message.retained
    state: dict[str, Any] = json.loads(message.payload)
    return state


def test_the_retained_health_has_what_was_sent_and_lost(stage: Stage) -> None:
    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "agent.log").read_text().count(": up"))
    stage.start_service("load-0", rate=50)
    with PlainClient(stage.broker, stage.folder, "load", "raw-0") as raw:
        first = msgspec.json.encode(raw.envelope())
        raw.publish(first)
        raw.publish(first)
        raw.envelope()  # report 2 is never sent
        raw.report()
        raw.report(service="another")
        raw.publish(b"no JSON")
        raw.publish(b"x" * (MAX_REPORT_BYTES + 1))

        def health() -> dict[str, Any]:
            found: dict[str, Any] = stage.ask("status")[0]["health"]
            return found

        stage.wait_for(lambda: health()["dead"]["total"] == 3)
        stage.wait_for(lambda: health()["received"]["rate"] > 10)
        found = health()
        assert found["dead_letters"] == {"misattributed": 1, "too-large": 1, "malformed": 1}
        assert found["duplicates"]["total"] >= 1, "a reporter that hears of a new agent sends again what it has sent"
        assert found["gaps"] == 1
        assert found["processor"]["report"] > 0
        assert 0 < found["lag"]["commit"]["p50"] <= found["lag"]["commit"]["longest"]
        assert found["commits"]["p99"] > 0
        assert found["disk"]["payload"] > MAX_REPORT_BYTES
        assert [warning["kind"] for warning in found["warnings"]] == ["dead"]
    counted = stage.end_load()["load-0"]
    published: dict[str, Any] = {}

    def all_are_acknowledged() -> bool:
        published.update(retained_state(stage)["health"])
        # Three of the plain client: two reports, and the one of another service.
        return bool(published["acknowledged"]["total"] == counted["accepted"] + 3)

    stage.wait_for(all_are_acknowledged)
    jsonschema.Draft202012Validator(SCHEMA).validate(published)
    record = msgspec.convert(published, HealthRecord)
    assert record.stored.total == counted["accepted"] + 2
    assert record.received.total == record.stored.total + record.duplicates.total + 3
    assert (record.reporters.accepted, record.reporters.waiting) == (counted["accepted"], 0)
    assert {skew.client for skew in record.clocks.worst} == {"load-0", "raw-0"}
    assert record.clocks.wrong == 0


def test_a_clock_that_is_wrong_is_a_warning(stage: Stage) -> None:
    stage.start_agent()
    stage.wait_for(lambda: (stage.folder / "agent.log").read_text().count(": up"))
    with PlainClient(stage.broker, stage.folder, "load", "raw-0") as raw:
        report = raw.envelope()
        raw.publish(msgspec.json.encode({**report, "at": report["at"] + 3600.0}))

        def warnings() -> list[dict[str, str]]:
            found: list[dict[str, str]] = stage.ask("status")[0]["health"]["warnings"]
            return [warning for warning in found if warning["kind"] == "clock"]

        stage.wait_for(warnings)
        [found] = warnings()
    assert "clock of raw-0 is 60 min ahead of the agent's" in found["text"]
