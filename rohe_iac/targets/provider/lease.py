"""Lease: one provider a stack at a time; a new provider waits for the one that a killed apply left behind."""

from __future__ import annotations

import fcntl
import os
import time

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder


class StillAtWork(RoheError):
    """An older provider of the stack is still running."""

    exit_code = ExitCode.LOCKED


class Lease:
    """A kernel lock that this process holds until it ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: StackFolder, patience: float = 15.0) -> Lease:
        """Takes the lease as soon as no other provider serves the stack.

        Args:
            folder: The stack's folder.
            patience: Seconds to wait for another provider.

        Raises:
            StillAtWork: Another provider still serves the stack after `patience` seconds.
        """
        folder.ensure().run.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder.run / "provider.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise StillAtWork("another provider is still at work on this stack") from None
                time.sleep(0.05)
            else:
                return cls(descriptor)
