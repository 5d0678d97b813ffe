"""Clocks that are wrong or jump, of real processes: the others' windows stay right, and every report is stored once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_clock import set_clock, wrong_clock
from fault_stage import LATENESS, RATE, STEP, begin, go_on, truthful_configuration
from ground_truth import GroundTruth, results_of
from observed_brokers import RunningBroker
from observed_stage import Stage

from rohe_iac.observation.contract import ScopeSpec
from rohe_iac.sinks.store import AgentStore

pytestmark = [pytest.mark.broker, pytest.mark.platform]

GOOD, OLD, FUTURE, JUMPING = "load-0", "load-1", "load-2", "load-3"
YEARS_FORWARD, YEARS_BACK = "+2335000000", "-1790000000"
"""Seconds to the year 2100 and to the 1970s."""


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, truthful_configuration(4, scope=ScopeSpec(instance=GOOD)))
    yield stage
    stage.end()


@pytest.mark.parametrize("seconds", [1, pytest.param(20, marks=pytest.mark.soak)])
def test_services_with_wrong_clocks_harm_nobody_else(stage: Stage, seconds: int) -> None:
    jumping = stage.folder / "jumping"
    clocks = {
        OLD: wrong_clock(stage.folder / "old", YEARS_BACK),
        FUTURE: wrong_clock(stage.folder / "future", YEARS_FORWARD),
        JUMPING: wrong_clock(jumping, "+0"),
    }
    stage.start_agent()
    stage.start_service(GOOD, RATE)
    for instance, clock in clocks.items():
        stage.start_service(instance, RATE, clock)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 100)
    for offset in ("+3600", "-7200", "+0"):
        go_on(stage, seconds)
        set_clock(jumping, offset)
    go_on(stage, seconds)
    counters = stage.end_load()
    assert all(of_service["flushed"] for of_service in counters.values()), counters
    assert stage.stop_agent() == 0
    undecodable = AgentStore(stage.folder / "store", read_only=True).counters()["undecodable"]
    truth = GroundTruth(stage)
    truth.compare_stored(stage.stored_requests(), left_out=[OLD])
    old = [event.accepted for event in truth.events.values() if event.instance == OLD]
    # What a slow disk did not take in time is reported later, although it was not accepted at once.
    assert 0 < sum(old) <= undecodable <= len(old), "what is dated in the 1970s is a dead letter"
    assert "is the clock of its device set?" in (stage.folder / "agent.log").read_text()
    windows = truth.compare_windows(results_of(stage.folder / "store"), step=STEP, lateness=LATENESS, instances=[GOOD])
    assert windows > 0
    print(f"{len(truth.events)} events, {windows} windows of the service with a right clock equal the ground truth")


@pytest.mark.parametrize("offset", [YEARS_FORWARD, YEARS_BACK])
def test_an_agent_that_starts_decades_away_stores_what_it_acknowledges(
    tmp_path: Path, own_broker: RunningBroker, offset: str
) -> None:
    stage = Stage(tmp_path, own_broker, truthful_configuration(2))
    try:
        stage.agent_environment = wrong_clock(tmp_path / "clock", offset)
        begin(stage, 2)
        stage.wait_for(lambda: "the clock of this machine is set to" in stage.ask("status")[0]["trouble"])
        counters = stage.end_load()
        assert all(of_service["flushed"] for of_service in counters.values()), counters
        [status] = stage.ask("status")
        assert stage.stop_agent() == 0
        assert status["counts"].get("undecodable", 0) == 0
        GroundTruth(stage).compare_stored(stage.stored_requests())
    finally:
        stage.end()


@pytest.mark.soak
def test_an_agent_whose_clock_jumps_loses_and_repeats_nothing(tmp_path: Path, own_broker: RunningBroker) -> None:
    stage = Stage(tmp_path, own_broker, truthful_configuration(2))
    clock = tmp_path / "clock"
    try:
        stage.agent_environment = wrong_clock(clock, "+0")
        begin(stage, 2)
        for offset in ("+3600", YEARS_FORWARD, "-86400", "+0"):
            set_clock(clock, offset)
            go_on(stage, 1)
        back = time.time()
        stage.wait_for(lambda: _closed_since(stage, back) > 1)
        counters = stage.end_load()
        assert all(of_service["flushed"] for of_service in counters.values()), counters
        assert stage.stop_agent() == 0
        GroundTruth(stage).compare_stored(stage.stored_requests())
    finally:
        stage.end()


def _closed_since(stage: Stage, time_of: float) -> int:
    return sum(item["end"] > time_of and item["count"] > 0 for item in stage.ask("results", most=50))
