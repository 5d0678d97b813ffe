"""Idle, killed, hanging and cut off: the reasons of a real agent, none of them KEPT."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration, objective
from plain_client import PlainClient

from rohe_iac.agent.ask import AgentAway, answers
from rohe_iac.observation.configuration import Instance
from rohe_iac.observation.contract import ScopeSpec, WindowSpec
from rohe_iac.reporting import Reporter
from rohe_iac.reporting.sender import STATE_INTERVAL

pytestmark = pytest.mark.broker

WINDOW = WindowSpec(size_count=10, every_count=5)
NAMES = ("load-0", "load-1", "idle-0", "plain-0")


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    """Instances of one service, each with an objective of its own about a number of reports."""
    loaded = load_configuration(0)
    [contract] = loaded.contracts
    objectives = tuple(
        objective(name, "response_time", WINDOW, scope=ScopeSpec(instance=name), missing="ok") for name in NAMES
    )
    configuration = msgspec.structs.replace(
        loaded,
        instances=tuple(sorted(Instance(instance=name, topic="load", service="load") for name in NAMES)),
        contracts=(msgspec.structs.replace(contract, objectives=objectives),),
    )
    stage = Stage(tmp_path, own_broker, configuration)
    yield stage
    for process in stage.services.values():
        process.send_signal(signal.SIGCONT)
    stage.end()


def said(stage: Stage) -> dict[str, Any]:
    """Returns what the agent says of itself, asked without the broker; nothing while it starts."""
    try:
        [page] = answers(['{"ask": "status"}'], {"ROHE_STORE": str(stage.folder / "store")})
    except AgentAway:
        return {"objectives": [], "instances": {}}
    [found] = json.loads(page)["items"]
    return dict(found)


def judged(stage: Stage) -> dict[str, tuple[str, str]]:
    """Returns the verdict on each instance, and why it is UNKNOWN."""
    return {
        item["objective"]: (item["verdict"], (item["unknown"] or {}).get("why", ""))
        for item in said(stage)["objectives"]
    }


def wait_until(stage: Stage, wanted: Mapping[str, tuple[str, str]], go_on: Callable[[], object]) -> None:
    def is_so() -> bool:
        go_on()
        found = judged(stage)
        return all(found.get(name) == verdict for name, verdict in wanted.items())

    stage.wait_for(is_so, 60)


def test_those_who_are_idle_gone_hanging_or_cut_off_are_told_apart_and_never_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.start_agent()
    stage.wait_for(lambda: said(stage)["objectives"])
    assert set(judged(stage).values()) <= {("UNKNOWN", "waiting"), ("UNKNOWN", "disconnected")}
    for index in range(2):
        stage.start_service(f"load-{index}", rate=20)
    for name, value in stage.service_environment("idle-0").items():
        monkeypatch.setenv(name, value)
    idle = Reporter.from_environment()
    with PlainClient(stage.broker, stage.folder, "load", "plain-0") as plain:

        def report() -> None:
            now = time.time()
            idle.report(start=now - 0.01, end=now)
            plain.report()

        wait_until(stage, dict.fromkeys(NAMES, ("KEPT", "")), report)
        stage.services["load-0"].kill()
        stage.services["load-1"].send_signal(signal.SIGSTOP)

        # With `missing: ok` an idle instance is kept; of a plain one nobody knows whether it is idle.
        gone = {"load-0": ("UNKNOWN", "silent"), "load-1": ("UNKNOWN", "silent")}
        wait_until(stage, {**gone, "idle-0": ("KEPT", ""), "plain-0": ("UNKNOWN", "silent")}, lambda: None)
        found = said(stage)
        since = {item["objective"]: item["since"] for item in found["objectives"]}
        for name in gone:
            assert found["instances"][name]["interval"] == STATE_INTERVAL
            assert found["instances"][name]["silent"]
            assert 0 < since[name] - found["instances"][name]["spoke"] <= 1.5 * STATE_INTERVAL
        assert not found["instances"]["idle-0"]["silent"]

        stage.services["load-1"].send_signal(signal.SIGCONT)
        wait_until(stage, {"load-1": ("KEPT", ""), "load-0": ("UNKNOWN", "silent")}, lambda: None)

    stage.broker.kill()
    wait_until(stage, dict.fromkeys(NAMES, ("UNKNOWN", "disconnected")), lambda: None)
    stage.kill_agent()
    stage.start_agent()
    stage.wait_for(lambda: said(stage)["objectives"])
    assert set(judged(stage).values()) == {("UNKNOWN", "disconnected")}
    stage.broker.start()
    wait_until(stage, {"load-1": ("KEPT", ""), "idle-0": ("UNKNOWN", "idle")}, lambda: None)
    idle.close()
