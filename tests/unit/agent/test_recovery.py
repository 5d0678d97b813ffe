"""Recovery: an observer goes on where it was, whichever checkpoint there is; what it observes anew begins anew."""

from __future__ import annotations

from pathlib import Path

import msgspec

from rohe_iac.agent.inputs import apply_input
from rohe_iac.agent.memory import MemoryBudget
from rohe_iac.agent.recovery import recover_observer
from rohe_iac.observation.checkpoint import checkpoint_of
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec, digest_of
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report
from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.store import AgentStore, Transaction

REPORTS = 4000


def configuration(low: float = 1.0) -> Configuration:
    def objective(name: str, window: WindowSpec, scope: ScopeSpec) -> ObjectiveSpec:
        return ObjectiveSpec(
            name=name, metric="response_time", scope=scope, aggregate="p50", operator="<=", low=low, high=low,
            window=window, min_samples=1, missing="freeze",
        )  # fmt: skip

    by_time = WindowSpec(size_seconds=20.0, every_seconds=5.0)
    objectives = (
        objective("parts", by_time, ScopeSpec(service="load")),
        objective("whole", by_time, ScopeSpec()),
        objective("count", WindowSpec(size_count=1000, every_count=100), ScopeSpec()),
    )
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(ServiceSpec(name="load"),),
        instances=(Instance(instance="load-0", topic="load", service="load"),),
        contracts=(AgentContract(name="c", lateness=1.0, objectives=objectives),),
    )


def inputs() -> list[ObserverInput]:
    made = [ObserverInput(InputKind.RESUME, 999.0)]
    for number in range(REPORTS):
        at = 1000.0 + number / 100
        report = Report(
            client="load-0", boot="b", seq=number + 1, at=at, service="load", instance="load-0",
            start=at - number % 7 / 10, end=at, request=f"r{number}",
        )  # fmt: skip
        made.append(ObserverInput(InputKind.REPORT, at, "load-0", msgspec.json.encode(report)))
    return made


def work(store: AgentStore, observer: Observer, given: list[ObserverInput], checkpoints: tuple[int, ...] = ()) -> None:
    """Does what a worker does: batches of inputs in one transaction each, and now and then a checkpoint."""
    for first in range(0, len(given), 50):
        outcomes: list[Outcome] = []
        batch = given[first : first + 50]
        for observer_input in batch:
            outcomes += apply_input(observer, observer_input)
        row = store.write(Transaction(inputs=batch, outcomes=outcomes, segments=observer.take_segments()))
        if first in checkpoints:
            checkpoint = checkpoint_of(observer.state)
            store.write_checkpoint(row, digest_of(configuration()), checkpoint.content, checkpoint.needed)


def recover(store: AgentStore, observed: Configuration) -> Observer:
    return recover_observer(store, observed, MemoryBudget(0))[0]


def test_after_any_number_of_crashes_the_outcomes_are_those_without_one(tmp_path: Path) -> None:
    given = inputs()
    whole, crashed = AgentStore(tmp_path / "whole"), AgentStore(tmp_path / "crashed")
    work(whole, Observer(configuration()), given)
    observer = Observer(configuration())
    for first in range(0, len(given), 650):
        work(crashed, observer, given[first : first + 650], (100, 400))
        observer = recover(crashed, configuration())
    [expected, found] = [[outcome for _, outcome in store.outcomes_after(0, 10_000)] for store in (whole, crashed)]
    assert found == expected
    assert len(expected) > 30
    assert observer.state.counters.reports == REPORTS


def test_segments_that_no_checkpoint_needs_any_more_are_gone(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    work(store, Observer(configuration()), inputs(), (3950,))
    store.prune(before=0.0, max_bytes=10**9)
    for name, lane in recover(store, configuration()).state.lanes.items():
        assert min(store.segments(name)) == lane.first > 0


def test_another_contract_begins_anew_and_leaves_no_segment_of_the_one_before(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    work(store, Observer(configuration()), inputs(), (3950,))
    changed = configuration(low=2.0)
    for _ in range(2):
        observer = recover(store, changed)
        assert observer.state.counters.reports == REPORTS
        assert observer.state.watermark.clients["load-0"].boots[0].newest == REPORTS
        assert all(store.segments(name) == {} for name in observer.state.lanes)
