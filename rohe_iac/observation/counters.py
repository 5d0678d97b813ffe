"""Counters of an observer, which are part of its state."""

from __future__ import annotations

import msgspec


class Counters(msgspec.Struct, kw_only=True):
    """Counters of an observer.

    Attributes:
        reports: Reports observed.
        late: Reports that came after a watermark had passed their event time, and do not count in its windows.
        windows: Windows closed.
        faults: Windows that could not be judged, because judging them raised an exception.
    """

    reports: int = 0
    late: int = 0
    windows: int = 0
    faults: int = 0
