"""Where state is: one folder a stack, readable by its owner only."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


def state_home() -> Path:
    """`$XDG_STATE_HOME/rohe`, by default ~/.local/state/rohe (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "rohe"


def cache_home() -> Path:
    """`$XDG_CACHE_HOME/rohe`, by default ~/.cache/rohe."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "rohe"


@dataclass(frozen=True, slots=True)
class StackFolder:
    """Everything a stack keeps on this machine. Only `history` outlives `rohe destroy`."""

    path: Path

    @classmethod
    def of(cls, project: str, stack: str) -> StackFolder:
        """The folder of a stack by its project id and name."""
        return cls(state_home() / project / stack)

    def ensure(self) -> StackFolder:
        """Creates the folder with mode 0700, its missing parents too, and returns itself."""
        for folder in (state_home(), self.path.parent, self.path):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    @property
    def history(self) -> Path:
        """Applied plans, one file a serial."""
        return self.path / "history"

    @property
    def record(self) -> Path:
        """The last applied record."""
        return self.path / "record.json"

    @property
    def journal(self) -> Path:
        """What apply was about to do, a line each."""
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        """Our own lock, held by flock."""
        return self.path / "lock"

    @property
    def engine(self) -> Path:
        """The engine's home, file backend and work directory."""
        return self.path / "engine"

    @property
    def run(self) -> Path:
        """Live things of the local target: sockets, program and broker settings."""
        return self.path / "run"

    @property
    def logs(self) -> Path:
        """One log a program, rotated."""
        return self.path / "logs"

    @property
    def credentials(self) -> Path:
        """One JSON file a client: {"url", "client", "user", "password"}."""
        return self.path / "credentials"

    @property
    def outboxes(self) -> Path:
        """One folder an instance."""
        return self.path / "outboxes"

    @property
    def stores(self) -> Path:
        """One folder an agent."""
        return self.path / "stores"


def write_private(path: Path, content: bytes) -> None:
    """Writes atomically (temporary file, fsync, rename) with mode 0600; a reader sees the old bytes or the new."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
