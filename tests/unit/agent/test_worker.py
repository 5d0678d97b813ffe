"""The worker without a broker: it recovers what a crash interrupted, and leaves a checkpoint when it ends."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import msgspec
import pytest

from rohe_iac.agent.intake import IntakeBatch
from rohe_iac.agent.worker import Worker
from rohe_iac.mqtt.address import BrokerAddress
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec, digest_of
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.outcome import Result
from rohe_iac.observation.observer_state import decode_state
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.store import AgentStore, ObserverInput, Transaction

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
    return ObserverInput("report", at, "load-0", msgspec.json.encode(content))


@pytest.fixture
def interrupted(tmp_path: Path) -> AgentStore:
    """A store with inputs whose outcomes a crash has prevented from being written."""
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=[ObserverInput("resume", 999.0), *(report(number) for number in range(20))]))
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


def test_a_checkpoint_of_another_configuration_is_not_used(interrupted: AgentStore) -> None:
    interrupted.write_checkpoint(21, "digest of another configuration", b"state")
    Worker(CONFIGURATION, UNREACHABLE, interrupted.path.parent)
    assert interrupted.outcomes_after(0, 100) == []


def test_what_is_forgotten_is_forgotten_by_the_store_too_when_nothing_arrives(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(received={("load-0", "b"): SequenceSet([[1, 3]])}))
    worker = Worker(CONFIGURATION, UNREACHABLE, tmp_path)
    worker._commit(IntakeBatch(transaction=Transaction(forgotten=[("load-0", "b")])))
    assert store.received_numbers() == {}
