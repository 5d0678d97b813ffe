"""Reading of regular files up to a size: never a pipe that blocks, a device without end, or more than the limit."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


class NotRegular(OSError):
    """The path names a pipe, a socket, a device or a folder."""


class TooLarge(OSError):
    """The file has more bytes than are read."""


def read_regular(path: Path | str, most: int) -> bytes:
    """Returns the bytes of a regular file of at most `most` bytes.

    Raises:
        NotRegular: The path names something else.
        TooLarge: The file has more than `most` bytes.
        OSError: The file cannot be read. `strerror` of each error continues a sentence after a colon.
    """
    # An ordinary open of a named pipe would block for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise NotRegular(errno.EINVAL, "this is not a regular file")
        if status.st_size > most:
            size = f"{status.st_size / 2**20:.0f} MiB"
            raise TooLarge(errno.EFBIG, f"the file has {size}; at most {most >> 20} MiB are read")
        return stream.read(most + 1)
