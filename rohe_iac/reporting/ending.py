"""Ending: reports in memory are written before a service ends, by itself or by SIGTERM."""

from __future__ import annotations

import atexit
import os
import signal
import threading
import weakref
from types import FrameType

from rohe_iac.reporting.write_buffer import WriteBuffer

WRITE_PATIENCE = 1.0
"""Seconds for which the end of a service waits for the disk, at most, and only while reports wait in memory."""

_buffers: weakref.WeakSet[WriteBuffer] = weakref.WeakSet()
_process = 0


def flush_at_end(buffer: WriteBuffer) -> None:
    """Has a buffer written when the interpreter exits, and on SIGTERM where the service itself does not handle it.

    A service that handles SIGTERM, before or after this call, keeps its handler, and ends as it chooses.
    """
    global _process
    _buffers.add(buffer)
    if _process == os.getpid():
        return
    _process = os.getpid()
    atexit.register(_flush)
    in_main_thread = threading.current_thread() is threading.main_thread()
    if in_main_thread and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _flush_and_end)


def _flush() -> None:
    if os.getpid() != _process:
        return  # a fork has no thread that writes
    for buffer in list(_buffers):
        buffer.flush(WRITE_PATIENCE)


def _flush_and_end(number: int, _frame: FrameType | None) -> None:
    _flush()
    # The service ends as it would have without this handler, by the signal.
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
