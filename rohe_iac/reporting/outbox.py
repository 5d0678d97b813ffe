"""Outbox: a queue on disk of the reports that were accepted and are not yet acknowledged by an agent."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.foundation.errors import RoheError
from rohe_iac.foundation.sqlite.schema import Schema, WrongSchema
from rohe_iac.reporting.settings import Durability

LOG = logging.getLogger("rohe.reporting")

LOCK_TIMEOUT = 0.03
"""Longest wait for another thread's write, in seconds; with the write itself a report stays under 50 ms."""

DELETE_BATCH = 200
"""Rows of one delete, so that no report waits long behind it."""

SCHEMA = Schema(
    noun="an outbox",
    version=1,
    marker="waiting",
    tables="""
CREATE TABLE waiting (row INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL,
  seq INTEGER NOT NULL, payload BLOB NOT NULL, UNIQUE (boot, seq));
""",
    # The databases without a version have the table of version 1.
    migrations={0: ""},
)
"""The one table of an outbox."""


class OutboxUnusable(RoheError):
    """The outbox can be neither opened nor created."""


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One waiting report.

    Attributes:
        row: Position in the order of acceptance over all boots.
        boot: Boot that accepted the report.
        seq: Sequence number within the boot.
        payload: The report.
    """

    row: int
    boot: str
    seq: int
    payload: bytes


class Outbox:
    """A bounded queue in SQLite (WAL); thread-safe, and written by one process at a time."""

    def __init__(self, folder: Path, *, durability: Durability, most_reports: int, most_bytes: int) -> None:
        """Opens the outbox in `folder`, or creates it.

        Args:
            folder: Folder of the database.
            durability: `normal` survives the death of any process, `full` a power loss too.
            most_reports: Largest number of waiting reports.
            most_bytes: Largest size of the waiting reports in bytes.

        Raises:
            OutboxUnusable: The outbox can be neither opened nor created.
        """
        self._path = folder / "outbox.db"
        self._full = durability == "full"
        self._most_reports, self._most_bytes = most_reports, most_bytes
        self._lock = threading.Lock()
        self._last_seq: dict[str, int] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = self._open()
        except WrongSchema as error:
            raise OutboxUnusable(error.brief, detail=error.detail, hint=error.hint) from error
        except (OSError, sqlite3.Error) as error:
            raise OutboxUnusable(f"the outbox {self._path} cannot be used", detail=str(error)) from error
        self._count_waiting()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            # The file is no longer a database: it is kept aside for inspection, and a fresh one is created.
            aside = self._path.with_name(f"outbox-broken-{int(time.time())}.db")
            LOG.error("the outbox %s is damaged (%s); put aside as %s", self._path, error, aside.name)
            self._path.rename(aside)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return self._connect()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=LOCK_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            self._path.chmod(0o600)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(f"PRAGMA synchronous={'FULL' if self._full else 'NORMAL'}")
            # A checkpoint writes and fsyncs the whole log, so the sender's thread does it, never the service's.
            database.execute("PRAGMA wal_autocheckpoint=0")
            SCHEMA.prepare(database, self._path)
        except (sqlite3.Error, WrongSchema):
            database.close()
            raise
        return database

    def _count_waiting(self) -> None:
        row = self._database.execute("SELECT count(*), coalesce(sum(length(payload)), 0) FROM waiting").fetchone()
        self._reports, self._bytes = int(row[0]), int(row[1])

    @property
    def waiting(self) -> int:
        """Returns how many reports wait for an acknowledgement."""
        return self._reports

    def append(self, boot: str, encode: Callable[[int], bytes]) -> bool:
        """Adds a report.

        Args:
            boot: Boot that accepts the report; sequence numbers of a boot count from 1 without gaps.
            encode: Returns the report with its sequence number.

        Returns:
            Whether the report is in the outbox; False where it is full, locked for too long, or failing.
        """
        if not self._lock.acquire(timeout=LOCK_TIMEOUT):
            return False
        try:
            seq = self._last_seq.get(boot, 0) + 1
            payload = encode(seq)
            if self._reports >= self._most_reports or self._bytes + len(payload) > self._most_bytes:
                return False
            self._database.execute("INSERT INTO waiting (boot, seq, payload) VALUES (?, ?, ?)", (boot, seq, payload))
            self._last_seq[boot] = seq
            self._reports += 1
            self._bytes += len(payload)
        except sqlite3.Error as error:
            LOG.warning("the outbox refused a report: %s", error)
            return False
        finally:
            self._lock.release()
        return True

    def entries_after(self, row: int, limit: int) -> list[OutboxEntry]:
        """Returns at most `limit` entries accepted after `row`, oldest first."""
        with self._lock:
            rows = self._database.execute(
                "SELECT row, boot, seq, payload FROM waiting WHERE row > ? ORDER BY row LIMIT ?", (row, limit)
            ).fetchall()
        return [OutboxEntry(*values) for values in rows]

    def count_up_to(self, row: int) -> int:
        """Returns how many reports up to `row` wait."""
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM waiting WHERE row <= ?", (row,)).fetchone()[0])

    def has_up_to(self, boot: str, seq: int) -> bool:
        """Checks whether a report of the boot up to that sequence number waits."""
        with self._lock:
            rows = self._database.execute("SELECT 1 FROM waiting WHERE boot = ? AND seq <= ? LIMIT 1", (boot, seq))
            return rows.fetchone() is not None

    def acknowledge(self, boot: str, up_to_seq: int, holes: Sequence[tuple[int, int]]) -> int:
        """Deletes the acknowledged reports of a boot.

        Args:
            boot: Boot of the reports.
            up_to_seq: Newest sequence number that is acknowledged.
            holes: Inclusive ranges of sequence numbers that are not.

        Returns:
            How many reports were deleted.
        """
        deleted, first = 0, 1
        for low, high in [*sorted(holes), (up_to_seq + 1, up_to_seq + 1)]:
            if first <= low - 1:
                deleted += self._delete(boot, first, min(low - 1, up_to_seq))
            first = max(first, high + 1)
        return deleted

    def _delete(self, boot: str, first: int, last: int) -> int:
        deleted = 0
        while True:
            with self._lock:
                rows = self._database.execute(
                    "DELETE FROM waiting WHERE row IN (SELECT row FROM waiting WHERE boot = ? AND seq BETWEEN ? AND ?"
                    " LIMIT ?) RETURNING length(payload)",
                    (boot, first, last, DELETE_BATCH),
                ).fetchall()
                self._reports -= len(rows)
                self._bytes -= sum(row[0] for row in rows)
            deleted += len(rows)
            if len(rows) < DELETE_BATCH:
                return deleted

    def checkpoint(self) -> None:
        """Moves the write-ahead log into the database, on a connection of its own that blocks no writer."""
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self._path, timeout=0)) as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Closes the database; waiting reports stay in it."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._database.close()
