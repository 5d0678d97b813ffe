"""Watermark: the clock of windows, the event time before which no report counts any more.

Each client sends in order, so what is final is told client by client and the slowest one decides. A client that is
silent is passed over after a while, by the clock of arrivals; after a pause of the agent or of the broker all are
waited for, because each brings what it kept meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

GRACE = 6.0
"""Seconds after a pause in which silent clients are waited for."""

FORGOTTEN = 600.0
"""Seconds after which a silent client is no longer known."""


class ClientClock(msgspec.Struct, kw_only=True):
    """The newest event time of a client and when it last arrived, seconds since the epoch."""

    newest: float
    arrived: float
    stopped: bool = False


class WatermarkState(msgspec.Struct, kw_only=True):
    """What the watermark remembers. resumed: when the last pause ended."""

    clients: dict[str, ClientClock] = {}
    value: float = 0.0
    now: float = 0.0
    resumed: float = 0.0


class Watermark:
    """lateness: seconds that reports of one client may be out of order, and clients behind each other.

    expected: clients that are waited for after a pause although they were never heard of.
    """

    def __init__(self, lateness: float, state: WatermarkState | None = None, expected: Iterable[str] = ()) -> None:
        self._lateness = lateness
        self._expected = frozenset(expected)
        self._idle = max(1.0, lateness)
        self.state = state if state is not None else WatermarkState()

    @property
    def value(self) -> float:
        """Seconds since the epoch; never goes back."""
        return self.state.value

    def observe(self, client: str, event: float, arrived: float) -> float:
        """A report of event time `event` arrived; returns the event time that counts: none is in the future."""
        state = self.state
        event = min(event, max(arrived, state.now))
        known = state.clients.get(client)
        if known is None:
            state.clients[client] = ClientClock(newest=event, arrived=arrived)
        else:
            known.newest = max(known.newest, event)
            known.arrived = arrived
            known.stopped = False
        state.now = max(state.now, arrived)
        return event

    def tick(self, now: float) -> None:
        """The clock of arrivals says `now`."""
        state = self.state
        state.now = max(state.now, now)
        for client, clock in list(state.clients.items()):
            if state.now - clock.arrived > FORGOTTEN:
                del state.clients[client]

    def resume(self, now: float) -> None:
        """A pause ended: what clients kept is still to come."""
        self.state.now = max(self.state.now, now)
        self.state.resumed = self.state.now

    def stop(self, client: str) -> None:
        """A client said that it stops: nothing more is waited for from it."""
        known = self.state.clients.get(client)
        if known is not None:
            known.stopped = True

    def advance(self) -> float:
        """Moves the watermark as far as is final now, and returns it."""
        state = self.state
        if state.now - state.resumed <= GRACE and not self._expected <= state.clients.keys():
            return state.value
        silent = state.now - self._idle
        marks = [self._mark(clock, silent) for clock in state.clients.values()]
        candidate = min(marks, default=silent if state.now - state.resumed > GRACE else 0.0) - self._lateness
        state.value = max(state.value, candidate)
        return state.value

    def _mark(self, clock: ClientClock, silent: float) -> float:
        state = self.state
        if clock.stopped:
            return max(clock.newest, state.now)
        since = clock.arrived
        patience = self._idle
        if clock.arrived < state.resumed:
            since, patience = state.resumed, GRACE
        return max(clock.newest, silent) if state.now - since > patience else clock.newest
