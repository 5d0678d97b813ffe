"""Folders that hold state: one for each stack, readable by its owner only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def state_home() -> Path:
    """Returns `$XDG_STATE_HOME/rohe`, by default ~/.local/state/rohe (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "rohe"


def cache_home() -> Path:
    """Returns `$XDG_CACHE_HOME/rohe`, by default ~/.cache/rohe."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "rohe"


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The folder of everything that a stack keeps on this machine. Only `history` outlives `rohe destroy`."""

    path: Path

    @classmethod
    def of(cls, project: str, stack: str) -> StackFolder:
        """Returns the folder of a stack, given its project id and its name."""
        return cls(state_home() / project / stack)

    def ensure(self) -> StackFolder:
        """Creates the folder and its missing parents with mode 0700; returns the same object."""
        for folder in (state_home(), self.path.parent, self.path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    @property
    def history(self) -> Path:
        """Returns the folder of the applied plans, one file for each serial number."""
        return self.path / "history"

    @property
    def record(self) -> Path:
        """Returns the file of the last applied record."""
        return self.path / "record.json"

    @property
    def journal(self) -> Path:
        """Returns the file of what apply was about to do, one line for each step."""
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        """Returns the file of rohe's own lock, held by flock."""
        return self.path / "lock"

    @property
    def engine(self) -> Path:
        """Returns the folder of the engine's home, its file backend and its work directory."""
        return self.path / "engine"

    @property
    def run(self) -> Path:
        """Returns the folder of the running local target: sockets, program and broker settings."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """Returns the folder of the logs, one for each program, rotated."""
        return self.path / "logs"

    @property
    def credentials(self) -> Path:
        """Returns the folder of one JSON file for each client: {"url", "client", "user", "password"}."""
        return self.path / "credentials"

    @property
    def outboxes(self) -> Path:
        """Returns the folder of the outboxes, one folder for each instance."""
        return self.path / "outboxes"

    @property
    def stores(self) -> Path:
        """Returns the folder of the stores, one folder for each agent."""
        return self.path / "stores"


def write_private(path: Path, content: bytes) -> None:
    """Writes a file atomically (temporary, fsync, rename) with mode 0600; readers see the old bytes or the new ones."""
    _write(path, content, 0o600)


def write_shared(path: Path, content: bytes) -> None:
    """Writes a file as `write_private` does, readable by everybody whom the umask lets read, writable by its owner."""
    _write(path, content, 0o644)


def _write(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
