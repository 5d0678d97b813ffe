"""Two processes of one agent: the second waits for the store, then ends; reports are counted once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_stage import end_and_compare, truthful_configuration
from observed_brokers import RunningBroker
from observed_stage import Stage

from rohe_iac.foundation.errors import ExitCode

pytestmark = [pytest.mark.broker, pytest.mark.platform]


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, truthful_configuration(1))
    yield stage
    stage.end()


def test_a_second_process_ends_and_a_successor_waits(stage: Stage) -> None:
    stage.start_agent()
    stage.start_service("load-0", rate=50)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 10)
    first = stage.agent
    assert first is not None
    try:
        stage.start_agent()
        second = stage.agent
        assert second is not None
        stage.wait_for(lambda: "is a second process of this agent" in str(stage.ask("status")))
        assert second.wait(40) == ExitCode.UNREACHABLE
        log = (stage.folder / "agent.log").read_text()
        assert f"belongs to process {first.pid} of " in log
        assert "Traceback" not in log
        # What a supervisor does: the next process starts while the one before it still ends.
        stage.start_agent()
        stage.wait_for(
            lambda: log.count("waiting until") < (stage.folder / "agent.log").read_text().count("waiting until")
        )
    finally:
        first.terminate()
        first.wait()
    end_and_compare(stage)
