"""Logs: reads the last lines of programs' output, and follows the lines written later."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rohe_iac.targets.local.stack_folder import Layout

BLOCK = 65536
"""Bytes that are read at once from the end of a log."""

EXCERPT = 4096
"""Bytes of a log that an error message has at most."""


def read(layout: Layout, names: Sequence[str], *, lines: int, follow: bool) -> Iterator[tuple[str, str]]:
    """Yields lines of output as (name, line).

    Args:
        layout: The stack's paths.
        names: The programs to read the output of; a program without a log has no lines.
        lines: Number of last lines of each program.
        follow: Whether to go on, without an end, with the lines written from now on.
    """
    tails = [_Tail(name, layout.log(name)) for name in names]
    for tail in tails:
        for line in tail.last(lines):
            yield tail.name, line
    while follow:
        grown = False
        for tail in tails:
            for line in tail.more():
                grown = True
                yield tail.name, line
        if not grown:
            time.sleep(0.1)


def end_of(path: Path) -> int:
    """Returns the size of the log at `path` in bytes, 0 where there is none: where later lines begin."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def last_lines(path: Path, lines: int, *, since: int = 0) -> str:
    """Returns the last lines of a log, or "" where there is no log.

    Args:
        path: The log.
        lines: Number of lines; they have EXCERPT bytes at most.
        since: Position in the log before which nothing is read, unless the log was rotated meanwhile.
    """
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - EXCERPT, since if since <= size else 0))
            text = stream.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


class _Tail:
    """The position in one log up to which it has been read; a rotated log is read on from its new file's start."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path
        self._position, self._inode, self._rest = 0, 0, b""

    def last(self, count: int) -> list[str]:
        """Returns the last `count` lines and moves to the end."""
        try:
            with self._path.open("rb") as stream:
                size = stream.seek(0, 2)
                content = b""
                while size and content.count(b"\n") <= count:
                    step = min(BLOCK, size)
                    size -= step
                    stream.seek(size)
                    content = stream.read(step) + content
                self._position, self._inode = stream.seek(0, 2), self._path.stat().st_ino
        except OSError:
            return []
        return [line.decode(errors="replace") for line in content.splitlines()[-count:]] if count > 0 else []

    def more(self) -> list[str]:
        """Returns the complete lines written since the last call."""
        try:
            status = self._path.stat()
            if status.st_ino != self._inode or status.st_size < self._position:
                # The log was rotated.
                self._position, self._inode, self._rest = 0, status.st_ino, b""
            if status.st_size == self._position:
                return []
            with self._path.open("rb") as stream:
                stream.seek(self._position)
                content = self._rest + stream.read()
                self._position = stream.tell()
        except OSError:
            return []
        *complete, self._rest = content.split(b"\n")
        return [line.decode(errors="replace") for line in complete]
