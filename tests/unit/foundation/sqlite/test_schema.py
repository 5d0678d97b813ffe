"""The schema of a database: created once, migrated whole, and refused with words where it is another's or later."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rohe_iac.foundation.sqlite.schema import Schema, WrongSchema

FIRST = Schema(noun="a ledger", version=1, marker="entries", tables="CREATE TABLE entries (n INTEGER);")
SECOND = Schema(
    noun="a ledger",
    version=2,
    marker="entries",
    tables="CREATE TABLE entries (n INTEGER, why TEXT);",
    migrations={0: "", 1: "ALTER TABLE entries ADD COLUMN why TEXT;"},
)


def connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def version(database: sqlite3.Connection) -> int:
    return int(database.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_a_new_database_has_the_version_and_can_shrink(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "x.db"
    database = connect(path)
    database.execute(f"PRAGMA journal_mode={mode}")
    FIRST.prepare(database, path)
    FIRST.prepare(database, path)
    assert version(database) == 1
    assert database.execute("PRAGMA auto_vacuum").fetchone() == (2,)


@pytest.mark.parametrize("has_version", [True, False])
def test_an_earlier_version_is_migrated_with_its_rows(tmp_path: Path, has_version: bool) -> None:
    path = tmp_path / "x.db"
    database = connect(path)
    database.executescript("CREATE TABLE entries (n INTEGER); INSERT INTO entries VALUES (7);")
    if has_version:
        database.execute("PRAGMA user_version=1")
    SECOND.prepare(database, path)
    assert version(database) == 2
    assert database.execute("SELECT n, why FROM entries").fetchall() == [(7, None)]


def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = connect(path)
    FIRST.prepare(database, path)
    broken = Schema(
        noun="a ledger",
        version=2,
        marker="entries",
        tables="",
        migrations={1: "ALTER TABLE entries ADD COLUMN why TEXT; INSERT INTO nowhere VALUES (1);"},
    )
    with pytest.raises(sqlite3.Error):
        broken.prepare(database, path)
    assert version(database) == 1
    assert len(database.execute("PRAGMA table_info(entries)").fetchall()) == 1


def test_a_later_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = connect(path)
    SECOND.prepare(database, path)
    for use in (FIRST.prepare, FIRST.check):
        with pytest.raises(WrongSchema) as refusal:
            use(database, path)
        assert refusal.value.brief == (
            f"{path} was written by a later version of rohe: its schema is 2, this version uses 1"
        )
        assert "move the file away" in refusal.value.hint
    assert version(database) == 2


def test_the_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = connect(path)
    database.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(WrongSchema, match="not a ledger of rohe"):
        FIRST.prepare(database, path)
    assert version(database) == 0
