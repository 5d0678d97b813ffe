"""Store: an agent's database in SQLite (WAL), for exactly-once processing across crashes.

One transaction writes the inputs of the observer in order (`inputs`), its outcomes (`outcomes`) and the received
sequence numbers (`seen`). After a crash the inputs since the last checkpoint are replayed; they give the same outcomes
again, and an outcome is written once, by its key.
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.sqlite.full_disk import is_full_disk
from rohe_iac.foundation.sqlite.pages import pragma, used_bytes
from rohe_iac.foundation.sqlite.schema import Schema, WrongSchema
from rohe_iac.observation.checkpoint import Segment
from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.observer_input import ObserverInput
from rohe_iac.sinks.outcome_row import outcome_row
from rohe_iac.sinks.packing import packed, unpacked
from rohe_iac.sinks.retention import prune
from rohe_iac.sinks.sink_progress import SinkProgress

SEGMENTS = """
CREATE TABLE segments (name TEXT NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (name, number));
"""

SCHEMA = Schema(
    noun="a store",
    version=4,
    marker="inputs",
    tables=f"""
CREATE TABLE inputs (row INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, at REAL NOT NULL,
  client TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE seen (client TEXT NOT NULL, boot TEXT NOT NULL, ranges TEXT NOT NULL, PRIMARY KEY (client, boot));
CREATE TABLE digests (digest BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE outcomes (row INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL, contract TEXT NOT NULL, objective TEXT NOT NULL, at REAL NOT NULL, body BLOB NOT NULL);
CREATE INDEX outcomes_by_kind ON outcomes (kind, row);
CREATE TABLE dead (row INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, topic TEXT NOT NULL,
  why TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), row INTEGER NOT NULL,
  digest TEXT NOT NULL, state BLOB NOT NULL);
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
{SEGMENTS}""",
    # Without a version: tables of version 1, and another name of a counter. Version 2: no row is compressed.
    migrations={
        0: "UPDATE numbers SET name = 'misattributed' WHERE name = 'refused';",
        1: SEGMENTS,
        2: "ALTER TABLE digests RENAME COLUMN at TO number;",
        3: "UPDATE inputs SET kind = 'dead-letter' WHERE kind = 'refused';",
    },
)
"""Tables; `seen` has the received sequence numbers, `dead` the dead letters, `numbers` counters and for each sink its
cursor and what it missed, and `segments` the parts of the observer's state that do not change any more. `number` of
`digests` grows with each one; a time would have them all forgotten when a clock is set."""

PAGE_ROWS = 50
"""Rows of inputs that are read at once; one may have many reports."""

MAX_LOG_BYTES = 16 * 2**20
"""Size in bytes to which the write-ahead log is cut after it was longer."""

PAGE_BYTES = 1024
"""Size in bytes of a page of a new database. A transaction writes every page that it changes as a whole, and one of few
reports changes some ten pages: with pages of 4 kB it would write eighteen times what the reports have."""

MERGE_BYTES = 4 * 2**20
"""Size in bytes of the write-ahead log at which it is merged into the database."""

_OUTCOME = msgspec.json.Decoder(Outcome)


class StoreFailed(RoheError):
    """The store cannot be opened, read or written."""

    exit_code = ExitCode.UNREACHABLE


class StoreFull(StoreFailed):
    """The file system of the store has no room; nothing was written, and writing can be tried again."""


@dataclass
class Transaction:
    """Everything that one transaction of the store writes.

    Attributes:
        inputs: Inputs of the observer, in order.
        received: Sequence numbers received so far, by client and boot.
        forgotten: Clients and boots whose sequence numbers are no longer needed.
        digests: Digests of reports without a sequence number, in order of arrival.
        dead_letters: Messages that cannot be used: time of arrival, topic, reason, payload.
        outcomes: Outcomes of the inputs.
        counts: What to add to the store's counters, by name.
        segments: Parts of the observer's state that do not change any more.
    """

    inputs: list[ObserverInput] = field(default_factory=list)
    received: dict[tuple[str, str], SequenceSet] = field(default_factory=dict)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    dead_letters: list[tuple[float, str, str, bytes]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)


class AgentStore:
    """One agent's database; one writer, which `store_lock` chooses, and any number of readers.

    Attributes:
        path: File of the database.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        """Opens the database in `folder`, and creates it unless `read_only`.

        Raises:
            StoreFailed: The database cannot be opened.
        """
        self.path = folder / "agent.db"
        self._needed: dict[str, int] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = sqlite3.connect(
                f"{self.path.resolve().as_uri()}{'?mode=ro' if read_only else ''}",
                uri=True,
                timeout=5.0,
                isolation_level=None,
                check_same_thread=False,
            )
            if not read_only:
                self.path.chmod(0o600)
                self._database.execute(f"PRAGMA page_size={PAGE_BYTES}")
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")
                self._database.execute(f"PRAGMA journal_size_limit={MAX_LOG_BYTES}")
                SCHEMA.prepare(self._database, self.path)
                # A database of an earlier version keeps the size of its pages.
                pages = MERGE_BYTES // pragma(self._database, "page_size")
                self._database.execute(f"PRAGMA wal_autocheckpoint={pages}")
            else:
                SCHEMA.check(self._database, self.path)
        except WrongSchema as error:
            raise StoreFailed(error.brief, detail=error.detail, hint=error.hint) from error
        except (OSError, sqlite3.Error) as error:
            raise self._failure("opened", error) from error

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[Any]:
        """Returns all rows of a query as tuples.

        Raises:
            StoreFailed: The database cannot be read.
        """
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise self._failure("read", error) from error

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Has what is written meanwhile written as a whole, or not at all.

        Raises:
            StoreFailed: The database cannot be written.
        """
        try:
            self._database.execute("BEGIN IMMEDIATE")
            yield
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                self._database.execute("ROLLBACK")
            raise self._failure("written", error) from error

    def _failure(self, verb: str, error: Exception) -> StoreFailed:
        if is_full_disk(error, self.path):
            return StoreFull(
                f"no room on the file system of {self.path}",
                detail=f"the store cannot be {verb}: {error}",
                hint="make room there; `store.maxSize` of the stack bounds the store itself",
            )
        return StoreFailed(f"the store {self.path} cannot be {verb}", detail=str(error))

    def write(self, transaction: Transaction) -> int:
        """Writes all of the transaction or nothing.

        Returns:
            The row of the newest input.

        Raises:
            StoreFull: There is no room; the transaction can be written later.
            StoreFailed: The database cannot be written.
        """
        database = self._database
        with self._writing():
            database.executemany(
                "INSERT INTO inputs (kind, at, client, payload) VALUES (?, ?, ?, ?)",
                packed(
                    (observer_input.kind, observer_input.at, observer_input.client, observer_input.payload)
                    for observer_input in transaction.inputs
                ),
            )
            # A boot that was forgotten may have been heard again; and the one that was heard last comes last.
            database.executemany("DELETE FROM seen WHERE client = ? AND boot = ?", transaction.forgotten)
            database.executemany(
                "INSERT OR REPLACE INTO seen VALUES (?, ?, ?)",
                [
                    (client, boot, json.dumps(numbers.ranges))
                    for (client, boot), numbers in transaction.received.items()
                ],
            )
            if transaction.digests:
                newest = database.execute("SELECT coalesce(max(number), 0) FROM digests").fetchone()[0]
                database.executemany(
                    "INSERT OR IGNORE INTO digests (number, digest) VALUES (?, ?)",
                    list(enumerate(transaction.digests, start=int(newest) + 1)),
                )
            database.executemany(
                "INSERT INTO dead (at, topic, why, payload) VALUES (?, ?, ?, ?)", transaction.dead_letters
            )
            self._write_outcomes(transaction.outcomes)
            database.executemany(
                "INSERT INTO numbers VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
                list(transaction.counts.items()),
            )
            database.executemany(
                "INSERT OR REPLACE INTO segments VALUES (?, ?, ?)",
                [(segment.name, segment.number, segment.content) for segment in transaction.segments],
            )
            row = database.execute("SELECT coalesce(max(row), 0) FROM inputs").fetchone()[0]
        return int(row)

    def _write_outcomes(self, outcomes: list[Outcome]) -> None:
        self._database.executemany(
            "INSERT OR IGNORE INTO outcomes (key, kind, contract, objective, at, body) VALUES (?, ?, ?, ?, ?, ?)",
            [outcome_row(outcome) for outcome in outcomes],
        )

    def write_missing_outcomes(self, outcomes: list[Outcome]) -> None:
        """Writes the outcomes of a replayed input that are not in the store yet.

        Raises:
            StoreFailed: The database cannot be written.
        """
        self.write(Transaction(outcomes=outcomes))

    def received_numbers(self) -> dict[tuple[str, str], SequenceSet]:
        """Returns the sequence numbers that were received, by client and boot; what was written last comes last."""
        rows = self._read("SELECT client, boot, ranges FROM seen ORDER BY rowid")
        return {(client, boot): SequenceSet(json.loads(ranges)) for client, boot, ranges in rows}

    def has_digest(self, digest: bytes) -> bool:
        """Checks whether a message with this digest was received before."""
        return bool(self._read("SELECT 1 FROM digests WHERE digest = ?", (digest,)))

    def inputs_after(self, row: int) -> Iterator[tuple[int, ObserverInput]]:
        """Yields the inputs after `row` in order, with their rows, and keeps few of them in memory."""
        while True:
            # Read in pages, because an open cursor would keep the write-ahead log from being merged.
            query = f"SELECT row, kind, at, client, payload FROM inputs WHERE row > ? ORDER BY row LIMIT {PAGE_ROWS}"
            rows = self._read(query, (row,))
            for number, kind, at, client, payload in rows:
                for row_input in unpacked((kind, at, client, payload)):
                    yield number, ObserverInput(*row_input)
            if len(rows) < PAGE_ROWS:
                return
            row = rows[-1][0]

    def checkpoint(self) -> tuple[int, str, bytes] | None:
        """Returns the row, the configuration's digest and the state of the last checkpoint; None before the first."""
        rows = self._read("SELECT row, digest, state FROM checkpoint")
        return (int(rows[0][0]), str(rows[0][1]), bytes(rows[0][2])) if rows else None

    def segments(self, name: str) -> dict[int, bytes]:
        """Returns the segments of a name by number."""
        return dict(self._read("SELECT number, content FROM segments WHERE name = ?", (name,)))

    def write_checkpoint(self, row: int, digest: str, state: bytes, needed: Mapping[str, int] | None = None) -> None:
        """Replaces the checkpoint; pruning deletes the segments that it does not need.

        Args:
            row: Row of the last input that the state includes.
            digest: Digest of the configuration.
            state: State of the observer after that input, without the segments that were written.
            needed: Number of the first segment that the state needs, by name; None where it needs none at all, and
                all are deleted at once.

        Raises:
            StoreFailed: The database cannot be written.
        """
        with self._writing():
            self._database.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?)", (row, digest, state))
            if needed is None:
                self._database.execute("DELETE FROM segments")
        self._needed = dict(needed) if needed is not None else {}

    def prune(
        self, before: float, max_bytes: int, seconds: float = math.inf, sinks: Sequence[SinkProgress] = ()
    ) -> int:
        """Deletes old rows, and shrinks the file; inputs after the last checkpoint always stay.

        Args:
            before: Inputs older than this are deleted (seconds since the epoch).
            max_bytes: While the database is larger, inputs and then results are deleted too, oldest first.
            seconds: Time after which it stops; what is left is deleted by the next call.
            sinks: How far each sink has come; the results that it misses are counted.

        Returns:
            How many rows were deleted.
        """
        try:
            return prune(self._database, before, max_bytes, seconds, self._needed, sinks)
        except sqlite3.Error as error:
            raise self._failure("pruned", error) from error

    def used_bytes(self) -> int:
        """Returns the size in bytes of the database's pages that are in use."""
        try:
            return used_bytes(self._database)
        except sqlite3.Error as error:
            raise self._failure("read", error) from error

    def counters(self) -> dict[str, int]:
        """Returns the counters of the store by name, with `cursor:SINK` and `missed:SINK` of each sink."""
        return dict(self._read("SELECT name, value FROM numbers"))

    def cursor(self, sink: str) -> int:
        """Returns the row of the last outcome that the sink has written; 0 before the first."""
        return self.counters().get(f"cursor:{sink}", 0)

    def move_cursor(self, sink: str, row: int) -> None:
        """Records that the sink has written every outcome up to `row`.

        Raises:
            StoreFailed: The database cannot be written.
        """
        with self._writing():
            self._database.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (f"cursor:{sink}", row))

    def missed(self, sink: str) -> int:
        """Returns how many results were deleted before the sink had written them, since the store began."""
        return self.counters().get(f"missed:{sink}", 0)

    def outcomes_after(self, row: int, limit: int) -> list[tuple[int, Outcome]]:
        """Returns at most `limit` outcomes after `row` with their rows, in order."""
        rows = self._read("SELECT row, body FROM outcomes WHERE row > ? ORDER BY row LIMIT ?", (row, limit))
        return [(number, _OUTCOME.decode(body)) for number, body in rows]

    def newest_outcomes(self, kind: str, limit: int, after: int = 0) -> list[tuple[int, Outcome]]:
        """Returns the newest outcomes of a kind with their rows, oldest first.

        Args:
            kind: result, violation or action.
            limit: Largest number of outcomes to return.
            after: Only outcomes after this row are returned.
        """
        rows = self._read(
            "SELECT row, body FROM (SELECT row, body FROM outcomes WHERE kind = ? AND row > ?"
            " ORDER BY row DESC LIMIT ?) ORDER BY row",
            (kind, after, limit),
        )
        return [(number, _OUTCOME.decode(body)) for number, body in rows]

    def newest_dead_letters(self, limit: int) -> list[tuple[int, float, str, str, bytes]]:
        """Returns the newest dead letters, oldest first: row, time of arrival, topic, reason, payload."""
        query = "SELECT row, at, topic, why, payload FROM dead ORDER BY row DESC LIMIT ?"
        return self._read(query, (limit,))[::-1]

    def close(self) -> None:
        """Closes the database."""
        self._database.close()
