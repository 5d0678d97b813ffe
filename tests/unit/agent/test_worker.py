"""The worker without a broker: it recovers what a crash interrupted, and leaves a checkpoint when it ends."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from rohe_iac.agent.intake.batch import IntakeBatch
from rohe_iac.agent.worker import Worker
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.mqtt.message import Incoming
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec, digest_of
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.judging.verdict import Verdict
from rohe_iac.observation.observer_state import decode_state
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.store import AgentStore, StoreFailed, Transaction

UNREACHABLE = BrokerAddress("127.0.0.1", 1)
CONFIGURATION = Configuration(
    stack="s",
    pipeline="p",
    agent="agent-0",
    services=(ServiceSpec(name="load"),),
    instances=(Instance(instance="load-0", topic="load", service="load"),),
    contracts=(
        AgentContract(
            name="c",
            lateness=1.0,
            objectives=(
                ObjectiveSpec(
                    name="fast", metric="response_time", scope=ScopeSpec(service="load"), aggregate="max",
                    operator="<=", low=1.0, high=1.0, window=WindowSpec(size_count=5, every_count=5), min_samples=1,
                    missing="freeze",
                ),
            ),
        ),
    ),
)  # fmt: skip


def report(number: int) -> ObserverInput:
    at = 1000.0 + number
    content = Report(client="load-0", boot="b", seq=number + 1, at=at, service="load", start=at - 0.5, end=at)
    return ObserverInput(InputKind.REPORT, at, "load-0", msgspec.json.encode(content))


@pytest.fixture
def interrupted(tmp_path: Path) -> AgentStore:
    """A store with inputs whose outcomes a crash has prevented from being written."""
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=[ObserverInput(InputKind.RESUME, 999.0), *(report(number) for number in range(20))]))
    return store


def test_the_outcomes_of_committed_inputs_are_written_once_after_a_crash(interrupted: AgentStore) -> None:
    for _ in range(2):
        Worker(CONFIGURATION, UNREACHABLE, interrupted.path.parent)
        outcomes = [outcome for _, outcome in interrupted.outcomes_after(0, 100)]
        assert [outcome.number for outcome in outcomes if isinstance(outcome, Result)] == [1, 2, 3]


def test_a_worker_that_ends_leaves_a_checkpoint_of_all_inputs(interrupted: AgentStore) -> None:
    worker = Worker(CONFIGURATION, UNREACHABLE, interrupted.path.parent)
    thread = threading.Thread(target=worker.run)
    thread.start()
    until = time.monotonic() + 10
    while sum(1 for _ in interrupted.inputs_after(21)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()
    inputs = [observer_input.kind for _, observer_input in interrupted.inputs_after(21)]
    assert inputs[:2] == ["pause", "tick"], "no connection is a pause, and time goes on"
    checkpoint = interrupted.checkpoint()
    assert checkpoint is not None
    row, digest, state = checkpoint
    assert (row, digest) == (21 + len(inputs), digest_of(CONFIGURATION))
    assert decode_state(state).counters.reports == 20


@pytest.mark.parametrize(("error", "of_message"), [(StoreFailed("the disk fails"), False), (ValueError("x"), True)])
def test_a_disk_that_fails_is_told_from_a_fault_that_a_message_may_have_caused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, of_message: bool
) -> None:
    stopping = threading.Event()
    worker = Worker(CONFIGURATION, UNREACHABLE, tmp_path, stopping)

    def fail(_transaction: Transaction) -> int:
        raise error

    monkeypatch.setattr(worker._store, "write", fail)
    with pytest.raises(type(error)):
        worker.run()
    assert stopping.is_set() is not of_message


def test_a_checkpoint_of_another_configuration_is_not_used(interrupted: AgentStore) -> None:
    interrupted.write_checkpoint(21, "digest of another configuration", b"state")
    Worker(CONFIGURATION, UNREACHABLE, interrupted.path.parent)
    assert interrupted.outcomes_after(0, 100) == []


def of_two(folder: Path) -> Worker:
    """The judging agent of two, of which the other one is to hear the instance."""
    instances = (msgspec.structs.replace(CONFIGURATION.instances[0], agent="agent-1"),)
    return Worker(msgspec.structs.replace(CONFIGURATION, instances=instances), UNREACHABLE, folder)


def test_a_turn_without_memory_for_messages_is_no_silence_of_other_agents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, listened = of_two(tmp_path), []
    assert worker._desk is not None
    process = worker._desk.process

    def noted(messages: list[Incoming], now: float, **how: bool) -> IntakeBatch:
        listened.append(how.get("listened", True))
        return process(messages, now, **how)

    monkeypatch.setattr(worker._desk, "process", noted)
    monkeypatch.setattr(worker._memory, "relieve", lambda *_: False)
    worker._process_batch()
    worker._process_batch()
    assert listened == [True, False]


def test_the_health_of_the_judging_agent_is_of_the_reporters_that_it_hears_now(tmp_path: Path) -> None:
    worker = of_two(tmp_path)
    assert worker._desk is not None
    worker._intake.clients["load-0"] = {"state": "online", "boot": "b", "accepted": 3}
    assert worker._status()["health"]["reporters"]["accepted"] == 0
    worker._desk.own = {"load-0"}  # as after the end of the other agent
    assert worker._status()["health"]["reporters"]["accepted"] == 3


def test_what_is_forgotten_is_forgotten_by_the_store_too_when_nothing_arrives(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(received={("load-0", "b"): SequenceSet([[1, 3]])}))
    worker = Worker(CONFIGURATION, UNREACHABLE, tmp_path)
    worker._commit(IntakeBatch(transaction=Transaction(forgotten=[("load-0", "b")])))
    assert store.received_numbers() == {}


class SetClock:
    """The module `time` as the worker sees it, with a clock that a test sets."""

    def __init__(self) -> None:
        self.now, self.seconds = 1_795_003_600.0, 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    clock = SetClock()
    monkeypatch.setattr("rohe_iac.agent.worker.time", clock)
    return clock


def turn(worker: Worker, clock: SetClock, monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[str]:
    """Returns the kinds of the inputs of a worker's turns in which nothing arrives."""
    monkeypatch.setattr(worker, "_receive", lambda: ([], []))
    before = worker._row
    for _ in range(round(seconds / 0.1)):
        clock.now, clock.seconds = clock.now + 0.1, clock.seconds + 0.1
        worker._process_batch()
    return [observer_input.kind for _, observer_input in worker._store.inputs_after(before)]


