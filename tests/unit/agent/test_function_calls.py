"""Function calls: nothing waits for a function, and what it has not answered when the agent ends is called again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from waiting import until

from rohe_iac.agent.function_calls import FunctionCalls
from rohe_iac.agent.inputs import apply_input
from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.worker import Worker
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.observation.checkpoint import checkpoint_of, restored
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ProcessingSpec, WindowSpec
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.user_process import FunctionFailed, UserProcess
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report
from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.store import AgentStore, Transaction

UNREACHABLE = BrokerAddress("127.0.0.1", 1)
WINDOW = WindowSpec(size_count=5, every_count=5)


def configuration(*functions: str) -> Configuration:
    processing = tuple(ProcessingSpec(function=f"mine.py:{name}", window=WINDOW) for name in functions)
    return Configuration(
        stack="s",
        pipeline="p",
        agent="agent-0",
        services=(ServiceSpec(name="load"),),
        instances=(Instance(instance="load-0", topic="load", service="load"),),
        contracts=(AgentContract(name="c", lateness=1.0, objectives=(), processing=processing),),
    )


def inputs(reports: int) -> list[ObserverInput]:
    found = [ObserverInput(InputKind.RESUME, 999.0)]
    for number in range(reports):
        at = 1000.0 + number
        report = Report(client="load-0", boot="b", seq=number + 1, at=at, service="load", start=at, end=at)
        found.append(ObserverInput(InputKind.REPORT, at, "load-0", msgspec.json.encode(report)))
    return found


def observed(reports: int, *functions: str) -> Observer:
    """Returns an observer that has had some reports, and time to close their windows."""
    observer = Observer(configuration(*functions))
    for one in [*inputs(reports), ObserverInput(InputKind.TICK, 1100.0)]:
        assert apply_input(observer, one) == []
    return observer


class Gate:
    """Functions in place of processes: they answer how many calls they had, and wait while they are held."""

    def __init__(self) -> None:
        self.open, self.calls = threading.Event(), 0
        self.open.set()

    def call(self, process: UserProcess, _rows: bytes) -> dict[str, float]:
        self.calls += 1
        name = process._task.function.partition(":")[2]
        if name == "held":
            while not (self.open.wait(0.01) or process.ending.is_set()):
                pass
        if name == "broken" or process.ending.is_set():
            raise FunctionFailed("broken")
        return {"value": 1.0}


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Gate]:
    made = Gate()
    monkeypatch.setattr(UserProcess, "call", lambda process, rows: made.call(process, rows))
    yield made
    made.open.set()


def taken(calls: FunctionCalls, observer: Observer, count: int) -> list[Any]:
    """Returns the outcomes of so many answers, as they come."""
    outcomes: list[Any] = []
    answered = 0

    def is_done() -> bool:
        nonlocal answered
        batch = IntakeBatch(now=1101.0)
        calls.take(batch)
        for one, _ in batch.inputs:
            outcomes.extend(apply_input(observer, one))
            answered += 1
        calls.offer()
        return answered >= count

    calls.offer()
    assert until(is_done, 30)
    return outcomes


def test_a_function_that_takes_its_time_holds_up_no_other_and_each_keeps_its_order(gate: Gate) -> None:
    observer = observed(20, "held", "well")
    waiting = [call.number for call in observer.state.processors["c/1"].calls]
    assert len(waiting) >= 2
    gate.open.clear()
    calls = FunctionCalls(observer.processors)
    outcomes = taken(calls, observer, len(waiting))
    assert [(one.objective, one.number) for one in outcomes] == [("well.value", number) for number in waiting]
    gate.open.set()
    outcomes = taken(calls, observer, len(waiting))
    assert [(one.objective, one.number) for one in outcomes] == [("held.value", number) for number in waiting]
    calls.close()


def test_a_function_that_goes_on_failing_is_not_called_for_what_waited(gate: Gate) -> None:
    observer = observed(40, "broken")
    state = observer.state.processors["c/0"]
    assert len(state.calls) > 3
    calls = FunctionCalls(observer.processors)
    assert taken(calls, observer, 2) == []
    assert (state.calls, state.total_failures, gate.calls) == ([], 2, 2)
    calls.close()


def test_an_open_call_outlives_a_checkpoint_and_is_called_again(gate: Gate) -> None:
    observer = observed(20, "held")
    gate.open.clear()
    calls = FunctionCalls(observer.processors)
    calls.offer()
    assert until(lambda: gate.calls > 0, 30)
    again = Observer(observer.configuration, restored(checkpoint_of(observer.state).content, lambda _: {}))
    calls.close()
    assert again.state.processors["c/0"].calls == observer.state.processors["c/0"].calls
    gate.open.set()
    anew = FunctionCalls(again.processors)
    numbers = [call.number for call in again.state.processors["c/0"].calls]
    assert [one.number for one in taken(anew, again, len(numbers))] == numbers
    anew.close()


def test_a_replay_gives_the_answers_that_were_stored_and_calls_no_function(tmp_path: Path, gate: Gate) -> None:
    store = AgentStore(tmp_path)
    observer = observed(20, "well")
    calls, batch = FunctionCalls(observer.processors), IntakeBatch(now=1101.0)
    calls.offer()

    def is_done() -> bool:
        calls.take(batch)
        return len(batch.inputs) == len(observer.state.processors["c/0"].calls)

    assert until(is_done, 30)
    calls.close()
    made = gate.calls
    answers = [one for one, _ in batch.inputs]
    store.write(Transaction(inputs=[*inputs(20), ObserverInput(InputKind.TICK, 1100.0), *answers]))
    for _ in range(2):
        worker = Worker(observer.configuration, UNREACHABLE, tmp_path)
        assert worker._observer.state.processors["c/0"].calls == []
    found = [outcome for _, outcome in store.outcomes_after(0, 100)]
    assert [outcome.number for outcome in found if isinstance(outcome, Result)] == [1, 2, 3, 4][: len(answers)]
    assert gate.calls == made


def test_a_worker_goes_on_while_a_function_is_at_work(tmp_path: Path, gate: Gate) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=[*inputs(20), ObserverInput(InputKind.TICK, 1100.0)]))
    gate.open.clear()
    worker = Worker(configuration("held"), UNREACHABLE, tmp_path)
    thread = threading.Thread(target=worker.run)
    thread.start()
    heartbeat = tmp_path / "heartbeat"
    try:
        assert until(lambda: gate.calls > 0 and heartbeat.exists(), 30)
        before = heartbeat.stat().st_mtime_ns
        assert until(lambda: heartbeat.stat().st_mtime_ns > before, 30), "no heartbeat while the function is at work"
        assert gate.calls == 1
    finally:
        worker.stop()
        thread.join(30)
    assert not thread.is_alive()
