"""Missing reports: they are waited for within a bound, by those who hear their client, and then passed over."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration, objective
from plain_client import PlainClient

from rohe_iac.observation.configuration import Instance, ServiceSpec
from rohe_iac.observation.contract import ScopeSpec, WindowSpec
from rohe_iac.observation.reports.watermark import GRACE_PERIOD

pytestmark = pytest.mark.broker

WINDOW = WindowSpec(size_seconds=1.0, every_seconds=1.0)


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    """A pipeline with two services: `load`, whose instances keep what they report, and `raw`, a plain client."""
    loaded = load_configuration(2)
    [contract] = loaded.contracts
    objectives = tuple(
        objective(name, "response_time", WINDOW, scope=ScopeSpec(service=service), operator="<=", low=1.0, high=1.0)
        for name, service in (("of-load", "load"), ("of-raw", "raw"))
    )
    configuration = msgspec.structs.replace(
        loaded,
        services=(ServiceSpec(name="load"), ServiceSpec(name="raw")),
        instances=(*loaded.instances, Instance(instance="raw-0", topic="raw", service="raw")),
        contracts=(msgspec.structs.replace(contract, objectives=(*objectives, contract.objectives[1])),),
    )
    stage = Stage(tmp_path, own_broker, configuration)
    yield stage
    stage.end()


def judged(stage: Stage) -> dict[str, dict[str, Any]]:
    return {item["objective"]: item for item in stage.ask("status")[0]["objectives"]}


def test_what_was_published_before_the_agent_came_holds_back_only_those_who_hear_it_and_not_for_long(
    stage: Stage,
) -> None:
    with PlainClient(stage.broker, stage.folder, "raw", "raw-0") as raw:
        for _ in range(4):
            raw.report()
        for index in range(2):
            stage.start_service(f"load-{index}", rate=20)
        stage.start_agent()
        stage.wait_for(lambda: (stage.folder / "agent.log").read_text().count(": up"))

        def go_on() -> dict[str, dict[str, Any]]:
            raw.report()
            return judged(stage)

        # Reports flow without a pause, so that no tick of the clock ever comes.
        stage.wait_for(lambda: go_on()["of-load"]["verdict"] == "KEPT", GRACE_PERIOD - 3)
        held = go_on()
        assert held["of-raw"]["verdict"] == "UNKNOWN", "its first reports may still come"
        assert held["of-raw"]["unknown"]["why"] == "waiting"
        assert "reports 1-4 of raw-0" in held["of-raw"]["unknown"]["text"]
        stage.wait_for(lambda: go_on()["of-raw"]["verdict"] == "KEPT", 2 * GRACE_PERIOD)
        stage.wait_for(lambda: go_on()["count"]["verdict"] == "KEPT")
        assert go_on()["of-raw"]["unknown"] is None
        log = (stage.folder / "agent.log").read_text()
        assert f"waited {GRACE_PERIOD:.0f} s for reports 1-4 of raw-0: gone on without them" in log
        assert stage.ask("status")[0]["counts"]["missing"] == 4


def test_a_store_that_is_lost_while_services_report_is_gone_on_without(stage: Stage) -> None:
    stage.start_agent()
    for index in range(2):
        stage.start_service(f"load-{index}", rate=20)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 100)
    stage.kill_agent()
    shutil.rmtree(stage.folder / "store")
    stage.start_agent()
    stage.wait_for(lambda: judged(stage)["of-load"]["verdict"] == "KEPT", 3 * GRACE_PERIOD)
    first = judged(stage)["of-load"]["end"]
    stage.wait_for(lambda: judged(stage)["of-load"]["end"] > first + 2)
    assert time.time() - judged(stage)["of-load"]["end"] < GRACE_PERIOD
    log = (stage.folder / "agent.log").read_text()
    for client in ("load-0", "load-1"):
        assert f"of {client}: gone on without them" in log
