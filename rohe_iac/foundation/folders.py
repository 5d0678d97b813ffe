"""Folders that hold state: one for each stack, readable by its owner only; and why a folder cannot be written."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import bytes_alike

LEAST_ROOM = 2**20
"""Bytes below which a file system counts as full."""

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""What the system says where nobody can write a file."""

NO_PERMISSION = {errno.EACCES, errno.EPERM}
"""What the system says where this user may not open a file."""


class NotWritable(RoheError):
    """A file cannot be written: the disk is full or read-only, or the user may not."""

    exit_code = ExitCode.UNREACHABLE


def state_home() -> Path:
    """Returns `$XDG_STATE_HOME/rohe`, by default ~/.local/state/rohe (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_STATE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".local" / "state") / "rohe"


def cache_home() -> Path:
    """Returns `$XDG_CACHE_HOME/rohe`, by default ~/.cache/rohe."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "rohe"


class UnsafeFolder(RoheError):
    """A folder of the state can be written by another user."""

    exit_code = ExitCode.UNREACHABLE


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The folder of everything that a stack keeps on this machine. Only `history` outlives `rohe destroy`."""

    path: Path

    @classmethod
    def of(cls, project: str, stack: str) -> StackFolder:
        """Returns the folder of a stack, given its project id and its name."""
        return cls(state_home() / project / stack)

    def ensure(self) -> StackFolder:
        """Creates the folder and its missing parents with mode 0700; returns the same object.

        Raises:
            UnsafeFolder: Another user can write one of the folders below the user's own.
        """
        for folder in (*reversed(self.path.parents), self.path):
            # `parents=True` would make missing parents with the mode that the umask leaves.
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
        for folder in (*(home for home in self.path.parents if home == state_home()), self.path.parent, self.path):
            found = folder.stat()
            if found.st_uid != os.geteuid() or found.st_mode & 0o022:
                raise UnsafeFolder(
                    f"another user can write {folder}, where rohe keeps passwords and what it runs",
                    detail=f"owner: uid {found.st_uid}, mode: {found.st_mode & 0o7777:04o}; you: uid {os.geteuid()}",
                    hint="chown it to yourself and chmod go-w it, or name another folder in XDG_STATE_HOME",
                )
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


def write_obstacle(folder: Path) -> str:
    """Returns why files cannot be written in a folder, or in the nearest one above it that exists; "" where they can.

    Nothing is written to find out.
    """
    place = next((path for path in (folder, *folder.parents) if path.is_dir()), Path("/"))
    try:
        found = os.statvfs(place)
    except OSError as error:
        return f"{place}: {error.strerror}"
    if found.f_flag & os.ST_RDONLY:
        return f"{place} is on a read-only file system"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} is not writable by this user"
    free = found.f_bavail * found.f_frsize
    if free < LEAST_ROOM:
        return f"the disk of {place} is full: {' of '.join(bytes_alike(free, found.f_blocks * found.f_frsize))} free"
    if found.f_files and not found.f_favail:
        return f"the disk of {place} is full: it has no room for another file"
    return ""


def free_bytes(folder: Path) -> int:
    """Returns the bytes that this user may still write where a folder is, or would be."""
    place = next((path for path in (folder, *folder.parents) if path.is_dir()), Path("/"))
    found = os.statvfs(place)
    return found.f_bavail * found.f_frsize


def check_writable(folder: Path) -> None:
    """Checks that files can be written in a folder, or in the nearest one above it that exists.

    Raises:
        NotWritable: They cannot.
    """
    why = write_obstacle(folder)
    if why:
        raise NotWritable(why, hint="make room or make it writable, or set XDG_STATE_HOME to another folder")


def not_writable(error: OSError) -> NotWritable | None:
    """Returns the message for a file of rohe's own that cannot be written, or None for an error of another kind."""
    where = str(error.filename or "")
    ours = any(where.startswith(f"{home.parent}/") for home in (state_home(), cache_home()))
    if error.errno not in NO_ROOM and not (error.errno in NO_PERMISSION and ours):
        return None
    why = write_obstacle(Path(where).parent if where.startswith("/") else state_home())
    brief = f"{where or 'a file'} cannot be written: {error.strerror}"
    return NotWritable(brief, detail=why, hint="make room or make it writable, or set XDG_STATE_HOME to another folder")
