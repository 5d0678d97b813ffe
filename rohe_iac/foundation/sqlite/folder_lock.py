"""Folder lock: one process at a time uses the folder of a database, even where two replicas have the same one."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import os
import socket
import time
from pathlib import Path

WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)
"""Errors of file systems on which no file can be locked."""


class FolderLock:
    """The lock of one folder (flock(2)); the kernel gives it back however its process ends.

    On a network file system it holds between machines where that file system locks for all of them, as NFS does from
    Linux 2.6.12 on.
    """

    def __init__(self, folder: Path, noun: str, log: logging.Logger) -> None:
        """Creates the folder and the lock's file, NOUN.lock; `take` takes the lock.

        Args:
            folder: Folder that one process at a time uses.
            noun: What the folder is, such as `outbox`.
            log: Where it is said that the file system has no locks.

        Raises:
            OSError: The folder or the file cannot be created.
        """
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._noun, self._log = noun, log
        self._descriptor = os.open(folder / f"{noun}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        """Takes the lock where no other process has it; returns whether this one has it now."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                return False
            self._log.warning(
                "the %s cannot be locked on its file system (%s): run one process a replica", self._noun, error
            )
            return True
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, f"process {os.getpid()} of {socket.gethostname()} since {since}".encode(), 0)
        return True

    @property
    def holder(self) -> str:
        """Returns who took the lock last, as `process 7 of web-0 since ...`, or "" where nobody did."""
        with contextlib.suppress(OSError):
            return os.pread(self._descriptor, 200, 0).decode(errors="replace")
        return ""

    def give_back(self) -> None:
        """Gives the lock back; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
