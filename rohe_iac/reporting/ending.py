"""Ending: reports are written and sent before a service ends, by itself or by SIGTERM."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
import weakref
from types import FrameType
from typing import Protocol

WRITE_PATIENCE = 1.0
"""Seconds for which the interpreter's exit waits for the disk, at most, while reports wait in memory; so does
SIGTERM before it closes what is open. Closing waits for the disk as long as for acknowledgements, and this long at
least."""

DEFAULT_GRACE = 10.0
"""Seconds between SIGTERM and SIGKILL where ROHE_GRACE does not say otherwise: those of the target `local`."""

CLOSING = 2.0
"""Seconds of the grace that are left for saying goodbye to the broker and for ending the process."""


class Closable(Protocol):
    """What a service has to end in order."""

    def write(self, timeout: float) -> bool:
        """Waits at most `timeout` seconds until what is in memory is on disk; takes no lock."""
        ...

    def close(self) -> None:
        """Writes and sends what waits, within the grace of the replica."""
        ...


_open: weakref.WeakSet[Closable] = weakref.WeakSet()
_process = 0
_grace = DEFAULT_GRACE


def end_in_order(closable: Closable, grace: float) -> None:
    """Has something written at the interpreter's exit, and closed on SIGTERM where the service does not handle that.

    A service that handles SIGTERM, before or after this call, keeps its handler, and ends as it chooses.

    Args:
        closable: What is to be ended; it is forgotten with its last reference.
        grace: Seconds between SIGTERM and SIGKILL.
    """
    global _process, _grace
    _open.add(closable)
    _grace = grace
    if _process != os.getpid():
        _process = os.getpid()
        atexit.register(_write)
    handle_sigterm()


def handle_sigterm() -> None:
    """Has SIGTERM close what is open, where the service does not handle it; only a main thread can set that up."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _close_and_end)


def _write() -> None:
    if os.getpid() != _process:
        return  # a fork has no thread that writes
    for closable in list(_open):
        closable.write(WRITE_PATIENCE)


def _close() -> None:
    for closable in list(_open):
        closable.close()


def _close_and_end(number: int, _frame: FrameType | None) -> None:
    end = time.monotonic() + _grace - CLOSING / 2
    _write()
    if os.getpid() == _process:
        # On a thread of its own: the main thread was interrupted, maybe while it holds a lock that closing needs.
        closing = threading.Thread(target=_close, name="rohe-closing", daemon=True)
        closing.start()
        closing.join(max(0.0, end - time.monotonic()))
    # The service ends as it would have without this handler, by the signal.
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # The first process of a container is spared by the kernel: no signal without a handler ends it.
    os._exit(128 + number)
