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
from rohe_iac.foundation.sqlite.full_disk import is_full_disk
from rohe_iac.foundation.sqlite.schema import Schema, WrongSchema
from rohe_iac.reporting.refusal import Refusal
from rohe_iac.reporting.settings import MAX_LOG_BYTES, Durability
from rohe_iac.reporting.write_buffer import WriteResult

LOG = logging.getLogger("rohe.reporting")

BUSY_TIMEOUT = 0.03
"""Seconds to wait for another process that writes the outbox, before the write is tried again."""

MERGE_REPORTS = 500
"""Reports after which the write-ahead log is merged into the database, if that has not happened for other reasons."""

MAX_LOG_PAGES = MAX_LOG_BYTES // 4096
"""Pages of the write-ahead log at which the next write merges the log itself, and waits for the disk."""

FREED_PAGES = 500
"""Free pages of the database (2 MiB) that are given back to the file system at once, at most."""

CLOSE_PATIENCE = 0.2
"""Seconds for which the end of a service waits for a read or a write that is under way, each, at most."""

Encode = Callable[[int], bytes]
"""Returns a report with its sequence number."""

DELETE_BATCH = 200
"""Rows of one delete, so that no report waits long behind it."""

BOOTS = """
CREATE TABLE boots (number INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL UNIQUE);
"""

SCHEMA = Schema(
    noun="an outbox",
    version=2,
    marker="waiting",
    tables=f"""
CREATE TABLE waiting (row INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL,
  seq INTEGER NOT NULL, payload BLOB NOT NULL, UNIQUE (boot, seq));
{BOOTS}
""",
    # The databases without a version have the table of version 1.
    migrations={
        0: "",
        1: f"{BOOTS} INSERT INTO boots (boot) SELECT boot FROM waiting GROUP BY boot ORDER BY min(row);",
    },
)
"""Tables; `boots` numbers the boots in the order in which each accepted its first report. A number is never given
again, so that numbers tell how many boots have come after one, also when all their reports are acknowledged."""


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
        boot_number: Place of the boot among all boots that the outbox has ever had reports of.
    """

    row: int
    boot: str
    seq: int
    payload: bytes
    boot_number: int


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
        self._unmerged = 0
        self._reading = threading.Lock()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = self._open()
            # Reads have a connection of their own, so that they never wait for a write that waits for the disk.
            self._reader = sqlite3.connect(
                self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
            )
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
        database = sqlite3.connect(self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
        try:
            self._path.chmod(0o600)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(f"PRAGMA synchronous={'FULL' if self._full else 'NORMAL'}")
            # A checkpoint writes and fsyncs the whole log, so the sender's thread does it on a connection of its own;
            # this one does it only where the log grows faster than that, because the log is bounded.
            database.execute(f"PRAGMA wal_autocheckpoint={MAX_LOG_PAGES}")
            database.execute(f"PRAGMA journal_size_limit={MAX_LOG_BYTES}")
            SCHEMA.prepare(database, self._path)
            # The newest stays: a process that runs may report under it again.
            database.execute(
                "DELETE FROM boots WHERE boot NOT IN (SELECT boot FROM waiting)"
                " AND number < (SELECT max(number) FROM boots)"
            )
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

    def append(self, boot: str, reports: Sequence[Encode]) -> WriteResult:
        """Adds reports in one transaction; those that are refused get no sequence number.

        Args:
            boot: Boot that accepts the reports; sequence numbers of a boot count from 1 without gaps.
            reports: Functions that return a report with its sequence number.
        """
        with self._lock:
            seq, count, size = self._last_seq.get(boot, 0), 0, 0
            result = WriteResult(len(reports))
            rows = []
            for encode in reports:
                payload = encode(seq + count + 1)
                if self._reports + count >= self._most_reports or self._bytes + size + len(payload) > self._most_bytes:
                    result = WriteResult(count, Refusal.FULL, self._fullness())
                    break
                count, size = count + 1, size + len(payload)
                rows.append((boot, seq + count, payload))
            try:
                if boot not in self._last_seq:
                    self._database.execute("INSERT OR IGNORE INTO boots (boot) VALUES (?)", (boot,))
                self._insert(rows)
            except sqlite3.Error as error:
                return self._failure(error)
            self._last_seq[boot] = seq + count
            self._reports += count
            self._bytes += size
            self._unmerged += count
        return result

    def _insert(self, rows: Sequence[tuple[str, int, bytes]]) -> None:
        insert = "INSERT INTO waiting (boot, seq, payload) VALUES (?, ?, ?)"
        if len(rows) == 1:
            self._database.execute(insert, rows[0])
        elif rows:
            self._database.execute("BEGIN IMMEDIATE")
            try:
                self._database.executemany(insert, rows)
                self._database.execute("COMMIT")
            except sqlite3.Error:
                with contextlib.suppress(sqlite3.Error):
                    self._database.execute("ROLLBACK")
                raise

    def _fullness(self) -> str:
        return (
            f"the outbox is full: {self._reports:,} reports ({self._bytes / 2**20:.1f} MiB)"
            " wait for an agent to acknowledge them"
        )

    def _failure(self, error: sqlite3.Error) -> WriteResult:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return WriteResult(0)
        if is_full_disk(error, self._path):
            return WriteResult(0, Refusal.NO_ROOM, f"no room on the file system of {self._path}")
        return WriteResult(0, Refusal.FAILED, f"the outbox {self._path} cannot be written: {error}")

    def entries_after(self, row: int, limit: int) -> list[OutboxEntry]:
        """Returns at most `limit` entries accepted after `row`, oldest first."""
        with self._reading:
            rows = self._reader.execute(
                "SELECT row, boot, seq, payload, coalesce(number, 0) FROM waiting LEFT JOIN boots USING (boot)"
                " WHERE row > ? ORDER BY row LIMIT ?",
                (row, limit),
            ).fetchall()
        return [OutboxEntry(*values) for values in rows]

    def count_up_to(self, row: int) -> int:
        """Returns how many reports up to `row` wait."""
        with self._reading:
            return int(self._reader.execute("SELECT count(*) FROM waiting WHERE row <= ?", (row,)).fetchone()[0])

    def has_up_to(self, boot: str, seq: int) -> bool:
        """Checks whether a report of the boot up to that sequence number waits."""
        with self._reading:
            rows = self._reader.execute("SELECT 1 FROM waiting WHERE boot = ? AND seq <= ? LIMIT 1", (boot, seq))
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

    @property
    def has_long_log(self) -> bool:
        """Checks whether so many reports were written since the last checkpoint that the next one is due."""
        return self._unmerged >= MERGE_REPORTS

    def checkpoint(self) -> None:
        """Merges the write-ahead log into the database, and gives space back that acknowledged reports have freed.

        The log is merged on a connection of its own, which blocks no writer.
        """
        self._unmerged = 0
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self._path, timeout=0)) as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")
        with self._lock, contextlib.suppress(sqlite3.Error):
            free = int(self._database.execute("PRAGMA freelist_count").fetchone()[0])
            if free > FREED_PAGES:
                # Only a script is stepped to its end; `execute` would free a single page.
                self._database.executescript(f"PRAGMA incremental_vacuum({FREED_PAGES})")

    def close(self) -> None:
        """Closes the database, but not where a disk that does not answer keeps it; waiting reports stay in it."""
        for lock, database in ((self._reading, self._reader), (self._lock, self._database)):
            if lock.acquire(timeout=CLOSE_PATIENCE):
                try:
                    with contextlib.suppress(sqlite3.Error):
                        database.close()
                finally:
                    lock.release()
