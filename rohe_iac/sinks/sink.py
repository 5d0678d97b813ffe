"""Sink: where outcomes go besides the store, each at its own pace."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from rohe_iac.foundation.errors import RoheError
from rohe_iac.observation.judging.outcome import Outcome

LOG = logging.getLogger("rohe.sinks")

AT_ONCE = 200
LONGEST_WAIT = 60.0
"""Seconds between attempts at a sink that goes on failing."""


class SinkFailed(RoheError):
    """A sink could not take what it was given; it will be given the same again."""


class Sink(Protocol):
    """Takes outcomes in order, each at least once."""

    @property
    def name(self) -> str:
        """Under which its progress is kept."""
        ...

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Takes all of them, or raises SinkFailed."""
        ...


class OutcomeLog(Protocol):
    """Where outcomes are kept in order, with the progress of every sink."""

    def outcomes_after(self, row: int, most: int) -> list[tuple[int, Outcome]]:
        """Outcomes with their rows."""
        ...

    def cursor(self, sink: str) -> int:
        """The last row that a sink has taken."""
        ...

    def move_cursor(self, sink: str, row: int) -> None:
        """A sink has taken everything up to `row`."""
        ...


@dataclass
class Forwarder:
    """Brings one sink up to date; what fails is tried again later, and holds nobody else up."""

    sink: Sink
    log: OutcomeLog
    failures: int = 0
    why: str = ""
    _wait_until: float = field(default=0.0)

    def forward(self, now: float) -> int:
        """Gives the sink what it has not taken yet, unless it rests after a failure; returns how many it took."""
        if now < self._wait_until:
            return 0
        taken = 0
        row = self.log.cursor(self.sink.name)
        while found := self.log.outcomes_after(row, AT_ONCE):
            try:
                self.sink.write([outcome for _, outcome in found])
            except SinkFailed as error:
                self.failures += 1
                self.why = error.brief
                self._wait_until = now + min(LONGEST_WAIT, 0.5 * 2 ** min(self.failures, 10))
                LOG.warning("sink %s: %s", self.sink.name, error.brief)
                return taken
            row = found[-1][0]
            self.log.move_cursor(self.sink.name, row)
            taken += len(found)
        self.failures, self.why = 0, ""
        return taken

    def lag(self) -> int:
        """Outcomes that the sink has not taken, counted up to 10 000."""
        return len(self.log.outcomes_after(self.log.cursor(self.sink.name), 10_000))
