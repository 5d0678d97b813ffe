"""Reporters, agent and broker killed together under load, as pods deleted without grace: what was accepted is stored.

The successors start at once and in no order, and one of them while its predecessor still runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration

pytestmark = pytest.mark.broker

INSTANCES = ("load-0", "load-1")


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, load_configuration(len(INSTANCES)))
    yield stage
    stage.end()


def accepted(stage: Stage) -> int:
    return len(stage.accepted_requests()) if (stage.folder / "ledger").exists() else 0


def test_what_was_accepted_is_stored_once_after_everything_was_killed_at_once(stage: Stage) -> None:
    stage.start_agent()
    for instance in INSTANCES:
        stage.start_service(instance, rate=60)
    for _ in range(3):
        before = accepted(stage)
        stage.wait_for(lambda before=before: accepted(stage) > before + 60)
        former = dict(stage.services)
        stage.start_service("load-0", rate=60)
        assert stage.agent is not None
        for process in (*former.values(), stage.agent):
            process.kill()
        stage.broker.kill()
        for process in (*former.values(), stage.agent):
            process.wait()
        stage.start_service("load-1", rate=60)
        stage.start_agent()
        stage.broker.start()
    before = accepted(stage)
    stage.wait_for(lambda: accepted(stage) > before + 60)
    counters = stage.end_load()
    assert all(counter["flushed"] and not counter["refused"] for counter in counters.values()), counters
    assert stage.stop_agent() == 0
    stored = stage.stored_requests()
    assert stage.accepted_requests() - stored == {}
    assert max(stored.values()) == 1
