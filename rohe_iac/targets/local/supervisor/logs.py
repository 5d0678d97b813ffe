"""Logs: the last lines of programs' output, and what comes after them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from rohe_iac.targets.local.stack_folder import Layout

BLOCK = 65536


def read(layout: Layout, names: Sequence[str], *, lines: int, follow: bool) -> Iterator[tuple[str, str]]:
    """(name, line) of the last `lines` lines of each program, then, with `follow`, of what is written next."""
    tails = [_Tail(name, layout.log(name)) for name in names]
    for tail in tails:
        for line in tail.last(lines):
            yield tail.name, line
    while follow:
        found = False
        for tail in tails:
            for line in tail.more():
                found = True
                yield tail.name, line
        if not found:
            time.sleep(0.1)


class _Tail:
    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path
        self._place, self._inode, self._rest = 0, 0, b""

    def last(self, count: int) -> list[str]:
        try:
            with self._path.open("rb") as stream:
                size = stream.seek(0, 2)
                content = b""
                while size and content.count(b"\n") <= count:
                    step = min(BLOCK, size)
                    size -= step
                    stream.seek(size)
                    content = stream.read(step) + content
                self._place, self._inode = stream.seek(0, 2), self._path.stat().st_ino
        except OSError:
            return []
        return [line.decode(errors="replace") for line in content.splitlines()[-count:]] if count > 0 else []

    def more(self) -> list[str]:
        try:
            status = self._path.stat()
            if status.st_ino != self._inode or status.st_size < self._place:
                # Rotated: the new file is read from its start.
                self._place, self._inode, self._rest = 0, status.st_ino, b""
            if status.st_size == self._place:
                return []
            with self._path.open("rb") as stream:
                stream.seek(self._place)
                content = self._rest + stream.read()
                self._place = stream.tell()
        except OSError:
            return []
        *whole, self._rest = content.split(b"\n")
        return [line.decode(errors="replace") for line in whole]
