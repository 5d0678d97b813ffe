"""What an agent writes to disk, counted by the kernel in the agent's own process, and what it gives back."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from flood import publish, reports
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration, objective

from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec

pytestmark = pytest.mark.broker

MOST_WRITTEN = 3.0
"""Bytes that an agent writes for a byte that it receives, at most."""

SHRUNK_FROM = 8 * 2**20
"""Free bytes of a file that are used again and not given back."""

INSTANCES = 9
AGGREGATES = ("p99", "mean", "p95", "max", "sum", "p50", "mean", "p99", "min", "count")


def specification(number: int, aggregate: str) -> ObjectiveSpec:
    metric = "confidence" if number % 3 else "response_time"
    scope = ScopeSpec(service="load") if number % 2 else ScopeSpec()
    window = WindowSpec(size_seconds=60.0, every_seconds=60.0)
    return objective(f"o{number}", metric, window, scope=scope, aggregate=aggregate)


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    """Yields a stage with ten contracts, windows of a minute, and a sink beside the store."""
    contracts = tuple(
        AgentContract(
            name=f"c{number}",
            lateness=1.0,
            objectives=(specification(number, aggregate),),
            sinks=({"jsonl": str(tmp_path / "lines")}, "mqtt"),
        )
        for number, aggregate in enumerate(AGGREGATES)
    )
    stage = Stage(tmp_path, own_broker, msgspec.structs.replace(load_configuration(INSTANCES), contracts=contracts))
    yield stage
    stage.end()


def begin(stage: Stage) -> None:
    stage.start_agent()
    stage.wait_for(lambda: ": up" in (stage.folder / "agent.log").read_text())


def received(stage: Stage) -> int:
    return int(stage.ask("status")[0]["counts"].get("reports", 0))


def written_to_the_end(stage: Stage) -> int:
    """Ends the agent, and returns the bytes that it has written from its start to its end."""
    assert stage.agent is not None
    stage.agent.terminate()
    # It is not reaped yet, so that the kernel still has its counts.
    os.waitid(os.P_PID, stage.agent.pid, os.WEXITED | os.WNOWAIT)
    counts = Path(f"/proc/{stage.agent.pid}/io").read_text().split()
    assert stage.agent.wait() == 0
    found = dict(zip(counts[::2], map(int, counts[1::2]), strict=True))
    if not found["write_bytes:"]:
        pytest.skip(f"writes to the file system of {stage.folder} are not counted: it is in memory")
    return found["write_bytes:"]


@pytest.mark.parametrize(("count", "rate"), [(6000, 0), (3000, 1000)], ids=["at once", "one by one"])
def test_at_most_three_bytes_are_written_for_a_byte_that_is_received(stage: Stage, count: int, rate: int) -> None:
    begin(stage)
    # The event times are of the last minutes, so that windows close, are judged and written to the sinks.
    messages = list(reports(count, INSTANCES, time.time() - 150, 145))
    publish(stage.broker, messages, rate)
    stage.wait_for(lambda: received(stage) == count)
    share = written_to_the_end(stage) / sum(len(message.payload) for message in messages)
    print(f"{share:.2f} bytes written for each received")
    assert share <= MOST_WRITTEN
    assert sum(stage.stored_requests().values()) == count
    assert len((stage.folder / "lines" / "c0.jsonl").read_text().splitlines()) >= 2


def test_retention_gives_space_back_to_the_file_system(stage: Stage) -> None:
    most, count = 2**20, 8_000
    begin(stage)
    database = stage.folder / "store" / "agent.db"
    publish(stage.broker, reports(count, INSTANCES, time.time() - 150, 145))
    stage.wait_for(lambda: received(stage) == count)
    assert stage.stop_agent() == 0
    assert database.stat().st_size > most + SHRUNK_FROM
    stage.configuration = msgspec.structs.replace(stage.configuration, max_size=most)
    stage.start_agent()
    stage.wait_for(lambda: database.stat().st_size <= most + SHRUNK_FROM)
    assert stage.stop_agent() == 0