def test_time_goes_on_after_the_clock_was_set_back(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(CONFIGURATION, UNREACHABLE, tmp_path)
    usual = turn(worker, clock, monkeypatch, 10.0)[1:]
    watermark = worker._observer.state.watermark
    clock.now -= 3600.0
    assert turn(worker, clock, monkeypatch, 10.0) == ["stall", *usual]
    assert clock.now - 1.0 < watermark.now <= clock.now
    assert 20.0 < watermark.now - watermark.paused_at + 1.0 < 22.0, "a pause is as long as it was"
    # The clock may be set back while the agent is away, too.
    clock.now -= 3600.0
    worker = Worker(CONFIGURATION, UNREACHABLE, tmp_path)
    assert turn(worker, clock, monkeypatch, 1.0)[:2] == ["pause", "stall"]
    assert worker._observer.state.watermark.now <= clock.now


def test_sinks_and_orders_are_tried_again_by_the_time_that_passes(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(CONFIGURATION, UNREACHABLE, tmp_path)
    times: list[float] = []
    sink = SimpleNamespace(forward=times.append, waits=True, last_error="")
    monkeypatch.setattr(worker._forwarders, "each", [sink])
    monkeypatch.setattr(worker._orders, "send", times.append)
    monkeypatch.setattr(type(worker._transport.connection), "up", True)
    clock.now += 74 * 365 * 86400.0
    turn(worker, clock, monkeypatch, 0.1)
    clock.now -= 74 * 365 * 86400.0
    turn(worker, clock, monkeypatch, 0.1)
    assert times == pytest.approx([1000.1, 1000.1, 1000.2, 1000.2])


def test_results_that_the_store_deletes_before_a_sink_takes_them_are_said(tmp_path: Path) -> None:
    (tmp_path / "lines").write_text("no folder")
    name = f"jsonl:{tmp_path / 'lines'}"
    contract = msgspec.structs.replace(CONFIGURATION.contracts[0], sinks=({"jsonl": str(tmp_path / "lines")},))
    worker = Worker(
        msgspec.structs.replace(CONFIGURATION, contracts=(contract,), max_size=0), UNREACHABLE, tmp_path / "store"
    )
    results = [
        Result(contract="c", objective="fast", start=0.0, end=float(number), value=0.5, count=5, number=number,
               window=Verdict.KEPT, verdict=Verdict.KEPT)
        for number in range(1, 13)
    ]  # fmt: skip
    worker._store.write(Transaction(outcomes=results))
    worker._forwarders.forward(1.0, fresh=True)
    worker._prune()
    status = worker._status()
    why = f"cannot write to {tmp_path / 'lines'}: File exists"
    assert status["sinks"] == [
        {"name": "mqtt", "failures": 0, "why": "", "missed": 0},
        {"name": name, "failures": 1, "why": why, "missed": 12},
    ]
    assert status["health"]["sinks"] == [
        {"name": "mqtt", "failures": 0, "missed": 0},
        {"name": name, "failures": 1, "missed": 12},
    ]
