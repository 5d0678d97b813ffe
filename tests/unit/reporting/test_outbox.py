"""The outbox: bounded, in order, emptied by acknowledgements alone, and complete after a crash."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rohe_iac.reporting.outbox import MAX_LOG_PAGES, Outbox, OutboxUnusable
from rohe_iac.reporting.refusal import Refusal
from rohe_iac.reporting.write_buffer import WriteResult


def open_outbox(folder: Path, most_reports: int = 1000, most_bytes: int = 10**6) -> Outbox:
    return Outbox(folder, durability="normal", most_reports=most_reports, most_bytes=most_bytes)


def fill(outbox: Outbox, count: int, boot: str = "b") -> None:
    for _ in range(count):
        assert outbox.append(boot, [lambda seq: b"%d" % seq]) == WriteResult(1)


def waiting(outbox: Outbox) -> list[tuple[str, int]]:
    return [(entry.boot, entry.seq) for entry in outbox.entries_after(0, 10_000)]


def test_numbers_count_from_one_without_gaps_for_each_boot(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    fill(outbox, 2, "b1")
    fill(outbox, 2, "b2")
    assert waiting(outbox) == [("b1", 1), ("b1", 2), ("b2", 1), ("b2", 2)]


def test_what_was_accepted_is_there_after_the_process_died(tmp_path: Path) -> None:
    fill(open_outbox(tmp_path), 3)  # never closed, as after kill -9
    again = open_outbox(tmp_path)
    assert again.waiting == 3
    assert [entry.payload for entry in again.entries_after(0, 9)] == [b"1", b"2", b"3"]


def test_an_acknowledgement_leaves_its_holes(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    fill(outbox, 10)
    assert outbox.acknowledge("b", 8, [(2, 3), (6, 6)]) == 5
    assert [seq for _, seq in waiting(outbox)] == [2, 3, 6, 9, 10]


def test_an_acknowledgement_of_another_boot_empties_nothing(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    fill(outbox, 3)
    assert outbox.acknowledge("other", 99, []) == 0
    assert outbox.waiting == 3


def test_many_reports_are_forgotten_in_small_steps(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    fill(outbox, 950)
    assert outbox.acknowledge("b", 950, []) == 950
    assert outbox.waiting == 0


@pytest.mark.parametrize("bounds", [{"most_reports": 3}, {"most_bytes": 3}])
def test_a_full_outbox_refuses_and_takes_again_once_there_is_room(tmp_path: Path, bounds: dict[str, int]) -> None:
    outbox = open_outbox(tmp_path, **bounds)
    fill(outbox, 3)
    result = outbox.append("b", [lambda seq: b"x"])
    assert (result.written, result.refusal) == (0, Refusal.FULL)
    assert result.detail.startswith("the outbox is full: 3 reports")
    outbox.acknowledge("b", 1, [])
    fill(outbox, 1)
    assert [seq for _, seq in waiting(outbox)] == [2, 3, 4], "a refused report has no number"


def test_a_damaged_outbox_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "outbox.db").write_bytes(b"this is no database " * 100)
    outbox = open_outbox(tmp_path)
    fill(outbox, 1)
    assert len(list(tmp_path.glob("outbox-broken-*.db"))) == 1


def test_an_outbox_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutboxUnusable):
        open_outbox(tmp_path / "file" / "folder")


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    open_outbox(tmp_path / "new")
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "new" / "outbox.db").stat().st_mode & 0o777 == 0o600


def outbox_without_version(folder: Path) -> sqlite3.Connection:
    """Writes an outbox as the version of rohe did that kept no version of the schema."""
    database = sqlite3.connect(folder / "outbox.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(
        "CREATE TABLE waiting (row INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL, seq INTEGER NOT NULL,"
        " payload BLOB NOT NULL, UNIQUE (boot, seq))"
    )
    database.execute("INSERT INTO waiting (boot, seq, payload) VALUES ('before', 1, 'kept')")
    return database


def test_an_outbox_of_the_version_before_is_migrated_with_its_reports(tmp_path: Path) -> None:
    outbox_without_version(tmp_path).close()
    outbox = open_outbox(tmp_path)
    assert waiting(outbox) == [("before", 1)]
    fill(outbox, 1)
    database = sqlite3.connect(tmp_path / "outbox.db")
    assert database.execute("PRAGMA user_version").fetchone() == (2,)
    assert [entry.boot_number for entry in outbox.entries_after(0, 10)] == [1, 2]
    assert database.execute("PRAGMA auto_vacuum").fetchone() == (2,)


def test_an_outbox_of_a_later_version_is_refused_and_kept(tmp_path: Path) -> None:
    database = outbox_without_version(tmp_path)
    database.execute("PRAGMA user_version=9")
    with pytest.raises(
        OutboxUnusable, match="a later version of rohe: its schema is 9, this version uses 2"
    ) as refusal:
        open_outbox(tmp_path)
    assert "move the file away" in refusal.value.hint
    assert database.execute("SELECT count(*) FROM waiting").fetchone() == (1,)


def test_the_files_stay_bounded_and_shrink_again(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path, most_reports=100_000, most_bytes=10**9)
    log, sizes = tmp_path / "outbox.db-wal", []
    for _ in range(20):
        result = outbox.append("b", [lambda seq: b"x" * 2000] * 500)
        assert result == WriteResult(500)
        assert outbox.has_long_log
        outbox.checkpoint()
        sizes.append(log.stat().st_size)
    assert max(sizes) <= MAX_LOG_PAGES * 4200
    outbox.acknowledge("b", 10_000, [])
    for _ in range(15):
        outbox.checkpoint()
    outbox.close()
    assert (tmp_path / "outbox.db").stat().st_size < 4 * 2**20
