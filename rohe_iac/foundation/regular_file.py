"""Regular files, read up to a size: never a pipe that waits, a device without end, or more than was asked for."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class NotRegular(OSError):
    """A pipe, a socket, a device or a folder."""


class TooLarge(OSError):
    """A file of more bytes than are read."""


def read_regular(path: Path | str, most: int) -> bytes:
    """The bytes of a file, at most `most`.

    Errors: NotRegular; TooLarge; OSError where it cannot be read. `strerror` of each goes on after a colon.
    """
    # A named pipe would block an ordinary open for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise NotRegular(errno.EINVAL, "this is not a regular file")
        if status.st_size > most:
            size = f"{status.st_size / 2**20:.0f} MiB"
            raise TooLarge(errno.EFBIG, f"the file has {size}; at most {most >> 20} MiB are read")
        return stream.read(most + 1)
