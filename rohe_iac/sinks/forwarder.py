"""Forwarder: brings a sink up to date with the log of outcomes; each sink advances at its own pace."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Protocol

from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.sinks.sink import Sink, SinkFailed

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
    _retry_at: float = field(default=0.0)

    def forward(self, now: float) -> int:
        """Writes the outcomes that the sink does not have yet, unless it backs off after a failure.

        Args:
            now: Present time in seconds since the epoch.

        Returns:
            How many outcomes the sink has written.
        """
        if now < self._retry_at:
            return 0
        forwarded = 0
        row = self.log.cursor(self.sink.name)
        while batch := self.log.outcomes_after(row, BATCH_SIZE):
            try:
                self.sink.write([outcome for _, outcome in batch])
            except SinkFailed as error:
                self.failures += 1
                self.last_error = error.brief
                self._retry_at = now + min(MAX_BACKOFF, 0.5 * 2 ** min(self.failures, 10))
                LOG.warning("sink %s: %s", self.sink.name, error.brief)
                return forwarded
            row = batch[-1][0]
            self.log.move_cursor(self.sink.name, row)
            forwarded += len(batch)
        self.failures, self.last_error = 0, ""
        return forwarded
