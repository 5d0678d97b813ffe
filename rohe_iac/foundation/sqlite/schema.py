"""Schema of a SQLite database: created, brought up to date, or refused, by the version that the file carries.

The version is `PRAGMA user_version`. Databases that were written before versions were kept have 0 there.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.sqlite.pages import pragma, used_bytes

VACUUM_LIMIT = 64 * 2**20
"""Bytes in use up to which a database of an earlier version is rewritten, so that its file can shrink."""


class WrongSchema(RoheError):
    """A database has a schema that this version of rohe can neither use nor migrate."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Schema:
    """The tables of one kind of database.

    Attributes:
        noun: What the database is, as messages name it.
        version: Version of the tables, from 1.
        tables: Statements that create the tables in an empty database.
        migrations: By version, the statements that lead to the next one. Version 0 has no `user_version`.
        marker: Name of a table that every version has.
    """

    noun: str
    version: int
    tables: str
    marker: str
    migrations: Mapping[int, str] = field(default_factory=dict)

    def prepare(self, database: sqlite3.Connection, path: Path) -> None:
        """Creates the tables, or migrates them; a migration happens as a whole or not at all.

        Args:
            database: Connection with `isolation_level=None`.
            path: File of the database, for messages.

        Raises:
            WrongSchema: The database is of a later version, of an earlier one that cannot be migrated, or another's.
            sqlite3.Error: The database cannot be read or written.
        """
        found = self._version_of(database, path)
        if found == self.version:
            return
        if found is None:
            _allow_shrinking(database)
            self._execute(database, self.tables, self.version)
            return
        if found < 1:
            _allow_shrinking(database)
        for version in range(found, self.version):
            self._execute(database, self.migrations[version], version + 1)

    def check(self, database: sqlite3.Connection, path: Path) -> None:
        """Checks that a database, which is only read, is of this version.

        Raises:
            WrongSchema: The database is of another version, or another's.
            sqlite3.Error: The database cannot be read.
        """
        found = self._version_of(database, path)
        if found is not None and found != self.version:
            raise self._refusal(path, found)

    def _version_of(self, database: sqlite3.Connection, path: Path) -> int | None:
        """Returns the version of a database, or None where it is empty."""
        found = pragma(database, "user_version")
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if not tables and not found:
            return None
        if self.marker not in tables:
            raise WrongSchema(
                f"{path} is a SQLite database, but not {self.noun} of rohe",
                detail=f"it has no table '{self.marker}'",
                hint=f"move the file away; {self.noun} is then created in its place",
            )
        if found > self.version or not all(version in self.migrations for version in range(found, self.version)):
            raise self._refusal(path, found)
        return found

    def _refusal(self, path: Path, found: int) -> WrongSchema:
        later = found > self.version
        return WrongSchema(
            f"{path} was written by {'a later' if later else 'an earlier'} version of rohe: its schema is {found},"
            f" this version uses {self.version}",
            detail="nothing was changed",
            hint=(
                f"run the version of rohe that wrote it, or move the file away to start with {self.noun} that is empty"
                if later
                else "run `rohe apply` with this version, which migrates it"
                if found >= min(self.migrations, default=self.version)
                else f"move the file away to start with {self.noun} that is empty"
            ),
        )

    def _execute(self, database: sqlite3.Connection, statements: str, version: int) -> None:
        try:
            database.executescript(f"BEGIN IMMEDIATE;\n{statements}\nPRAGMA user_version={version};\nCOMMIT;")
        except sqlite3.Error:
            with contextlib.suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            raise


def _allow_shrinking(database: sqlite3.Connection) -> None:
    """Has freed pages given back to the file system on demand.

    That takes a rewrite of the file, even of one without tables (https://sqlite.org/pragma.html#pragma_auto_vacuum). A
    large one of an earlier version stays as it is.
    """
    if used_bytes(database) <= VACUUM_LIMIT:
        database.execute("PRAGMA auto_vacuum=INCREMENTAL")
        with contextlib.suppress(sqlite3.OperationalError):
            # Needs as much room again. Without it the database works, and only keeps the size of its file.
            database.execute("VACUUM")
