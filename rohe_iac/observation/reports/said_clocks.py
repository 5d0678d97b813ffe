"""Said clocks: what time it is by an agent's clients, for an agent whose own clock may be wrong.

A machine without a battery for its clock may start decades away. By such a clock good reports of everybody would be too
old; what most clients say is the better time then.
"""

from __future__ import annotations

import statistics
import time

from rohe_iac.foundation.wire.report_bounds import EARLIEST, MAX_AGE
from rohe_iac.observation.reports.report import OutdatedReport

MAX_CLIENTS = 1000
"""Clients whose clocks are remembered."""


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(at))


class SaidClocks:
    """The clocks of clients, each by how far it is ahead of this process's monotonic clock.

    Attributes:
        monotonic: The monotonic clock at the present batch.
    """

    def __init__(self) -> None:
        self.monotonic = 0.0
        self._began: float | None = None
        self._by_reports: dict[str, float] = {}
        self._by_states: dict[str, float] = {}

    def begin_batch(self, now: float, monotonic: float) -> None:
        """Begins a batch of messages.

        Args:
            now: Present time by the agent's clock (seconds since the epoch).
            monotonic: Its monotonic clock.
        """
        # Not by the wall clock: a device without one of its own sets it by decades when the network is there.
        self.monotonic = monotonic
        if self._began is None:
            self._began = now - self.monotonic

    def hear_state(self, client: str, at: float) -> None:
        """Takes into account when a client has just made a message about itself (seconds since the epoch)."""
        if at >= EARLIEST and (client in self._by_states or len(self._by_states) < MAX_CLIENTS):
            self._by_states[client] = at - self.monotonic

    def check_age(self, client: str, at: float, now: float) -> None:
        """Checks that a report is not too old, by the agent's clock and by what most clients say.

        Args:
            client: Topic level of the client.
            at: Event time of its report (seconds since the epoch).
            now: Present time by the agent's clock.

        Raises:
            OutdatedReport: The event is more than MAX_AGE ago by all clocks.
        """
        # An event is not after its report, so that the newest one says least wrong what time it is there.
        if client not in self._by_states and at >= EARLIEST:
            ahead = at - self.monotonic
            known = self._by_reports.get(client)
            if (known is None and len(self._by_reports) < MAX_CLIENTS) or (known is not None and ahead > known):
                self._by_reports[client] = ahead
        # By a clock that was set forward meanwhile, good reports of everybody would be too old.
        if min(now, (self._began or 0.0) + self.monotonic) - at > MAX_AGE:
            said = self.said()
            if said is None or said - at > MAX_AGE:
                raise OutdatedReport(f"the report is of {_day(at)}: is the clock of its device set?")

    def said(self) -> float | None:
        """Returns the present time by the median of the clients (seconds since the epoch); None where none says it."""
        clocks = {**self._by_reports, **self._by_states}
        return statistics.median_low(clocks.values()) + self.monotonic if clocks else None

    def trouble(self, now: float) -> str:
        """Returns in words that the agent's clock is wrong by years; "" where clients and agent agree.

        Args:
            now: Present time by the agent's clock (seconds since the epoch).
        """
        said = self.said()
        if said is None or abs(said - now) <= MAX_AGE:
            return ""
        return f"the clock of this machine is set to {_day(now)}, those of its clients to {_day(said)}: set it right"
