"""Store lock: has one process at a time write the store of an agent, and says which one where a second comes.

Two processes of one agent that both wrote its store would count reports twice and lose windows.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from pathlib import Path

from rohe_iac.foundation.sqlite.folder_lock import FolderLock
from rohe_iac.foundation.sqlite.full_disk import is_full_disk
from rohe_iac.sinks.store import StoreFailed, StoreFull

LOG = logging.getLogger("rohe.agent")

PATIENCE = 10.0
"""Seconds for which a second process waits, as the one before it may still be ending; then it ends itself, and whoever
started it may do so again."""

ATTEMPT_INTERVAL = 0.1
"""Seconds between attempts to take the lock."""

SHOWN = 60.0
"""Seconds for which the process that has the store says that another one wanted it."""

WAITING = "store.waiting"
"""The file in which a process that waits names itself."""


class StoreInUse(StoreFailed):
    """Another process of the agent has the store."""


def take_store(folder: Path, ending: threading.Event) -> FolderLock | None:
    """Returns the lock of a store once it is this process's; None where `ending` was set before.

    Args:
        folder: Folder of the store; it is made where it is absent.
        ending: Set when the process has to end.

    Raises:
        StoreInUse: Another process kept it.
        StoreFull: There is no room for the lock's file.
        StoreFailed: The folder or the lock's file cannot be made.
    """
    try:
        lock = FolderLock(folder, "store", LOG)
    except OSError as error:
        if is_full_disk(error, folder):
            raise StoreFull(f"no room on the file system of {folder}", detail=str(error)) from error
        raise StoreFailed(f"the store in {folder} cannot be locked", detail=str(error)) from error
    end, said = time.monotonic() + PATIENCE, False
    while not lock.take():
        holder = lock.holder or "another process"
        if not said:
            said = True
            LOG.warning("the store in %s belongs to %s: waiting until that process has ended", folder, holder)
            with contextlib.suppress(OSError):
                (folder / WAITING).write_text(f"process {os.getpid()} of {socket.gethostname()}")
        if time.monotonic() > end:
            lock.give_back()
            raise StoreInUse(
                f"the store in {folder} belongs to {holder}",
                detail=f"it was not given back within {PATIENCE:.0f} s",
                hint="run one process of each agent: end one of the two, or give each a folder of its own",
            )
        if ending.wait(ATTEMPT_INTERVAL):
            lock.give_back()
            return None
    with contextlib.suppress(OSError):
        (folder / WAITING).unlink()
    return lock


def said_of_rival(folder: Path) -> str:
    """Returns in words which other process wanted the store lately; "" where none did."""
    with contextlib.suppress(OSError):
        file = folder / WAITING
        if abs(time.time() - file.stat().st_mtime) < SHOWN:
            return f"{file.read_text()[:200]} is a second process of this agent: end one of them"
    return ""
