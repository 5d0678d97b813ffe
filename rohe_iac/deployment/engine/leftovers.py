"""Leftovers: processes that go on after what started them was killed, such as the plugins of an engine."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection
from pathlib import Path

VARIABLE = "PULUMI_HOME"
"""The variable that every engine of a stack and its plugins have, with a folder that no other stack has."""

POLL = 0.02
"""Seconds between two looks at processes that were killed."""


def end_leftovers(home: Path, *, timeout: float = 5.0) -> int:
    """Kills this user's processes that belong to the engine of a stack. The caller holds the stack's lock.

    Args:
        home: The folder that the engine has as PULUMI_HOME.
        timeout: Seconds to wait until none is left.

    Returns:
        The number of processes that were killed.
    """
    return kill_found(lambda: _processes_of(home), timeout=timeout)


def kill_found(find: Callable[[], Collection[int]], *, timeout: float) -> int:
    """Kills processes until none is found, since one may start another before it ends.

    Args:
        find: Returns the ids of the processes that are left.
        timeout: Seconds to wait until none is left.

    Returns:
        The number of processes that were killed.
    """
    killed: set[int] = set()
    deadline = time.monotonic() + timeout
    while found := find():
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed.update(found)
        if time.monotonic() >= deadline:
            break
        time.sleep(POLL)
    return len(killed)


def _processes_of(home: Path) -> set[int]:
    wanted = os.fsencode(f"{VARIABLE}={home}")
    found = set()
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != os.getpid():
            with contextlib.suppress(OSError):
                if wanted in Path("/proc", entry, "environ").read_bytes().split(b"\0"):
                    found.add(int(entry))
    return found
