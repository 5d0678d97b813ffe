"""Store: what an agent keeps in SQLite (WAL), so that a crash loses and repeats nothing.

Everything that the observer is told is written down in order (`inputs`) in the same transaction as what it says
(`outcomes`) and as the sequence numbers that were taken in (`seen`). After a crash the inputs since the last checkpoint
give the same outcomes again, and an outcome is written once, by its key.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.observation.judging.outcome import Action, Outcome, Result
from rohe_iac.observation.reports.seen import Seen

SCHEMA = """
CREATE TABLE IF NOT EXISTS inputs (row INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, at REAL NOT NULL,
  client TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS seen (client TEXT NOT NULL, boot TEXT NOT NULL, ranges TEXT NOT NULL,
  PRIMARY KEY (client, boot));
CREATE TABLE IF NOT EXISTS digests (digest BLOB PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS outcomes (row INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL, contract TEXT NOT NULL, objective TEXT NOT NULL, at REAL NOT NULL, body BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS outcomes_by_kind ON outcomes (kind, row);
CREATE TABLE IF NOT EXISTS dead (row INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, topic TEXT NOT NULL,
  why TEXT NOT NULL, payload BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoint (one INTEGER PRIMARY KEY CHECK (one = 1), row INTEGER NOT NULL,
  digest TEXT NOT NULL, state BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""

MOST_DEAD = 1000
"""Undecodable messages kept, the newest."""

_OUTCOME = msgspec.json.Decoder(Outcome)


class StoreFailed(RoheError):
    """The store cannot be opened, read or written."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that the observer is told. kind: report, tick, pause, resume, stop or restore; at: by our clock."""

    kind: str
    at: float
    client: str = ""
    payload: bytes = b""


@dataclass
class Entry:
    """What one transaction writes."""

    inputs: list[Input] = field(default_factory=list)
    seen: dict[tuple[str, str], Seen] = field(default_factory=dict)
    digests: list[tuple[bytes, float]] = field(default_factory=list)
    dead: list[tuple[float, str, str, bytes]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    counted: dict[str, int] = field(default_factory=dict)


def key_of(outcome: Outcome) -> str:
    """What tells an outcome from every other."""
    if isinstance(outcome, Result):
        return f"result/{outcome.key}"
    kind = "action" if isinstance(outcome, Action) else "violation"
    return f"{kind}/{outcome.id}" + ("/ended" if outcome.ended else "")


class Store:
    """One agent's database. One writer; any number of readers, each with its own Store."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        """Errors: StoreFailed."""
        self.path = folder / "agent.db"
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
                self._database.execute("PRAGMA journal_mode=WAL")
                self._database.execute("PRAGMA synchronous=NORMAL")
                self._database.executescript(SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise StoreFailed(f"the store {self.path} cannot be opened", detail=str(error)) from error

    def write(self, entry: Entry) -> int:
        """Writes all of it or nothing; returns the row of the newest input.

        Errors: StoreFailed.
        """
        database = self._database
        try:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(
                "INSERT INTO inputs (kind, at, client, payload) VALUES (?, ?, ?, ?)",
                [(item.kind, item.at, item.client, item.payload) for item in entry.inputs],
            )
            database.executemany(
                "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET ranges = excluded.ranges",
                [(client, boot, json.dumps(seen.ranges)) for (client, boot), seen in entry.seen.items()],
            )
            database.executemany("INSERT OR IGNORE INTO digests VALUES (?, ?)", entry.digests)
            database.executemany("INSERT INTO dead (at, topic, why, payload) VALUES (?, ?, ?, ?)", entry.dead)
            self._write_outcomes(entry.outcomes)
            database.executemany(
                "INSERT INTO numbers VALUES (?, ?) ON CONFLICT DO UPDATE SET value = value + excluded.value",
                list(entry.counted.items()),
            )
            row = database.execute("SELECT coalesce(max(row), 0) FROM inputs").fetchone()[0]
            database.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreFailed(f"the store {self.path} cannot be written", detail=str(error)) from error
        return int(row)

    def _write_outcomes(self, outcomes: list[Outcome]) -> None:
        rows = [
            (
                key_of(outcome),
                type(outcome).__name__.lower(),
                outcome.contract,
                outcome.objective,
                outcome.end if isinstance(outcome, Result) else (outcome.ended or _begun(outcome)),
                msgspec.json.encode(outcome),
            )
            for outcome in outcomes
        ]
        self._database.executemany(
            "INSERT OR IGNORE INTO outcomes (key, kind, contract, objective, at, body) VALUES (?, ?, ?, ?, ?, ?)", rows
        )

    def rewrite_outcomes(self, outcomes: list[Outcome]) -> None:
        """Writes those outcomes that are not there yet, as replaying after a crash gives them."""
        self.write(Entry(outcomes=outcomes))

    def seen(self) -> dict[tuple[str, str], Seen]:
        """What was taken in, by client and boot."""
        found = self._database.execute("SELECT client, boot, ranges FROM seen")
        return {(client, boot): Seen(json.loads(ranges)) for client, boot, ranges in found}

    def has_digest(self, digest: bytes) -> bool:
        """Whether a message of these bytes was taken in."""
        found = self._database.execute("SELECT 1 FROM digests WHERE digest = ?", (digest,)).fetchone()
        return found is not None

    def inputs_after(self, row: int) -> Iterator[tuple[int, Input]]:
        """Inputs with their rows, in order."""
        found = self._database.execute(
            "SELECT row, kind, at, client, payload FROM inputs WHERE row > ? ORDER BY row", (row,)
        )
        for number, kind, at, client, payload in found:
            yield number, Input(kind, at, client, payload)

    def checkpoint(self) -> tuple[int, str, bytes] | None:
        """Row, digest of the configuration and state of the last checkpoint."""
        found = self._database.execute("SELECT row, digest, state FROM checkpoint").fetchone()
        return (int(found[0]), str(found[1]), bytes(found[2])) if found is not None else None

    def write_checkpoint(self, row: int, digest: str, state: bytes) -> None:
        """The observer's state after the input of that row. Errors: StoreFailed."""
        try:
            self._database.execute("INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?)", (row, digest, state))
        except sqlite3.Error as error:
            raise StoreFailed(f"the store {self.path} cannot be written", detail=str(error)) from error

    def prune(self, before: float, most_bytes: int) -> int:
        """Drops inputs older than `before` (seconds since the epoch), and more, oldest first, while the database is
        larger than `most_bytes`; never those after the last checkpoint. Returns how many.
        """
        checkpoint = self.checkpoint()
        last = checkpoint[0] if checkpoint is not None else 0
        database = self._database
        gone = database.execute("DELETE FROM inputs WHERE row <= ? AND at < ?", (last, before)).rowcount
        database.execute("DELETE FROM digests WHERE at < ?", (before,))
        database.execute("DELETE FROM dead WHERE row <= (SELECT max(row) FROM dead) - ?", (MOST_DEAD,))
        for table, bound in (("inputs", "row <= ?"), ("outcomes", "kind = 'result' AND row > ?")):
            if self.used_bytes() <= most_bytes:
                break
            limit = last if table == "inputs" else 0
            gone += database.execute(
                f"DELETE FROM {table} WHERE row IN (SELECT row FROM {table} WHERE {bound} ORDER BY row LIMIT 50000)",
                (limit,),
            ).rowcount
        return gone

    def used_bytes(self) -> int:
        """Bytes of the database that hold something."""
        one = self._database.execute
        pages = one("PRAGMA page_count").fetchone()[0] - one("PRAGMA freelist_count").fetchone()[0]
        return int(pages * one("PRAGMA page_size").fetchone()[0])

    def numbers(self) -> dict[str, int]:
        """Counts that live as long as the store, by name."""
        return dict(self._database.execute("SELECT name, value FROM numbers").fetchall())

    def cursor(self, sink: str) -> int:
        """The last outcome that a sink has taken, by its row."""
        return self.numbers().get(f"cursor:{sink}", 0)

    def move_cursor(self, sink: str, row: int) -> None:
        """A sink has taken everything up to `row`."""
        self._database.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (f"cursor:{sink}", row))

    def outcomes_after(self, row: int, most: int) -> list[tuple[int, Outcome]]:
        """Outcomes with their rows, in order."""
        found = self._database.execute("SELECT row, body FROM outcomes WHERE row > ? ORDER BY row LIMIT ?", (row, most))
        return [(number, _OUTCOME.decode(body)) for number, body in found]

    def newest(self, kind: str, most: int, after: int = 0) -> list[tuple[int, Outcome]]:
        """The newest outcomes of a kind (result, violation, action) after a row, oldest first, with their rows."""
        found = self._database.execute(
            "SELECT row, body FROM (SELECT row, body FROM outcomes WHERE kind = ? AND row > ?"
            " ORDER BY row DESC LIMIT ?) ORDER BY row",
            (kind, after, most),
        )
        return [(number, _OUTCOME.decode(body)) for number, body in found]

    def close(self) -> None:
        """Closes the database."""
        self._database.close()


def _begun(outcome: Outcome) -> float:
    return outcome.begun if isinstance(outcome, Action) else getattr(outcome, "opened", 0.0)
