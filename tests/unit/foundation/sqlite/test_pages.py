"""The size of a database is that of the pages in use, not that of its file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from rohe_iac.foundation.sqlite.pages import pragma, used_bytes


def test_pages_that_were_freed_are_not_in_use(tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    database.execute("CREATE TABLE t (x BLOB)")
    before = used_bytes(database)
    database.execute("INSERT INTO t VALUES (zeroblob(100000))")
    full = used_bytes(database)
    assert full > before + 90_000
    database.execute("DELETE FROM t")
    assert used_bytes(database) < full - 90_000
    assert pragma(database, "page_count") * pragma(database, "page_size") == (tmp_path / "a.db").stat().st_size
    database.close()
