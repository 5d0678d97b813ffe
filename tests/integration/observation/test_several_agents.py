"""Several agents of one pipeline as real processes: whatever happens to one, every report is counted exactly once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from observed_brokers import RunningBroker
from observed_stage import AGENT, Stage, load_configuration
from plain_client import PlainClient
from test_agent_crashes import assert_exactly_once, assert_same_windows

from rohe_iac.foundation.canonical import canonical_json

pytestmark = pytest.mark.broker

OTHERS = ("rohe-agent-load-1", "rohe-agent-load-2")
INSTANCES = 6


class SharedStage(Stage):
    """A stage with three agents, each of which the plan has hear a third of the instances."""

    others: dict[str, subprocess.Popen[bytes]]

    def start_others(self, *names: str) -> None:
        for name in names:
            path = self.folder / f"{name}.json"
            own = msgspec.structs.replace(self.configuration, agent=name)
            path.write_bytes(canonical_json(msgspec.to_builtins(own)))
            env = {
                **os.environ,
                "ROHE_AGENT_CONFIG": str(path),
                "ROHE_STORE": str(self.folder / name),
                "ROHE_REPORT_URL": self.broker.url,
                "ROHE_REPORT_CREDENTIALS": str(self.broker.credentials(self.folder, "agent")),
            }
            run = "import sys; from rohe_iac.cli.main import run; sys.exit(run(['agent', 'run']))"
            with (self.folder / f"{name}.log").open("ab") as log:
                self.others[name] = subprocess.Popen([sys.executable, "-c", run], env=env, stdout=log, stderr=log)

    def heard(self) -> dict[str, int]:
        """Returns how many clients each agent hears, as the judging agent says; an agent that hears none is missing."""
        found: list[dict[str, Any]] = self.ask("status")[0]["agents"]
        return {item["name"]: item["hears"] for item in found if item["hears"] and item.get("hold") in (None, "held")}

    def received(self, agent: str) -> int:
        """Returns how many reports an agent has received that are committed, as its health says."""
        health = self.ask("status", agent)[0]["health"]
        assert health["lag"]["commit"]["longest"] > 0 or not health["received"]["total"]
        return int(health["received"]["total"])

    def end(self) -> None:
        for process in self.others.values():
            if process.poll() is None:
                process.kill()
                process.wait()
        super().end()


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[SharedStage]:
    alone = load_configuration(INSTANCES)
    names = (AGENT, *OTHERS)
    instances = tuple(
        msgspec.structs.replace(item, agent=names[number % 3]) for number, item in enumerate(alone.instances)
    )
    stage = SharedStage(tmp_path, own_broker, msgspec.structs.replace(alone, judge=AGENT, instances=instances))
    stage.others = {}
    yield stage
    stage.end()


def start_load(stage: SharedStage) -> None:
    stage.start_agent()
    stage.start_others(*OTHERS)
    for index in range(INSTANCES):
        stage.start_service(f"load-{index}", rate=30)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 300)
    stage.wait_for(lambda: stage.heard() == {AGENT: 2, OTHERS[0]: 2, OTHERS[1]: 2})


def test_an_agent_that_is_dead_for_good_is_replaced_by_the_others(stage: SharedStage) -> None:
    start_load(stage)
    stage.wait_for(lambda: all(stage.received(name) > 50 for name in OTHERS))
    stage.others[OTHERS[0]].kill()
    stage.wait_for(lambda: OTHERS[0] not in (heard := stage.heard()) and sum(heard.values()) == INSTANCES)
    before = len(stage.accepted_requests())
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 300)
    assert_exactly_once(stage)
    assert_same_windows(stage)


def test_a_report_that_grows_when_it_is_written_anew_reaches_the_judging_agent(stage: SharedStage) -> None:
    stage.start_agent()
    stage.start_others(*OTHERS)
    stage.wait_for(lambda: stage.heard() == {AGENT: 2, OTHERS[0]: 2, OTHERS[1]: 2})
    log = stage.folder / f"{OTHERS[0]}.log"
    with PlainClient(stage.broker, stage.folder, "load", "load-1") as client:
        for number in range(4):
            numbers = ",".join(["1e+15"] * (36_000 if number < 2 else 10))
            content = json.dumps(client.envelope(fields={"inputs": "NUMBERS"}))
            client.publish(content.replace('"NUMBERS"', f"[{numbers}]").encode())
        stage.wait_for(lambda: len(stage.stored_requests()) == 4)
    assert stage.heard()[OTHERS[0]] == 2
    assert ": down" not in log.read_text()


def test_an_agent_that_the_plan_has_hear_nobody_is_named_and_works(stage: SharedStage) -> None:
    instances = tuple(msgspec.structs.replace(item, agent=AGENT) for item in stage.configuration.instances)
    stage.configuration = msgspec.structs.replace(stage.configuration, instances=instances, receivers=(OTHERS[0],))
    stage.start_agent()
    agents = stage.ask("status")[0]["agents"]
    assert [(item["name"], item["hears"]) for item in agents] == [(AGENT, INSTANCES), (OTHERS[0], 0)]
    stage.start_others(OTHERS[0])
    stage.wait_for(lambda: stage.ask("status")[0]["agents"][1]["hold"] == "held")
    assert stage.ask("status")[0]["agents"][1]["trouble"] == ""
    said = stage.ask("status", OTHERS[0])[0]
    assert (said["hears"], said["trouble"]) == (0, "")
    assert said["epoch"]


@pytest.mark.soak
def test_the_judging_agent_killed_and_started_again_loses_and_repeats_nothing(stage: SharedStage) -> None:
    start_load(stage)
    stage.kill_agent()
    before = len(stage.accepted_requests())
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 300)
    stage.start_agent()
    before = sum(stage.stored_requests().values())
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > before + 600)
    assert_exactly_once(stage)
    assert_same_windows(stage)


@pytest.mark.soak
def test_an_agent_that_slept_for_longer_than_its_lease_changes_nothing(stage: SharedStage) -> None:
    start_load(stage)
    sleeper = stage.others[OTHERS[1]]
    sleeper.send_signal(signal.SIGSTOP)
    stage.wait_for(lambda: OTHERS[1] not in (heard := stage.heard()) and sum(heard.values()) == INSTANCES)
    before = len(stage.accepted_requests())
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 200)
    sleeper.send_signal(signal.SIGCONT)
    stage.wait_for(lambda: stage.heard() == {AGENT: 2, OTHERS[0]: 2, OTHERS[1]: 2})
    assert_exactly_once(stage)
    assert_same_windows(stage)
