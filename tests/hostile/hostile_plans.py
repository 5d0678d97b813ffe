"""Plan files that are hostile: no JSON, too much of it, of another form than is said, and what is no file at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

FORM = b'{"schema":"rohe.dev/plan/v3",'


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**30)


def _writes(content: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content())


PLANS: dict[str, tuple[Callable[[Path], object], int]] = {
    "nothing": (_writes(lambda: b""), 6),
    "a million NULs": (_writes(lambda: b"\0" * 10**6), 6),
    "lists a million deep": (_writes(lambda: b"[" * 10**6), 6),
    "mappings in what is said to be a plan": (_writes(lambda: FORM + b'"problem":' + b'{"a":' * 10**5), 6),
    "a number of ten million digits": (_writes(lambda: b'{"schema":' + b"9" * 10**7 + b"}"), 6),
    "a form of ten million letters": (_writes(lambda: b'{"schema":"' + b"x" * 10**7 + b'"}'), 6),
    "a form that would move the cursor": (_writes(lambda: b'{"schema":"\\u001b[31m\\ud800"}'), 6),
    "a list in place of a plan": (_writes(lambda: b"[1]"), 6),
    "three million lists": (_writes(lambda: FORM + b'"problem":[' + b"[]," * 3_000_000 + b"1]}"), 64),
    "a million keys": (_writes(lambda: FORM + b",".join(b'"%d":1' % n for n in range(10**6)) + b"}"), 6),
    "a gibibyte of nothing": (_sparse, 64),
    "a pipe": (lambda path: os.mkfifo(path), 64),
    "a folder": (lambda path: path.mkdir(), 64),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), 64),
    "a link to itself": (lambda path: path.symlink_to(path), 64),
}
"""By name: the function that writes the file, and the exit code of the commands that read it."""
