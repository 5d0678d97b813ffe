"""Retention: what is deleted from an agent's database by age and by size, and how its file becomes smaller."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rohe_iac.foundation.sqlite.pages import pragma, used_bytes
from rohe_iac.sinks.sink_progress import SinkProgress

MAX_DEAD_LETTERS = 1000
"""Undecodable messages kept, the newest."""

MAX_DIGESTS = 2**18
"""Digests of reports without a number that are kept, the newest: some 12 MiB. What a broker delivers again it
has delivered a short while before; and by count a clock that is set has no effect."""

MAX_DELETED = 100
"""Rows that one statement deletes, at most, so that it takes a few milliseconds: of up to 64 kB each."""

MIN_FREE_BYTES = 8 * 2**20
"""Free bytes below which the file is not shrunk."""

SHRINK_BYTES = 2 * 2**20
"""Bytes that are given back at once."""

MAX_SHRINKS = 80
"""Times that pages are given back in one pruning, at most."""


def prune(
    database: sqlite3.Connection,
    before: float,
    max_bytes: int,
    seconds: float = math.inf,
    needed: Mapping[str, int] | None = None,
    sinks: Sequence[SinkProgress] = (),
) -> int:
    """Deletes old rows, and gives their space back; inputs after the last checkpoint always stay.

    Args:
        database: Database of an agent.
        before: Inputs older than this are deleted (seconds since the epoch).
        max_bytes: While the database is larger, inputs and then results are deleted too, oldest first.
        seconds: Time after which it stops; what is left is deleted by the next call.
        needed: Number of the first segment that the last checkpoint needs, by name; those before are deleted.
        sinks: How far each sink has come. What it is writing stays, and the results that it misses are counted.

    Returns:
        How many rows were deleted.

    Raises:
        sqlite3.Error: The database cannot be written.
    """
    row = database.execute("SELECT row FROM checkpoint").fetchone()
    last = int(row[0]) if row is not None else 0
    deleted, end = 0, time.monotonic() + seconds
    for name, number in (needed or {}).items():
        while batch := _delete(database, "segments", "name = ? AND number < ?", (name, number)):
            deleted += batch
            if time.monotonic() > end:
                return deleted
    while batch := _delete(database, "inputs", "row <= ? AND at < ?", (last, before)):
        deleted += batch
        if time.monotonic() > end:
            return deleted
    database.execute("DELETE FROM digests WHERE number <= (SELECT max(number) FROM digests) - ?", (MAX_DIGESTS,))
    database.execute("DELETE FROM dead WHERE row <= (SELECT max(row) FROM dead) - ?", (MAX_DEAD_LETTERS,))
    while used_bytes(database) > max_bytes and (batch := _delete(database, "inputs", "row <= ?", (last,))):
        deleted += batch
        if time.monotonic() > end:
            return deleted
    while used_bytes(database) > max_bytes and (batch := _delete_results(database, sinks)):
        deleted += batch
        if time.monotonic() > end:
            return deleted
    _give_space_back(database, end)
    return deleted


def _delete(database: sqlite3.Connection, table: str, bound: str, values: tuple[float | str, ...]) -> int:
    return database.execute(
        f"DELETE FROM {table} WHERE rowid IN"
        f" (SELECT rowid FROM {table} WHERE {bound} ORDER BY rowid LIMIT {MAX_DELETED})",
        values,
    ).rowcount


def _delete_results(database: sqlite3.Connection, sinks: Sequence[SinkProgress]) -> int:
    """Deletes the oldest results, except what a sink is writing, and counts for each sink what it misses of them."""
    # A sink that fails while it writes is given the same outcomes again: they are few, and answered soon.
    writing = [(sink.written, sink.given) for sink in sinks if sink.given > sink.written]
    bound = "".join(" AND NOT (row > ? AND row <= ?)" for _ in writing)
    query = f"SELECT row, contract FROM outcomes WHERE kind = 'result'{bound} ORDER BY row LIMIT {MAX_DELETED}"
    with database:
        database.execute("BEGIN IMMEDIATE")
        rows = database.execute(query, [row for rows in writing for row in rows]).fetchall()
        database.executemany("DELETE FROM outcomes WHERE row = ?", [(row,) for row, _ in rows])
        missed = [(f"missed:{sink.sink}", sum(sink.misses(row, contract) for row, contract in rows)) for sink in sinks]
        database.executemany(
            "INSERT INTO numbers VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
            [(name, number) for name, number in missed if number],
        )
    return len(rows)


def _give_space_back(database: sqlite3.Connection, end: float) -> None:
    """Shrinks the file where a quarter of it, or more, is free; a smaller part is used again by what comes next."""
    size = pragma(database, "page_size")
    for _ in range(MAX_SHRINKS):
        free = pragma(database, "freelist_count")
        if free * size < MIN_FREE_BYTES or free * 4 < pragma(database, "page_count"):
            break
        # Only a script is stepped to its end; `execute` would free a single page.
        database.executescript(f"PRAGMA incremental_vacuum({SHRINK_BYTES // size})")
        if pragma(database, "freelist_count") >= free:
            return  # a large database of an earlier version keeps the size of its file
        if time.monotonic() > end:
            return
    if _file_size(database) - pragma(database, "page_count") * size >= SHRINK_BYTES:
        # The file itself becomes smaller when the write-ahead log is merged, which without reports happens never.
        database.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _file_size(database: sqlite3.Connection) -> int:
    path = database.execute("SELECT file FROM pragma_database_list WHERE name = 'main'").fetchone()[0]
    return Path(path).stat().st_size if path else 0
