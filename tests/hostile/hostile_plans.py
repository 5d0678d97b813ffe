"""Plan files that are hostile: no JSON, too much of it, of another form than is said, and what is no file at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

FORM = b'{"schema":"rohe.dev/plan/v1",'


def _sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**30)


def _of(content: Callable[[], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content())


PLANS: dict[str, tuple[Callable[[Path], object], int]] = {
    "nothing": (_of(lambda: b""), 6),
    "a million NULs": (_of(lambda: b"\0" * 10**6), 6),
    "lists a million deep": (_of(lambda: b"[" * 10**6), 6),
    "mappings in what is said to be a plan": (_of(lambda: FORM + b'"problem":' + b'{"a":' * 10**5), 6),
    "a number of ten million digits": (_of(lambda: b'{"schema":' + b"9" * 10**7 + b"}"), 6),
    "a form of ten million letters": (_of(lambda: b'{"schema":"' + b"x" * 10**7 + b'"}'), 6),
    "a form that would move the cursor": (_of(lambda: b'{"schema":"\\u001b[31m\\ud800"}'), 6),
    "a list in place of a plan": (_of(lambda: b"[1]"), 6),
    "three million lists": (_of(lambda: FORM + b'"problem":[' + b"[]," * 3_000_000 + b"1]}"), 64),
    "a million keys": (_of(lambda: FORM + b",".join(b'"%d":1' % n for n in range(10**6)) + b"}"), 6),
    "a gibibyte of nothing": (_sparse, 64),
    "a pipe": (lambda path: os.mkfifo(path), 64),
    "a folder": (lambda path: path.mkdir(), 64),
    "a device without end": (lambda path: path.symlink_to("/dev/zero"), 64),
    "a link to itself": (lambda path: path.symlink_to(path), 64),
}
"""By its name: how it is written, and the exit code of the commands that take it."""
