"""An agent under a memory limit that its contracts do not fit in: it lives, and judges all that was accepted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from limited_memory import LIMIT
from observed_brokers import RunningBroker
from observed_stage import STACK, Stage, load_configuration, objective

from rohe_iac.mqtt.address import broker_address
from rohe_iac.observation.contract import ScopeSpec, WindowSpec
from rohe_iac.reporting import Reporter
from rohe_iac.reporting.settings import ReporterSettings

pytestmark = pytest.mark.broker

REPORTS = 16_000
"""Reports of windows that do not close by themselves; they take more than the limit."""


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker, limited_group: Path) -> Iterator[Stage]:
    """Yields a stage that ends before its control group is removed, which must have no process then."""
    assert limited_group.exists()
    configuration = load_configuration(1)
    endless = WindowSpec(size_seconds=3600.0, every_seconds=3600.0)
    objectives = (
        objective("fast", "response_time", endless, scope=ScopeSpec(service="load"), aggregate="p99"),
        objective("right", "accuracy", endless),
    )
    contract = msgspec.structs.replace(configuration.contracts[0], objectives=objectives)
    stage = Stage(tmp_path, own_broker, msgspec.structs.replace(configuration, contracts=(contract,)))
    yield stage
    stage.end()


def test_more_reports_than_fit_end_windows_early_and_no_agent(stage: Stage, limited_group: Path) -> None:
    reporter = Reporter(
        ReporterSettings(
            broker=broker_address("", stage.broker.credentials(stage.folder, "service")), stack=STACK, pipeline="load",
            service="load", instance="load-0", outbox=stage.folder / "load-0",
        )
    )  # fmt: skip
    probabilities = [0.1234567890123] * 40
    for number in range(REPORTS):
        now = time.time()
        fields = {"prediction": 1, "truth": 1, "probabilities": probabilities}
        reporter.report(request=f"r{number}", start=now - 0.01, end=now, fields=fields)
    stage.start_agent(limited_group)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > REPORTS / 2, timeout=60)
    stage.kill_agent()
    stage.start_agent(limited_group)
    assert reporter.flush(60)
    assert stage.agent is not None
    assert stage.agent.poll() is None, "the agent was killed"
    assert "windows end early" in (stage.folder / "agent.log").read_text()
    [status] = stage.ask("status")
    assert status["memory"]["limit"] == LIMIT
    assert status["counts"]["shed"] > 0
    assert status["counts"]["late"] == 0
    judged = [result for result in stage.ask("results") if result["objective"] == "fast"]
    assert sum(result["count"] for result in judged) > REPORTS / 2
    assert sum(stage.stored_requests().values()) == reporter.accepted
    reporter.close(timeout=0)
