"""Full disks, as SQLite reports them."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

LITTLE_ROOM = 64 * 1024
"""Bytes free below which an error of input or output is taken for a full disk."""


def is_full_disk(error: BaseException | None, path: Path) -> bool:
    """Checks whether an error means that the file system of `path` has no room.

    SQLite reports a full disk as SQLITE_FULL, or as SQLITE_IOERR where the shared memory beside a write-ahead log
    cannot grow (https://sqlite.org/rescode.html).
    """
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_FULL:
        return True
    if primary not in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN):
        return False
    try:
        room = os.statvfs(path.parent)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < LITTLE_ROOM
