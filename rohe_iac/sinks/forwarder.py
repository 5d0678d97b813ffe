"""Forwarder: brings a sink up to date with the log of outcomes; each sink advances at its own pace."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Protocol

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.sinks.sink import Confirm, Sink, SinkFailed
from rohe_iac.sinks.sink_progress import SinkProgress

LOG = logging.getLogger("rohe.sinks")

BATCH_SIZE = 200
"""Outcomes that a sink is given at once, at most."""

MAX_BACKOFF = 60.0
"""Longest pause in seconds between attempts at a sink that goes on failing."""


class OutcomeLog(Protocol):
    """An ordered log of outcomes that keeps the progress of every sink as a cursor."""

    def outcomes_after(self, row: int, limit: int) -> list[tuple[int, Outcome]]:
        """Returns at most `limit` outcomes after `row` with their rows, in order."""
        ...

    def cursor(self, sink: str) -> int:
        """Returns the row of the last outcome that the sink has written; 0 before the first."""
        ...

    def move_cursor(self, sink: str, row: int) -> None:
        """Records that the sink has written every outcome up to `row`."""
        ...

    def missed(self, sink: str) -> int:
        """Returns how many results were deleted before the sink had written them."""
        ...


@dataclass(frozen=True)
class _Begun:
    """Outcomes that the sink was given: row of the last one, how many, and what to ask until they are written."""

    row: int
    count: int
    confirm: Confirm | None


@dataclass
class Forwarder:
    """Forwards a log to one sink; a failure is retried with exponential backoff and delays no other sink.

    Attributes:
        sink: Destination.
        log: Source of outcomes, and keeper of the sink's cursor.
        failures: Failed attempts since the last success.
        last_error: Message of the last failure; "" after a success.
    """

    sink: Sink
    log: OutcomeLog
    failures: int = 0
    last_error: str = ""
    _retry_at: float = field(default=-math.inf)
    _begun: _Begun | None = field(default=None)

    def to_builtins(self) -> dict[str, object]:
        """Returns the name of the sink, how and why it fails, and how many results it missed, as JSON values."""
        return {"name": self.sink.name, "failures": self.failures, "why": self.last_error, "missed": self.missed}

    @property
    def missed(self) -> int:
        """Returns how many results were deleted before the sink had written them, since the store began."""
        return self.log.missed(self.sink.name)

    def progress(self) -> SinkProgress:
        """Returns how far the sink has come."""
        written = self.log.cursor(self.sink.name)
        given = self._begun.row if self._begun is not None else written
        return SinkProgress(sink=self.sink.name, written=written, given=given, contracts=self.sink.contracts)

    @property
    def waits(self) -> bool:
        """Checks whether the sink was given outcomes of which it does not know yet whether they are written."""
        return self._begun is not None

    def forward(self, now: float) -> int:
        """Writes the outcomes that the sink does not have yet, unless it backs off after a failure.

        Args:
            now: Present time by the monotonic clock (seconds).

        Returns:
            How many outcomes the sink has written, as far as it knows by now.
        """
        if now < self._retry_at:
            return 0
        forwarded = 0
        try:
            while (begun := self._begun or self._begin()) is not None:
                self._begun = begun
                if begun.confirm is not None and not begun.confirm():
                    return forwarded
                self.log.move_cursor(self.sink.name, begun.row)
                self._begun = None
                forwarded += begun.count
        except SinkFailed as error:
            self._begun = None
            self.failures += 1
            self.last_error = error.brief
            self._retry_at = now + min(MAX_BACKOFF, 0.5 * 2 ** min(self.failures, 10))
            LOG.warning("sink %s: %s", self.sink.name, error.brief)
            return forwarded
        self.failures, self.last_error = 0, ""
        return forwarded

    def _begin(self) -> _Begun | None:
        """Gives the sink the next outcomes; returns None where it has all of them."""
        batch = self.log.outcomes_after(self.log.cursor(self.sink.name), BATCH_SIZE)
        if not batch:
            return None
        return _Begun(batch[-1][0], len(batch), self.sink.write([outcome for _, outcome in batch]))
