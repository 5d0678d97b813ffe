"""Garbage, huge payloads and forged identities in a flood: each is a dead letter, and all else is counted once."""

from __future__ import annotations

import json
import random
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_stage import truthful_configuration
from flood import Flooded, offer, publish, reports
from ground_truth import results_of
from observed_brokers import mosquitto_broker, nats_broker
from observed_stage import STACK, Stage

from rohe_iac.foundation.topics import report_topic
from rohe_iac.sinks.retention import MAX_DEAD_LETTERS

pytestmark = pytest.mark.broker

INSTANCES = 3
SECONDS = 20.0
"""Event time of a flood."""

HUGE = 10 * 2**20
"""Bytes of a payload that no report may have."""

BEGIN = 500
"""Bytes by which dead letters are told apart."""

MOST_RESIDENT = 220 * 2**20
"""Bytes that the agent takes, at most: of a huge message it keeps 4 kB, and of what waits 16 MiB."""


@pytest.fixture(
    params=[pytest.param("nats", marks=pytest.mark.soak), pytest.param("mosquitto", marks=pytest.mark.platform)]
)
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = nats_broker(folder) if request.param == "nats" else mosquitto_broker(folder)
    if request.param == "mosquitto":
        with (folder / "broker.conf").open("a") as settings:
            settings.write("max_queued_messages 0\n")
    broker.start()
    stage = Stage(tmp_path, broker, truthful_configuration(INSTANCES))
    yield stage
    stage.end()
    broker.kill()


def disturbed(messages: list[Flooded], chance: random.Random) -> tuple[list[Flooded], list[Flooded], list[Flooded]]:
    """Returns messages with one in a hundred of garbage, and of forged identities; and these two."""
    mixed: list[Flooded] = []
    garbage: list[Flooded] = []
    forged: list[Flooded] = []
    for number, message in enumerate(messages):
        mixed.append(message)
        if number % 100 == 50:
            garbage.append(Flooded(message.topic, chance.randbytes(chance.randrange(20, 3000))))
            mixed.append(garbage[-1])
        if number % 100 == 75:
            # One instance reports under the name of another, with a number that the other has not used yet.
            other = json.loads(message.payload) | {"client": "load-1", "instance": "load-1", "seq": 10**6 + number}
            forged.append(Flooded(report_topic(STACK, "load", "load-0"), json.dumps(other).encode()))
            mixed.append(forged[-1])
    return mixed, garbage, forged


def dead_letters(folder: Path) -> set[bytes]:
    """Returns how the newest dead letters in a store begin."""
    database = sqlite3.connect(folder / "agent.db")
    try:
        return {bytes(payload)[:BEGIN] for (payload,) in database.execute("SELECT payload FROM dead")}
    finally:
        database.close()


@pytest.mark.parametrize("count", [4000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_a_flood_with_garbage_huge_and_forged_messages_is_counted_exactly(stage: Stage, count: int) -> None:
    stage.start_agent()
    stage.wait_for(lambda: ": up" in (stage.folder / "agent.log").read_text())
    huge = Flooded(report_topic(STACK, "load", "load-0"), b"x" * HUGE)
    assert not any(offer(stage.broker, huge) for _ in range(2)), "the broker refuses what no report may have"
    begun = int(time.time()) - SECONDS - 5
    good = list(reports(count, INSTANCES, begun, SECONDS))
    mixed, garbage, forged = disturbed(good, random.Random(1))
    seconds = publish(stage.broker, mixed)

    def counts() -> dict[str, int]:
        return dict(stage.ask("status")[0]["counts"])

    stage.wait_for(lambda: counts().get("reports", 0) >= count, 600)
    stage.wait_for(lambda: counts().get("undecodable", 0) >= len(garbage))
    stage.wait_for(lambda: counts().get("misattributed", 0) >= len(forged))
    found = counts()
    assert found["reports"] == count
    assert stage.agent is not None
    status = Path(f"/proc/{stage.agent.pid}/status").read_text()
    most = next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))
    assert most < MOST_RESIDENT, f"{most / 2**20:.0f} MiB"
    assert stage.stop_agent() == 0
    stored = stage.stored_requests()
    assert len(stored) == count
    assert set(stored.values()) == {1}
    # A broker delivers again what a slow agent has not acknowledged, and garbage has no number by which it is known: it
    # may be counted twice, but nothing else is a dead letter. Of a long flood the store keeps the newest.
    refused = {message.payload[:BEGIN] for message in (*garbage, *forged)}
    dead = dead_letters(stage.folder / "store")
    assert dead == refused if len(refused) < MAX_DEAD_LETTERS // 2 else dead < refused
    windows = [one for one in results_of(stage.folder / "store") if one.objective == "count" and one.count]
    for window in windows:
        assert window.count == sum(window.start <= message.at < window.end for message in good)
    assert len(windows) > SECONDS / 2
    print(
        f"{len(mixed) / seconds:.0f} messages a second taken by the broker; {count} reports stored once, {len(garbage)}"
        f" of garbage and {len(forged)} forged refused; {len(windows)} windows equal the ground"
        f" truth; {most / 2**20:.0f} MiB resident at most"
    )
