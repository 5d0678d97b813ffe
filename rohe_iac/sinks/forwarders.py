"""Forwarders: bring all sinks of an agent up to date with its store, and none of them holds up another."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from rohe_iac.sinks.forwarder import Forwarder, OutcomeLog
from rohe_iac.sinks.sink import Sink
from rohe_iac.sinks.sink_progress import SinkProgress
from rohe_iac.sinks.store import StoreFull

LOG = logging.getLogger("rohe.agent")


class Forwarders:
    """The sinks of one agent beside its store.

    Attributes:
        each: What brings each of them up to date.
    """

    def __init__(self, sinks: Iterable[Sink], log: OutcomeLog) -> None:
        """Begins where each sink has come to.

        Args:
            sinks: The sinks.
            log: The outcomes, and how far each sink has come.
        """
        self.each = [Forwarder(sink, log) for sink in sinks]

    def forward(self, now: float, *, fresh: bool) -> None:
        """Gives each sink what it does not have yet.

        Args:
            now: Present time by the monotonic clock (seconds).
            fresh: Whether there may be new outcomes; otherwise only sinks that fail or are writing are looked at.
        """
        for forwarder in self.each:
            if fresh or forwarder.last_error or forwarder.waits:
                try:
                    forwarder.forward(now)
                except StoreFull as error:
                    LOG.warning("sink %s: %s: what it was given last is sent again", forwarder.sink.name, error.brief)

    def progress(self) -> list[SinkProgress]:
        """Returns how far each sink has come."""
        return [forwarder.progress() for forwarder in self.each]
