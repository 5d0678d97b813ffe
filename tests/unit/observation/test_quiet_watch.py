"""Idle and silent, by fake time: both are UNKNOWN with reasons of their own, and neither is ever KEPT."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from objective_specs import objective_spec

from rohe_iac.agent.status import instance_status, objective_status
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.outcome import Result, Violation
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import decode_state, encode_state
from rohe_iac.observation.quiet_watch import LOOK_INTERVAL, MAX_PAUSE
from rohe_iac.observation.reports.report import Report

INTERVAL = 5.0
TUMBLING = WindowSpec(size_seconds=2.0, every_seconds=2.0)
SLIDING = WindowSpec(size_seconds=60.0, every_seconds=1.0)
COUNT = WindowSpec(size_count=5, every_count=5)
OVERLAPPING = WindowSpec(size_count=50, every_count=5)
COUNT_BY_TIME = WindowSpec(size_count=5, every_seconds=1.0)
TIME_BY_COUNT = WindowSpec(size_seconds=30.0, every_count=5)
SESSION = WindowSpec(session=1.0)
LOAD = ScopeSpec(service="load")

OBJECTIVES: dict[str, dict[str, Any]] = {
    "mean in tumbling windows": {"scope": LOAD, "window": TUMBLING},
    "mean in sliding windows": {"scope": LOAD, "window": SLIDING},
    "count": {"scope": LOAD, "window": SLIDING, "aggregate": "count", "operator": ">=", "low": 1.0},
    "at most so many": {"scope": LOAD, "window": TUMBLING, "aggregate": "count"},
    "rate": {"scope": LOAD, "window": TUMBLING, "metric": "rate"},
    "at most such a rate": {"scope": LOAD, "window": OVERLAPPING, "metric": "rate"},
    "percentile": {"scope": LOAD, "window": SLIDING, "aggregate": "p99"},
    "percentile by count": {"scope": LOAD, "window": COUNT, "aggregate": "p50"},
    "overlapping by count": {"scope": LOAD, "window": OVERLAPPING},
    "reports every second": {"scope": LOAD, "window": COUNT_BY_TIME},
    "seconds every report": {"scope": LOAD, "window": TIME_BY_COUNT},
    "session": {"scope": LOAD, "window": SESSION},
    "whole pipeline": {"window": TUMBLING},
    "whole pipeline by count": {"window": COUNT},
    "availability": {"window": TUMBLING, "metric": "availability", "operator": ">=", "low": 0.5},
    "availability by count": {"window": COUNT, "metric": "availability", "operator": ">=", "low": 0.5},
}
"""Objectives that the stage's reports keep, by what they are."""


@dataclass
class Stage:
    """An observer of the instances of one service, which report or speak each half of a second."""

    objective: dict[str, Any]
    instances: tuple[str, ...] = ("load-0",)
    now: float = 1000.0
    states: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        defaults: dict[str, Any] = {"metric": "response_time", "operator": "<=", "low": 1e9, "high": 1e9}
        spec = objective_spec(**{**defaults, **self.objective})
        self.configuration = Configuration(
            stack="s",
            pipeline="p",
            agent="agent-0",
            services=(ServiceSpec(name="load"),),
            instances=tuple(Instance(instance=name, topic="load", service="load") for name in self.instances),
            contracts=(AgentContract(name="c", lateness=1.0, objectives=(spec,)),),
        )
        self.observer = Observer(self.configuration)
        self.sent = 0
        self.outcomes = self.observer.resume(self.now)

    def pass_time(self, seconds: float, *, report: str = "", speak: str = "", heartbeat: str = "") -> None:
        """Passes time, in which instances report, promise that nothing is under way, or send heartbeats alone."""
        for _ in range(round(seconds * 2)):
            self.now += 0.5
            for name in report.split():
                self.sent += 1
                self.outcomes += self.observer.report(
                    Report(
                        client=name, boot="b", seq=0, at=self.now, service="load", instance=name,
                        request=f"r-{self.sent}", start=self.now - 0.1, end=self.now,
                    ),
                    self.now,
                )  # fmt: skip
            for name in speak.split():
                self.states.setdefault(name, {"state": "online"})
                self.outcomes += self.observer.promise(name, self.now, self.now, INTERVAL)
            for name in heartbeat.split():
                self.outcomes += self.observer.heartbeat(name, INTERVAL, self.now)
            self.outcomes += self.observer.tick(self.now)

    @property
    def status(self) -> dict[str, Any]:
        [evaluator] = self.observer.evaluators
        return objective_status(self.observer, evaluator, self.states, self.now, started=1000.0, trouble="")

    @property
    def verdict(self) -> str:
        return str(self.status["verdict"])

    @property
    def why(self) -> str:
        return str((self.status["unknown"] or {}).get("why", ""))

    def results_after(self, moment: float) -> list[Result]:
        return [item for item in self.outcomes if isinstance(item, Result) and item.start > moment]


