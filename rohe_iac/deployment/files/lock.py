"""Stack lock: one apply or destroy of a stack at a time; the kernel releases the lock when its holder dies."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rohe_iac.foundation.clock import Clock, SystemClock
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.folders import StackFolder


class Locked(RoheError):
    """Another apply or destroy of the stack is running."""

    exit_code = ExitCode.LOCKED


@contextmanager
def stack_lock(
    folder: StackFolder, purpose: str, *, patience: float = 0.0, clock: Clock | None = None
) -> Iterator[None]:
    """Holds the stack's lock while the block runs.

    Args:
        folder: The stack's folder.
        purpose: The command that holds the lock, for the message of another command that finds the lock held.
        patience: Seconds to wait for the lock.
        clock: The clock to wait by, the system's by default.

    Raises:
        Locked: Another command holds the lock; the brief names that command, its user and its start.
    """
    clock = clock or SystemClock()
    folder.ensure()
    descriptor = _take(folder, clock, clock.monotonic() + patience)
    try:
        holder = {"pid": os.getpid(), "user": user_name(), "host": socket.gethostname(), "since": clock.now()}
        # On a full disk the lock holds all the same; only its holder's name is missing.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({**holder, "purpose": purpose}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(folder: StackFolder, clock: Clock, deadline: float) -> int:
    while True:
        descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # destroy removes the file while it holds the lock, and a lock on a removed file guards nothing.
            if _is_current(folder, descriptor):
                return descriptor
            os.close(descriptor)
            folder.ensure()
        except BlockingIOError:
            holder = _holder(os.pread(descriptor, 4096, 0))
            os.close(descriptor)
            if clock.monotonic() >= deadline:
                raise Locked(
                    f"the stack is locked by {holder}",
                    hint="wait for it, or give `--lock-timeout 60s`",
                ) from None
            clock.sleep(0.1)


def _is_current(folder: StackFolder, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(folder.lock), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _holder(content: bytes) -> str:
    try:
        value: dict[str, Any] = json.loads(content)
        since = time.strftime("%H:%M:%S", time.localtime(value["since"]))
        return f"`{value['purpose']}` of {value['user']} on {value['host']} (pid {value['pid']}), since {since}"
    except (ValueError, KeyError, TypeError):
        return "another command that has just begun"


def user_name() -> str:
    """Returns the name of this process's user, or its number where it has none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return str(os.getuid())
