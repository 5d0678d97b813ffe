"""Outbox lock: one process at a time writes and sends an outbox, even where two replicas have the same folder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import socket
from pathlib import Path

LOG = logging.getLogger("rohe.reporting")

WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
"""Errors of file systems on which no file can be locked."""


class OutboxLock:
    """The lock of one outbox (flock(2)); the kernel gives it back however its process ends."""

    def __init__(self, folder: Path) -> None:
        """Creates the folder and the lock's file; `take` takes the lock.

        Args:
            folder: Folder of the outbox.

        Raises:
            OSError: The folder or the file cannot be created.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._descriptor = os.open(folder / "outbox.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Takes the lock where no other process has it; returns whether this one has it now."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                return False
            LOG.warning("the outbox cannot be locked on its file system (%s): run one process a replica", error)
            return True
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()} of {socket.gethostname()}".encode(), 0)
        return True

    @property
    def holder(self) -> str:
        """Returns who took the lock last, as `process 7 of web-0`, or "" where nobody did."""
        with contextlib.suppress(OSError):
            return os.pread(self._descriptor, 200, 0).decode(errors="replace")
        return ""

    def give_back(self) -> None:
        """Gives the lock back; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