def kept_stage(objective: dict[str, Any], **changes: Any) -> Stage:
    """Returns a stage on which `load-0` has reported for a while, so that the objective is kept."""
    stage = Stage(objective, **changes)
    stage.pass_time(40.0, report="load-0", heartbeat="load-0")
    if objective.get("window") is SESSION:
        stage.pass_time(4.0, speak="load-0")
    assert stage.verdict == "KEPT"
    return stage


@pytest.mark.parametrize("name", OBJECTIVES)
def test_silence_is_noticed_within_one_and_a_half_intervals_and_stays_unknown(name: str) -> None:
    stage = kept_stage(OBJECTIVES[name])
    stage.pass_time(1.0, report="load-0", speak="load-0")
    heard = stage.now
    stage.pass_time(INTERVAL)
    assert not instance_status(stage.observer)["load-0"]["silent"], "it need not have spoken yet"
    stage.pass_time(INTERVAL / 2)
    assert (stage.verdict, stage.why) == ("UNKNOWN", "silent")
    assert stage.status["unknown"]["text"] == f"nothing heard from load-0 for {stage.now - heard:.0f} s"
    assert instance_status(stage.observer)["load-0"]["silent"]
    assert stage.observer.quiet.take_change()
    for _ in range(60):
        stage.pass_time(1.0)
        assert (stage.verdict, stage.why) == ("UNKNOWN", "silent")
    assert not [item for item in stage.results_after(heard) if item.verdict == "KEPT"]


@pytest.mark.parametrize("name", OBJECTIVES)
def test_idle_is_unknown_with_another_reason_and_ends_with_the_next_reports(name: str) -> None:
    stage = kept_stage(OBJECTIVES[name])
    heard = stage.now
    stage.pass_time(70.0, speak="load-0")
    for _ in range(30):
        stage.pass_time(1.0, speak="load-0")
        assert (stage.verdict, stage.why) == ("UNKNOWN", "idle")
        assert not stage.status["unknown"]["overdue"]
    assert stage.status["unknown"]["text"] == "nothing to report at load-0"
    assert not [item for item in stage.results_after(heard) if item.verdict == "KEPT"]
    stage.pass_time(30.0, report="load-0", heartbeat="load-0")
    if OBJECTIVES[name]["window"] is SESSION:
        stage.pass_time(4.0, speak="load-0")
    assert stage.verdict == "KEPT"


@pytest.mark.parametrize("window", [TUMBLING, SLIDING, COUNT, COUNT_BY_TIME])
def test_heartbeats_while_reports_are_under_way_are_no_silence(window: WindowSpec) -> None:
    stage = kept_stage({"scope": LOAD, "window": window})
    stage.pass_time(90.0, heartbeat="load-0")
    assert (stage.verdict, stage.why) == ("UNKNOWN", "idle")


