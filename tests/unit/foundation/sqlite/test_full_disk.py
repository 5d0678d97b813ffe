"""A full disk is told apart from other errors of a database."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from rohe_iac.foundation.sqlite.full_disk import is_full_disk


def test_a_database_that_may_not_grow_is_full(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("CREATE TABLE t (b BLOB)")
    database.execute("PRAGMA max_page_count=4")
    with pytest.raises(sqlite3.Error) as caught:
        database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    assert is_full_disk(caught.value, path)


def test_other_errors_are_not(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with pytest.raises(sqlite3.Error) as caught:
        sqlite3.connect(path).execute("SELECT * FROM nowhere")
    assert not is_full_disk(caught.value, path)
    assert not is_full_disk(None, path)
    assert not is_full_disk(OSError(errno.EACCES, "no"), path)
    assert is_full_disk(OSError(errno.ENOSPC, "full"), path)
