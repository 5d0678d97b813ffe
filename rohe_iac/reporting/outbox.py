"""Outbox: reports that were accepted and not yet acknowledged by an agent, on disk."""

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
from rohe_iac.reporting.settings import Durability

LOG = logging.getLogger("rohe.reporting")

LOCK_WAIT = 0.03
"""Longest wait for another thread's write, in seconds; with the write itself a report stays under 50 ms."""

DELETED_AT_ONCE = 200
"""Rows of one delete, so that no report waits long behind it."""


class OutboxUnusable(RoheError):
    """The outbox can be neither opened nor made."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One waiting report. row: order of acceptance over all boots."""

    row: int
    boot: str
    seq: int
    payload: bytes


class Outbox:
    """A bounded queue in SQLite (WAL). Safe from threads; one process at a time writes it."""

    def __init__(self, folder: Path, *, durability: Durability, most_reports: int, most_bytes: int) -> None:
        self._path = folder / "outbox.db"
        self._full = durability == "full"
        self._most_reports, self._most_bytes = most_reports, most_bytes
        self._lock = threading.Lock()
        self._last_seq: dict[str, int] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._database = self._open()
        except (OSError, sqlite3.Error) as error:
            raise OutboxUnusable(f"the outbox {self._path} cannot be used", detail=str(error)) from error
        self._count_waiting()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._prepared()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            # Not a database any more: it is put aside for whoever wants to look, and a fresh one is begun.
            aside = self._path.with_name(f"outbox-broken-{int(time.time())}.db")
            LOG.error("the outbox %s is damaged (%s); put aside as %s", self._path, error, aside.name)
            self._path.rename(aside)
            for suffix in ("-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
            return self._prepared()

    def _prepared(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=LOCK_WAIT, isolation_level=None, check_same_thread=False)
        try:
            self._path.chmod(0o600)
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(f"PRAGMA synchronous={'FULL' if self._full else 'NORMAL'}")
            # Checkpoints write and fsync the whole log: the sender's thread does them, never the service's.
            database.execute("PRAGMA wal_autocheckpoint=0")
            database.execute(
                "CREATE TABLE IF NOT EXISTS waiting (row INTEGER PRIMARY KEY AUTOINCREMENT, boot TEXT NOT NULL,"
                " seq INTEGER NOT NULL, payload BLOB NOT NULL, UNIQUE (boot, seq))"
            )
        except sqlite3.Error:
            database.close()
            raise
        return database

    def _count_waiting(self) -> None:
        row = self._database.execute("SELECT count(*), coalesce(sum(length(payload)), 0) FROM waiting").fetchone()
        self._reports, self._bytes = int(row[0]), int(row[1])

    @property
    def waiting(self) -> int:
        """Reports that wait for an acknowledgement."""
        return self._reports

    def append(self, boot: str, encode: Callable[[int], bytes]) -> bool:
        """Keeps the report that `encode` makes of its sequence number; False where full, locked too long or failing.

        Sequence numbers of a boot count from 1 without gaps.
        """
        if not self._lock.acquire(timeout=LOCK_WAIT):
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

    def after(self, row: int, most: int) -> list[Entry]:
        """At most `most` entries accepted after `row`, oldest first."""
        with self._lock:
            found = self._database.execute(
                "SELECT row, boot, seq, payload FROM waiting WHERE row > ? ORDER BY row LIMIT ?", (row, most)
            ).fetchall()
        return [Entry(*values) for values in found]

    def count_upto(self, row: int) -> int:
        """Waiting entries up to `row`."""
        with self._lock:
            return int(self._database.execute("SELECT count(*) FROM waiting WHERE row <= ?", (row,)).fetchone()[0])

    def has_upto(self, boot: str, seq: int) -> bool:
        """Whether a report of the boot up to that number waits."""
        with self._lock:
            found = self._database.execute("SELECT 1 FROM waiting WHERE boot = ? AND seq <= ? LIMIT 1", (boot, seq))
            return found.fetchone() is not None

    def acknowledge(self, boot: str, up_to_seq: int, holes: Sequence[tuple[int, int]]) -> int:
        """Forgets the reports of a boot up to `up_to_seq` but for `holes` (inclusive ranges); returns how many."""
        gone, first = 0, 1
        for low, high in [*sorted(holes), (up_to_seq + 1, up_to_seq + 1)]:
            if first <= low - 1:
                gone += self._forget(boot, first, min(low - 1, up_to_seq))
            first = max(first, high + 1)
        return gone

    def _forget(self, boot: str, first: int, last: int) -> int:
        gone = 0
        while True:
            with self._lock:
                rows = self._database.execute(
                    "DELETE FROM waiting WHERE row IN (SELECT row FROM waiting WHERE boot = ? AND seq BETWEEN ? AND ?"
                    " LIMIT ?) RETURNING length(payload)",
                    (boot, first, last, DELETED_AT_ONCE),
                ).fetchall()
                self._reports -= len(rows)
                self._bytes -= sum(row[0] for row in rows)
            gone += len(rows)
            if len(rows) < DELETED_AT_ONCE:
                return gone

    def checkpoint(self) -> None:
        """Moves the log into the database on a connection of its own, without holding writers up."""
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(self._path, timeout=0)) as database:
            database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Closes the file; what waits stays in it."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._database.close()
