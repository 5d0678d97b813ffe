"""Pages: how much of a SQLite database is in use (https://sqlite.org/pragma.html)."""

from __future__ import annotations

import sqlite3


def pragma(database: sqlite3.Connection, name: str) -> int:
    """Returns the number that a pragma gives."""
    return int(database.execute(f"PRAGMA {name}").fetchone()[0])


def used_bytes(database: sqlite3.Connection) -> int:
    """Returns the size in bytes of the database's pages that are in use."""
    pages = pragma(database, "page_count") - pragma(database, "freelist_count")
    return pages * pragma(database, "page_size")
