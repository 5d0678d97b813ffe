"""A client that leaves gaps on purpose, at speed, beside an honest one, under an agent with little memory."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from flood import Flooded, publish
from limited_memory import LIMIT
from observed_brokers import RunningBroker
from observed_stage import STACK, Stage, load_configuration

from rohe_iac.agent.memory import MemoryBudget
from rohe_iac.foundation.topics import report_topic

pytestmark = pytest.mark.broker

OF_BOOT = 1000
"""Reports of one boot, each with a number two above that before."""


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker, limited_group: Path) -> Iterator[Stage]:
    """Yields a stage that ends before its control group is removed, which must have no process then."""
    assert limited_group.exists()
    stage = Stage(tmp_path, own_broker, load_configuration(2))
    yield stage
    stage.end()


def with_gaps(count: int) -> Iterator[Flooded]:
    """Yields reports of `load-1` that leave out every other number, with numbers as large as possible."""
    topic = report_topic(STACK, "load", "load-1")
    for number in range(count):
        boot, place = divmod(number, OF_BOOT)
        content = {
            "v": 1, "seq": 10**15 + 2 * place, "client": "load-1", "boot": f"b{boot}", "at": time.time(),
            "service": "load", "request": f"gap-{number}",
        }  # fmt: skip
        yield Flooded(topic, msgspec.json.encode(content))


@pytest.mark.parametrize("count", [30_000, pytest.param(600_000, marks=pytest.mark.soak)])
def test_gaps_of_one_client_end_no_agent_and_cost_no_other_client_a_report(
    stage: Stage, limited_group: Path, count: int
) -> None:
    stage.start_agent(limited_group)
    stage.start_service("load-0", rate=50)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 0)
    publish(stage.broker, with_gaps(count))
    assert stage.agent is not None
    assert stage.agent.poll() is None, "the agent was killed"
    stage.wait_for(lambda: stage.ask("status")[0]["counts"].get("beyond_gaps", 0) > 0)
    most = MemoryBudget(LIMIT).max_gaps
    [status] = stage.ask("status")
    assert status["memory"]["gaps"] == most < count
    warnings = [item["text"] for item in status["health"]["warnings"] if item["kind"] == "gaps"]
    assert len(warnings) == 1
    assert f"load-1 has {most:,} gaps" in warnings[0]
    stage.kill_agent()
    stage.start_agent(limited_group)
    counters = stage.end_load()["load-0"]
    assert counters["flushed"], "all was acknowledged"
    assert counters["refused"] == 0
    stored = {key: times for key, times in stage.stored_requests().items() if key[0] == "load-0"}
    # A report that waited for a slow disk was not confirmed to its caller, and is stored all the same.
    assert stage.accepted_requests().keys() <= stored.keys()
    assert sum(stored.values()) == len(stored) == counters["accepted"]
    assert stage.agent.poll() is None, "the agent was killed after a restart"
