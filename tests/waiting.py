"""Waiting for something that tests cannot be told of."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE = 0.05
"""Seconds between two looks, at least."""

LONGEST_PAUSE = 1.0
"""Seconds between two looks, at most."""


def until(condition: Callable[[], object], patience: float = 90.0) -> bool:
    """Returns whether the condition came to hold within `patience` seconds, which is no measure, only an end.

    The pause after a look is as long as the look took: a condition that asks by a command, which takes a second of
    processor time, would otherwise keep a processor busy with nothing but asking.
    """
    deadline = time.monotonic() + patience
    while (begun := time.monotonic()) < deadline:
        if condition():
            return True
        time.sleep(min(LONGEST_PAUSE, max(PAUSE, time.monotonic() - begun)))
    return bool(condition())
