"""The clock as a protocol, passed in wherever time matters, so that tests never wait."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A source of time that can also wait."""

    def now(self) -> float:
        """Returns the seconds since the Unix epoch (UTC)."""
        ...

    def monotonic(self) -> float:
        """Returns seconds that never go back, counted from an arbitrary start."""
        ...

    def sleep(self, seconds: float) -> None:
        """Returns after `seconds`."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Returns the seconds since the Unix epoch (UTC)."""
        return time.time()

    def monotonic(self) -> float:
        """Returns seconds that never go back, counted from an arbitrary start."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Returns after `seconds`."""
        time.sleep(seconds)
