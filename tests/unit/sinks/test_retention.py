"""Retention: a store stays within its bounds, and gives the space of deleted rows back to the file system."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from result_samples import result

from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.packing import DEFLATED_BYTES
from rohe_iac.sinks.retention import MAX_DELETED
from rohe_iac.sinks.sink_progress import SinkProgress
from rohe_iac.sinks.store import AgentStore, Transaction

REPORTS = 1500
PAYLOAD = random.Random(1).randbytes(DEFLATED_BYTES.stop)
"""Content of a row of its own, which is not compressed."""

STEP = 250


def fill(store: AgentStore, count: int) -> None:
    for _ in range(0, count, STEP):
        inputs = [ObserverInput(InputKind.REPORT, number / STEP, "c-0", PAYLOAD) for number in range(STEP)]
        row = store.write(Transaction(inputs=inputs))
    store.write_checkpoint(row, "digest", b"state")


def test_more_rows_than_one_statement_deletes_are_deleted_at_once(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    fill(store, REPORTS)
    assert store.prune(before=2.0, max_bytes=10**9) == REPORTS > 3 * MAX_DELETED


def test_a_store_above_its_size_shrinks_to_it_with_its_file(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    fill(store, REPORTS)
    before = store.path.stat().st_size
    store.prune(before=0.0, max_bytes=8 * 2**20)
    assert store.used_bytes() <= 8 * 2**20
    store.close()
    assert store.path.stat().st_size < before / 2


def test_a_pruning_that_is_to_stop_goes_on_with_the_next(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    fill(store, REPORTS)
    calls = 0
    while store.prune(before=2.0, max_bytes=10**9, seconds=0.0):
        calls += 1
    assert calls >= REPORTS / MAX_DELETED
    assert list(store.inputs_after(0)) == []


RESULTS = 2 * MAX_DELETED + 50


def progress(sink: str, written: int, given: int = 0, contracts: frozenset[str] | None = None) -> SinkProgress:
    return SinkProgress(sink=sink, written=written, given=max(given, written), contracts=contracts)


@pytest.fixture
def store(tmp_path: Path) -> AgentStore:
    """A store with results of two contracts by turns, in rows from 1 on."""
    store = AgentStore(tmp_path)
    store.write(Transaction(outcomes=[result(number, "ab"[number % 2]) for number in range(RESULTS)]))
    return store


def test_each_sink_has_the_results_counted_that_are_deleted_before_it_has_written_them(store: AgentStore) -> None:
    sinks = [
        progress("all", RESULTS),
        progress("none", 0),
        progress("some", MAX_DELETED),
        progress("of a", 0, contracts=frozenset("a")),
        progress("of no contract", 0, contracts=frozenset()),
    ]
    assert store.prune(before=0.0, max_bytes=0, sinks=sinks) == RESULTS
    missed = {sink.sink: AgentStore(store.path.parent).missed(sink.sink) for sink in sinks}
    assert missed == {
        "all": 0,
        "none": RESULTS,
        "some": RESULTS - MAX_DELETED,
        "of a": RESULTS // 2,
        "of no contract": 0,
    }


def test_what_a_sink_is_writing_stays_and_is_not_missed(store: AgentStore) -> None:
    writing = progress("slow", written=10, given=30)
    assert store.prune(before=0.0, max_bytes=0, sinks=[writing]) == RESULTS - 20
    assert [row for row, _ in store.outcomes_after(0, RESULTS)] == list(range(11, 31))
    assert store.missed("slow") == RESULTS - 30
    assert store.prune(before=0.0, max_bytes=0, sinks=[progress("slow", written=30)]) == 20
    assert store.missed("slow") == RESULTS - 30


def test_a_pruning_that_stops_counts_what_it_has_deleted(store: AgentStore) -> None:
    while deleted := store.prune(before=0.0, max_bytes=0, seconds=-1.0, sinks=[progress("away", 0)]):
        assert deleted <= MAX_DELETED
        assert store.missed("away") + len(store.outcomes_after(0, RESULTS)) == RESULTS
    assert store.missed("away") == RESULTS
