"""Crashes under load: every accepted report is counted exactly once, and windows are those of a run without a crash."""

from __future__ import annotations

import random
import time
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from observed_brokers import RunningBroker
from observed_stage import Stage, load_configuration

from rohe_iac.agent.inputs import apply_input
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report
from rohe_iac.sinks.outcome_row import outcome_key
from rohe_iac.sinks.store import AgentStore

pytestmark = pytest.mark.broker


@pytest.fixture
def stage(tmp_path: Path, own_broker: RunningBroker) -> Iterator[Stage]:
    stage = Stage(tmp_path, own_broker, load_configuration(3))
    yield stage
    stage.end()


def start_load(stage: Stage) -> None:
    stage.start_agent()
    for index in range(3):
        stage.start_service(f"load-{index}", rate=60)
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 300)


def assert_exactly_once(stage: Stage) -> None:
    """Ends the load, and compares the accepted reports with the stored ones."""
    counters = stage.end_load()
    assert all(of_service["flushed"] for of_service in counters.values()), counters
    assert stage.stop_agent() == 0
    accepted, stored = stage.accepted_requests(), stage.stored_requests()
    assert accepted, "nothing was accepted, so nothing is shown"
    lost = accepted - stored
    surplus = {request: count for request, count in stored.items() if count > 1}
    assert not lost, f"{len(lost)} of {len(accepted)} accepted reports are lost"
    assert not surplus, f"{len(surplus)} reports are counted twice"


def assert_same_windows(stage: Stage) -> None:
    """Compares the stored outcomes with those of an observer that never crashed, and with the reports themselves."""
    store = AgentStore(stage.folder / "store", read_only=True)
    observer = Observer(stage.configuration)
    expected, events = {}, []
    for _, observer_input in store.inputs_after(0):
        if observer_input.kind == "report":
            events.append(msgspec.json.decode(observer_input.payload, type=Report).at)
        expected |= {outcome_key(outcome): outcome for outcome in apply_input(observer, observer_input)}
    stored = {outcome_key(outcome): outcome for _, outcome in store.outcomes_after(0, 1_000_000)}
    store.close()
    assert stored, "no window closed, so nothing is shown"
    assert stored == expected
    assert observer.state.counters.late == 0, "a crash, or a slow machine, made reports late"
    events.sort()
    counted = [outcome for outcome in stored.values() if isinstance(outcome, Result) and outcome.objective == "count"]
    assert sum(outcome.count for outcome in counted) > 0
    for outcome in counted:
        truth = bisect_left(events, outcome.end) - bisect_left(events, outcome.start)
        assert outcome.count == truth, f"a window of {truth} reports was judged by {outcome.count}"


def test_an_agent_killed_for_ten_seconds_loses_and_repeats_nothing(stage: Stage) -> None:
    start_load(stage)
    stage.kill_agent()
    time.sleep(10)
    before = len(stage.accepted_requests())
    stage.start_agent()
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 300)
    assert_exactly_once(stage)
    assert_same_windows(stage)


def test_an_agent_killed_again_and_again_loses_and_repeats_nothing(stage: Stage) -> None:
    start_load(stage)
    for pause in (0.3, 1.0, 1.7, 2.4):
        time.sleep(pause)
        stage.kill_agent()
        stage.start_agent()
    stage.wait_for(lambda: sum(stage.stored_requests().values()) > 300)
    assert_exactly_once(stage)
    assert_same_windows(stage)


def test_a_broker_killed_under_load_loses_and_repeats_nothing(stage: Stage) -> None:
    start_load(stage)
    stage.broker.kill()
    time.sleep(3)
    stage.broker.start()
    before = len(stage.accepted_requests())
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 300)
    assert_exactly_once(stage)
    assert_same_windows(stage)


def test_a_service_killed_under_load_loses_nothing_that_it_was_told_is_accepted(stage: Stage) -> None:
    start_load(stage)
    stage.services["load-1"].kill()
    stage.services["load-1"].wait()
    stage.start_service("load-1", rate=60)
    before = len(stage.accepted_requests())
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 200)
    assert_exactly_once(stage)


def test_reports_of_a_time_without_any_agent_are_judged_when_one_comes(stage: Stage) -> None:
    for index in range(3):
        stage.start_service(f"load-{index}", rate=60)
    stage.wait_for(lambda: (stage.folder / "ledger").exists() and len(stage.accepted_requests()) > 300)
    stage.start_agent()
    before = len(stage.accepted_requests())
    stage.wait_for(lambda: len(stage.accepted_requests()) > before + 100)
    stage.wait_for(lambda: any(item["objective"] == "count" and item["count"] for item in stage.ask("results")))
    assert_exactly_once(stage)
    assert_same_windows(stage)


@pytest.mark.soak
def test_a_long_campaign_of_crashes_loses_and_repeats_nothing(stage: Stage) -> None:
    chance = random.Random(1)
    start_load(stage)
    for _ in range(30):
        time.sleep(chance.uniform(0.2, 4.0))
        victim = chance.choice(["agent", "agent", "broker", "load-0", "load-1", "load-2"])
        if victim == "agent":
            stage.kill_agent()
            time.sleep(chance.uniform(0.0, 5.0))
            stage.start_agent()
        elif victim == "broker":
            stage.broker.kill()
            time.sleep(chance.uniform(0.0, 3.0))
            stage.broker.start()
        else:
            stage.services[victim].kill()
            stage.services[victim].wait()
            stage.start_service(victim, rate=60)
    assert_exactly_once(stage)