@pytest.mark.parametrize(
    ("missing", "window", "idle", "silent"),
    [
        ("freeze", TUMBLING, "UNKNOWN", "UNKNOWN"),
        ("ok", TUMBLING, "KEPT", "UNKNOWN"),
        ("broken", TUMBLING, "BROKEN", "BROKEN"),
        ("freeze", COUNT, "UNKNOWN", "UNKNOWN"),
        ("ok", COUNT, "KEPT", "UNKNOWN"),
        ("broken", COUNT, "UNKNOWN", "UNKNOWN"),
        ("ok", COUNT_BY_TIME, "KEPT", "UNKNOWN"),
        ("ok", SLIDING, "KEPT", "UNKNOWN"),
    ],
)
def test_missing_says_what_idleness_is_and_silence_is_never_kept(
    missing: str, window: WindowSpec, idle: str, silent: str
) -> None:
    stage = kept_stage({"scope": LOAD, "window": window, "missing": missing})
    stage.pass_time(90.0, speak="load-0")
    assert stage.verdict == idle
    heard = stage.now
    stage.pass_time(1.5 * INTERVAL)
    for _ in range(60):
        assert stage.verdict == silent
        stage.pass_time(1.0)
    assert not [item for item in stage.results_after(heard) if "KEPT" in (item.window, item.verdict)]


def test_a_broken_objective_is_unknown_in_silence_and_its_violation_stays_open() -> None:
    stage = Stage({"scope": LOAD, "window": COUNT, "low": 0.0, "high": 0.0})
    stage.pass_time(20.0, report="load-0", speak="load-0")
    assert stage.verdict == "BROKEN"
    stage.pass_time(1.5 * INTERVAL)
    assert (stage.verdict, stage.why) == ("UNKNOWN", "silent")
    [opened] = [item for item in stage.outcomes if isinstance(item, Violation)]
    assert stage.status["violation"] == opened.id


def test_a_window_that_was_broken_before_a_silence_still_opens_its_violation() -> None:
    stage = Stage({"scope": LOAD, "window": WindowSpec(size_seconds=30.0, every_seconds=30.0), "low": 0.0})
    stage.pass_time(25.0, report="load-0", speak="load-0")
    stage.pass_time(60.0)
    assert [type(item) for item in stage.outcomes if isinstance(item, Violation)] == [Violation]
    assert (stage.verdict, stage.why) == ("UNKNOWN", "silent")


def test_one_silent_instance_of_two_is_named_and_judged_only_where_it_alone_is_heard() -> None:
    both, one = (
        Stage({"scope": scope, "window": COUNT}, ("load-0", "load-1")) for scope in (LOAD, ScopeSpec(instance="load-1"))
    )
    for stage in (both, one):
        stage.pass_time(20.0, report="load-0 load-1", heartbeat="load-0 load-1")
        assert stage.verdict == "KEPT"
        stage.pass_time(1.5 * INTERVAL, report="load-0", heartbeat="load-0")
        found = instance_status(stage.observer)
        assert (found["load-0"]["silent"], found["load-1"]["silent"]) == (False, True)
        assert (found["load-1"]["interval"], found["load-1"]["spoke"]) == (INTERVAL, 1020.0)
    assert (both.verdict, both.why) == ("KEPT", "")
    assert (one.verdict, one.why) == ("UNKNOWN", "silent")


def test_a_slower_client_is_given_its_own_interval() -> None:
    stage = kept_stage({"scope": LOAD, "window": COUNT})
    stage.observer.heartbeat("load-0", 60.0, stage.now)
    stage.pass_time(70.0)
    assert (stage.verdict, stage.why) == ("UNKNOWN", "idle"), "it has nothing to report, and need not have spoken"
    stage.pass_time(20.0)
    assert stage.why == "silent"


@pytest.mark.parametrize("missing", ["freeze", "ok"])
@pytest.mark.parametrize("window", [TUMBLING, SLIDING, COUNT, COUNT_BY_TIME, SESSION])
def test_a_client_that_promises_nothing_is_silent_without_reports(window: WindowSpec, missing: str) -> None:
    stage = Stage({"scope": LOAD, "window": window, "missing": missing})
    stage.pass_time(40.0, report="load-0")
    stage.pass_time(0.0 if window is not SESSION else 4.0)
    assert stage.verdict == "KEPT"
    stage.pass_time(70.0)
    assert (stage.verdict, stage.why) == ("UNKNOWN", "silent")
    assert stage.status["unknown"]["text"].endswith("(it sends no heartbeats)")


