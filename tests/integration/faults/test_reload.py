"""Contracts that change under load, as `rohe apply` changes them: the agent ends and starts with the new ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fault_stage import LATENESS, STEP, begin, go_on, truthful_configuration
from ground_truth import GroundTruth, results_of
from observed_brokers import RunningBroker
from observed_stage import Stage

pytestmark = pytest.mark.broker


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, truthful_configuration(3, "contract-0"))
    yield stage
    stage.end()


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_contracts_reloaded_under_load_lose_no_report_and_judge_whole_windows(stage: Stage, times: int) -> None:
    begin(stage)
    for number in range(times):
        go_on(stage, 5)
        # Every third time the old process is killed before it has ended.
        if number % 3 == 2:
            stage.kill_agent()
        else:
            assert stage.stop_agent() == 0
        stage.configuration = truthful_configuration(3, f"contract-{number + 1}")
        stage.start_agent()
    # Long enough that each contract has windows that began and closed while it was in force.
    go_on(stage, 5)
    counters = stage.end_load()
    assert all(of_service["flushed"] for of_service in counters.values()), counters
    [status] = stage.ask("status")
    assert stage.stop_agent() == 0
    assert status["counts"]["late"] == 0
    truth = GroundTruth(stage)
    truth.compare_stored(stage.stored_requests())
    windows = []
    for number in range(times + 1):
        # The first windows of a contract begin in the middle, when it comes into force.
        results = results_of(stage.folder / "store", f"contract-{number}")
        windows.append(truth.compare_windows(results, step=STEP, lateness=LATENESS, part=True))
    assert all(windows), windows
    print(f"{len(truth.events)} events, {times} times other contracts; {sum(windows)} windows equal the ground truth")
