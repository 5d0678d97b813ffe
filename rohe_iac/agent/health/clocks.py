"""Client clocks: how far the clock of each client is off that of the agent."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.agent.health.record import ClockHealth, ClockSkew

PERIOD = 30.0
"""Seconds of which the least delay is kept; an estimate is of this period and the one before."""

MAX_CLIENTS = 10_000
"""Clients whose clocks are measured, those heard last."""

MAX_WORST = 10
"""Clocks that are listed, at most."""


class _Delays:
    """The least delays of one client: of the present period and of the one before.

    Attributes:
        began: When the present period began, in seconds of the agent's monotonic clock.
        least: Least delay of the present period, in seconds.
        before: Least delay of the period before.
        ever: Least delay since the first message.
        since: When that arrived, in seconds of the agent's monotonic clock.
        heartbeats: Whether they are of states, which are sent at once, and not of reports, which may have waited.
    """

    __slots__ = ("before", "began", "ever", "heartbeats", "least", "since")

    def __init__(self, began: float, delay: float, *, heartbeats: bool) -> None:
        self.began, self.least, self.before, self.heartbeats = began, delay, delay, heartbeats
        self.since, self.ever = began, delay

    def ahead(self, monotonic: float) -> float:
        """Returns the seconds by which the clock is ahead, as far as is known at a time of the monotonic clock."""
        least = min(self.least, self.before)
        if self.heartbeats or least < 0.0:
            return -least
        # All reports of a while may have waited; a clock is behind by no more than what one of them ever showed.
        return -max(0.0, self.ever) if monotonic - self.since >= PERIOD else 0.0


class ClientClocks:
    """Estimates clocks by the least difference of the time at which a message arrives and the time that it states.

    A message takes some time, and a report may have waited in an outbox: both make a clock look behind, and the least
    difference of a while is the one that they touch the least. Where a client sends states, these alone count; where it
    sends none, its clock is behind by the least difference of all time, once it was heard for a period.
    """

    def __init__(self) -> None:
        self._delays: dict[str, _Delays] = {}

    def observe(self, stated: Mapping[str, float], now: float, monotonic: float, *, heartbeats: bool) -> None:
        """Takes the times that clients have stated in messages that have just arrived.

        Args:
            stated: Newest time that each client has stated (seconds since the epoch).
            now: Present time (seconds since the epoch).
            monotonic: Present time by the monotonic clock (seconds).
            heartbeats: Whether the messages were states; otherwise they were reports.
        """
        for client, at in stated.items():
            delay = now - at
            delays = self._delays.get(client)
            if delays is None or (heartbeats and not delays.heartbeats):
                if delays is None and len(self._delays) >= MAX_CLIENTS:
                    del self._delays[next(iter(self._delays))]
                self._delays[client] = _Delays(monotonic, delay, heartbeats=heartbeats)
            elif heartbeats or not delays.heartbeats:
                if monotonic - delays.began > PERIOD:
                    delays.began, delays.before, delays.least = monotonic, delays.least, delay
                elif delay < delays.least:
                    delays.least = delay
                delays.ever = min(delays.ever, delay)

    def measure(self, limit: float, monotonic: float) -> ClockHealth:
        """Returns how far the clocks are off, of the clients that were heard in the last two periods.

        Args:
            limit: Seconds by which a clock may be off.
            monotonic: Present time by the monotonic clock (seconds).
        """
        for client in [name for name, found in self._delays.items() if monotonic - found.began > 2 * PERIOD]:
            del self._delays[client]
        ahead = {client: found.ahead(monotonic) for client, found in self._delays.items()}
        worst = sorted(ahead.items(), key=lambda item: (-abs(item[1]), item[0]))[:MAX_WORST]
        return ClockHealth(
            measured=len(ahead),
            limit=limit,
            wrong=sum(abs(seconds) > limit for seconds in ahead.values()),
            worst=[ClockSkew(client=client, ahead=round(seconds, 3)) for client, seconds in worst],
        )