def test_a_lost_client_is_told_as_lost() -> None:
    stage = kept_stage({"scope": LOAD, "window": COUNT})
    stage.states["load-0"] = {"state": "lost"}
    stage.observer.lose("load-0", stage.now)
    stage.pass_time(1.5 * INTERVAL)
    assert stage.status["unknown"]["text"] == "nothing heard from load-0 (lost) for 8 s"


@pytest.mark.parametrize("window", [TUMBLING, COUNT])
def test_an_agent_that_hears_nobody_because_it_is_cut_off_keeps_nothing(window: WindowSpec) -> None:
    stage = kept_stage({"scope": LOAD, "window": window})
    stage.observer.pause(stage.now)
    stage.pass_time(MAX_PAUSE)
    assert stage.verdict == "KEPT", "a short cut is no silence"
    stage.pass_time(2 * LOOK_INTERVAL)
    assert stage.verdict == "UNKNOWN"
    stage.outcomes += stage.observer.resume(stage.now)
    stage.pass_time(20.0, report="load-0", speak="load-0")
    assert stage.verdict == "KEPT"


def test_an_agent_that_was_away_for_long_begins_without_a_verdict() -> None:
    stage = kept_stage({"scope": LOAD, "window": COUNT})
    for away, verdict in ((MAX_PAUSE / 2, "KEPT"), (MAX_PAUSE + 1, "UNKNOWN")):
        observer = Observer(stage.configuration, decode_state(encode_state(stage.observer.state)))
        observer.pause(stage.now + away)
        observer.resume(stage.now + away)
        assert observer.evaluators[0].state.judge.verdict == verdict


def test_an_instance_that_was_never_heard_is_silent_after_a_while() -> None:
    stage = Stage({"scope": LOAD, "window": COUNT})
    stage.pass_time(5.0)
    assert (stage.verdict, stage.why) == ("UNKNOWN", "waiting")
    stage.pass_time(10.0)
    assert (stage.verdict, stage.why) == ("UNKNOWN", "silent")
    assert stage.status["unknown"]["text"] == "nothing heard from load-0 yet"


def test_time_in_which_the_agent_was_stalled_is_no_silence() -> None:
    stage = kept_stage({"scope": LOAD, "window": COUNT})
    stage.now += 60.0
    stage.observer.stall(60.0, stage.now)
    stage.pass_time(1.0)
    assert stage.verdict == "KEPT"


def test_an_end_that_is_gone_breaks_the_availability_and_leaves_other_objectives_unknown() -> None:
    def observer_of(**changes: Any) -> Observer:
        stage = Stage({"window": TUMBLING, **changes})
        configuration = msgspec.structs.replace(
            stage.configuration,
            services=(ServiceSpec(name="camera", calls=("vote",)), ServiceSpec(name="vote")),
            instances=tuple(Instance(instance=f"{name}-0", topic=name, service=name) for name in ("camera", "vote")),
        )
        return Observer(configuration)

    availability = observer_of(metric="availability", operator=">=", low=0.5)
    accuracy = observer_of()
    for observer in (availability, accuracy):
        observer.resume(1000.0)
        for step in range(120):
            now = 1000.0 + step / 2
            for name in ("camera", "vote") if step < 40 else ("camera",):
                observer.heartbeat(f"{name}-0", INTERVAL, now)
                observer.report(
                    Report(client=f"{name}-0", boot="b", seq=step + 1, at=now, service=name, instance=f"{name}-0",
                           request=f"r-{step}", start=now - 0.1, end=now),
                    now,
                )  # fmt: skip
    assert availability.evaluators[0].state.judge.verdict == "BROKEN"
    assert accuracy.evaluators[0].state.judge.verdict == "UNKNOWN"
