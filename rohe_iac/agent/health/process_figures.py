"""Process figures: processor time, memory and writing of this process, as the system counts them."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import NamedTuple

from rohe_iac.agent.memory import resident_bytes

OWN_IO = Path("/proc/self/io")
"""Where the kernel counts what this process reads and writes (proc(5))."""


class ProcessFigures(NamedTuple):
    """What the system says of this process.

    Attributes:
        processor: Seconds of processor time, of all threads.
        resident: Bytes of resident memory; 0 where the system does not say.
        written: Bytes written to disks; 0 where the system does not say.
        passed_to_write: Bytes given to write calls.
    """

    processor: float
    resident: int
    written: int
    passed_to_write: int


def process_figures() -> ProcessFigures:
    """Returns the present figures."""
    counts: dict[str, int] = {}
    with contextlib.suppress(OSError, ValueError):
        for line in OWN_IO.read_text().splitlines():
            name, _, amount = line.partition(": ")
            counts[name] = int(amount)
    return ProcessFigures(time.process_time(), resident_bytes(), counts.get("write_bytes", 0), counts.get("wchar", 0))
