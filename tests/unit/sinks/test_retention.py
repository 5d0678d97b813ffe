"""Retention: a store stays within its bounds, and gives the space of deleted rows back to the file system."""

from __future__ import annotations

import random
from pathlib import Path

from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.packing import DEFLATED_BYTES
from rohe_iac.sinks.retention import MAX_DELETED
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
