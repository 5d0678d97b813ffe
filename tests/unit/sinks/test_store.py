"""The store: all of a transaction or nothing, each outcome once, raw reports deleted first."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from result_samples import result

from rohe_iac.foundation.errors import ExitCode
from rohe_iac.observation.checkpoint import Segment
from rohe_iac.observation.judging.outcome import CorrectiveAction
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.observer_input import InputKind, ObserverInput
from rohe_iac.sinks.store import AgentStore, StoreFailed, Transaction


def inputs(count: int, size: int = 10) -> list[ObserverInput]:
    return [
        ObserverInput(InputKind.REPORT, float(number), "c-0", random.Random(size).randbytes(size))
        for number in range(count)
    ]


def test_what_was_written_is_there_for_the_next_process(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    numbers = SequenceSet()
    for number in (1, 2, 5):
        numbers.add(number)
    row = store.write(
        Transaction(inputs=inputs(3), received={("c-0", "b"): numbers}, outcomes=[result(1)], counts={"reports": 3})
    )
    again = AgentStore(tmp_path)
    assert [number for number, _ in again.inputs_after(0)] == [1, 2, row]
    assert again.received_numbers()["c-0", "b"].acknowledgement() == (5, [[3, 4]])
    assert again.counters() == {"reports": 3}
    assert [outcome for _, outcome in again.outcomes_after(0, 10)] == [result(1)]


def test_an_outcome_that_comes_again_is_written_once(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    action = CorrectiveAction(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0)
    ended = CorrectiveAction(id="a", kind="degrade", violation="v", contract="c", objective="o", begun=1.0, ended=2.0)
    for _ in range(3):
        store.write_missing_outcomes([result(1), result(2), action, ended])
    assert len(store.outcomes_after(0, 100)) == 4
    assert [outcome for _, outcome in store.newest_outcomes("action", 10)] == [action, ended]


def test_a_checkpoint_is_the_newest_one(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    assert store.checkpoint() is None
    store.write_checkpoint(3, "digest", b"old")
    store.write_checkpoint(7, "digest", b"new")
    assert store.checkpoint() == (7, "digest", b"new")


def test_inputs_after_the_checkpoint_are_never_dropped(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=inputs(10)))
    store.write_checkpoint(6, "digest", b"state")
    assert store.prune(before=99.0, max_bytes=10**9) == 6
    assert [row for row, _ in store.inputs_after(0)] == [7, 8, 9, 10]


def test_a_store_that_is_too_large_drops_raw_reports_first(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=inputs(500, size=2000), outcomes=[result(number) for number in range(50)]))
    store.write_checkpoint(500, "digest", b"state")
    store.prune(before=0.0, max_bytes=500_000)
    assert store.used_bytes() <= 500_000
    assert 0 < len(list(store.inputs_after(0))) < 250, "the newest stay"
    assert len(store.outcomes_after(0, 100)) == 50


def test_a_store_that_cannot_be_opened_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailed):
        AgentStore(tmp_path / "file")


def store_without_version(folder: Path) -> sqlite3.Connection:
    """Writes a store as the version of rohe did that kept no version of the schema."""
    AgentStore(folder).close()
    database = sqlite3.connect(folder / "agent.db", isolation_level=None)
    database.execute("PRAGMA user_version=0")
    database.execute("DROP TABLE segments")
    database.execute("ALTER TABLE digests RENAME COLUMN number TO at")
    database.execute("INSERT INTO digests (digest, at) VALUES (x'01', 7.0)")
    database.execute("INSERT INTO inputs (kind, at, client, payload) VALUES ('tick', 1.0, '', '')")
    database.execute("INSERT INTO inputs (kind, at, client, payload) VALUES ('refused', 2.0, 'c-0', '')")
    database.execute("INSERT INTO numbers VALUES ('refused', 3)")
    return database


def test_a_store_of_the_version_before_is_migrated_with_its_inputs_and_counters(tmp_path: Path) -> None:
    database = store_without_version(tmp_path)
    with pytest.raises(StoreFailed, match="an earlier version of rohe"):
        AgentStore(tmp_path, read_only=True)
    migrated = [(row, found.kind) for row, found in AgentStore(tmp_path).inputs_after(0)]
    assert migrated == [(1, InputKind.TICK), (2, InputKind.DEAD_LETTER)]
    assert database.execute("SELECT number FROM digests").fetchall() == [(7,)]
    assert database.execute("PRAGMA user_version").fetchone() == (4,)
    assert AgentStore(tmp_path, read_only=True).counters() == {"misattributed": 3}


def test_a_store_of_a_later_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    store_without_version(tmp_path).execute("PRAGMA user_version=9")
    with pytest.raises(StoreFailed, match="a later version of rohe: its schema is 9, this version uses 4") as refusal:
        AgentStore(tmp_path)
    assert "run the version of rohe that wrote it" in refusal.value.hint


def test_segments_stay_as_long_as_a_checkpoint_needs_them(tmp_path: Path) -> None:
    store = AgentStore(tmp_path)
    segments = [Segment(name, number, b"x") for name in ("a", "b") for number in range(0, 1024, 512)]
    store.write(Transaction(segments=[*segments, Segment("a", 512, b"again")]))
    store.write_checkpoint(1, "digest", b"state", {"a": 512, "b": 0})
    assert store.prune(before=0.0, max_bytes=10**9) == 1
    assert store.segments("a") == {512: b"again"}
    assert store.segments("b") == {0: b"x", 512: b"x"}
    store.write_checkpoint(2, "digest", b"anew")
    assert store.segments("b") == {}


READS: dict[str, Callable[[AgentStore], object]] = {
    "has_digest": lambda store: store.has_digest(b"x"),
    "outcomes_after": lambda store: store.outcomes_after(0, 1),
    "newest_outcomes": lambda store: store.newest_outcomes("result", 1),
    "counters": lambda store: store.counters(),
    "cursor": lambda store: store.cursor("mqtt"),
    "inputs_after": lambda store: list(store.inputs_after(0)),
    "checkpoint": lambda store: store.checkpoint(),
    "segments": lambda store: store.segments("a"),
    "received_numbers": lambda store: store.received_numbers(),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_disk_that_cannot_be_read_is_a_failure_of_the_store(
    tmp_path: Path, read: Callable[[AgentStore], object]
) -> None:
    store = AgentStore(tmp_path)
    store.write(Transaction(inputs=inputs(200, 2000), outcomes=[result(number) for number in range(200)]))
    store.close()
    store = AgentStore(tmp_path)
    with store.path.open("r+b") as file:
        file.write(b"\xff" * store.path.stat().st_size)
    with pytest.raises(StoreFailed, match="cannot be read") as failure:
        read(store)
    assert failure.value.exit_code == ExitCode.UNREACHABLE
    store.close()
    with pytest.raises(StoreFailed, match="cannot be read"):
        store.used_bytes()
