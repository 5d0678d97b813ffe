"""Watermark: the clock of windows, the event time before which no report counts any more.

Each client sends in order, so what is final is told client by client and the slowest one decides. A client of whose
numbers some are missing is waited for, as these will be sent again. A client that is silent is passed over after a
while, by the clock of arrivals; after a pause of the agent or of the broker all are waited for, because each brings
what it kept meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rohe_iac.observation.reports.seen import Seen

GRACE = 15.0
"""Seconds after a pause in which silent clients are waited for, and for which missing numbers are."""

FORGOTTEN = 600.0
"""Seconds after which a silent client is no longer known."""


class ClientClock(msgspec.Struct, kw_only=True):
    """What is known of a client, times in seconds since the epoch.

    newest: newest event time; firm: the newest one before which nothing is missing; arrived: the last arrival.
    boot and ranges: the numbers of its present boot that came; missing_since: arrival of the first after a gap, or 0.
    """

    newest: float
    firm: float
    arrived: float
    stopped: bool = False
    boot: str = ""
    ranges: list[list[int]] = []
    missing_since: float = 0.0


class WatermarkState(msgspec.Struct, kw_only=True):
    """What the watermark remembers. resumed: when the last pause ended; paused: whether one lasts.

    excused: clients that nobody asks any more, so that their silence means nothing.
    """

    clients: dict[str, ClientClock] = {}
    value: float = 0.0
    now: float = 0.0
    resumed: float = 0.0
    paused: bool = True
    excused: list[str] = []


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

    def observe(self, client: str, event: float, arrived: float, boot: str = "", seq: int = 0) -> float:
        """A report of event time `event` arrived; returns the event time that counts: none is in the future.

        boot and seq: its number, where the client counts.
        """
        state = self.state
        state.now = max(state.now, arrived)
        event = min(event, state.now)
        known = state.clients.get(client)
        if known is None:
            known = state.clients[client] = ClientClock(newest=event, firm=0.0, arrived=arrived)
        known.newest = max(known.newest, event)
        known.arrived = arrived
        known.stopped = False
        if seq:
            self._number(known, boot, seq)
        if not known.missing_since:
            known.firm = known.newest
        return event

    def _number(self, known: ClientClock, boot: str, seq: int) -> None:
        if boot != known.boot:
            known.boot, known.ranges, known.missing_since = boot, [], 0.0
        seen = Seen(known.ranges)
        seen.add(seq)
        if known.ranges[0][0] == 1 and len(known.ranges) == 1:
            known.missing_since = 0.0
        else:
            known.missing_since = known.missing_since or self.state.now

    def tick(self, now: float) -> None:
        """The clock of arrivals says `now`."""
        state = self.state
        state.now = max(state.now, now)
        for client, clock in list(state.clients.items()):
            self._give_up(clock)
            if state.now - clock.arrived > FORGOTTEN:
                del state.clients[client]

    def pause(self, now: float) -> None:
        """Nothing can arrive until `resume`: silence means nothing, and nothing becomes final."""
        self.state.now = max(self.state.now, now)
        self.state.paused = True

    def resume(self, now: float) -> None:
        """A pause ended: what clients kept is still to come."""
        self.state.now = max(self.state.now, now)
        self.state.resumed = self.state.now
        self.state.paused = False

    def stop(self, client: str) -> None:
        """A client said that it stops: nothing more is waited for from it."""
        known = self.state.clients.get(client)
        if known is not None:
            known.stopped = True

    def excuse(self, clients: Iterable[str]) -> None:
        """These, and no others, are not waited for; what they report on time counts all the same."""
        self.state.excused = sorted(clients)

    def advance(self) -> float:
        """Moves the watermark as far as is final now, and returns it."""
        state = self.state
        waited = state.now - state.resumed > GRACE
        if state.paused or (not waited and not self._expected <= state.clients.keys()):
            return state.value
        silent = state.now - self._idle
        marks = [self._mark(clock, silent) for name, clock in state.clients.items() if name not in state.excused]
        candidate = min(marks, default=silent if waited else 0.0) - self._lateness
        state.value = max(state.value, candidate)
        return state.value

    def _give_up(self, clock: ClientClock) -> None:
        # What an earlier store took in, or what was lost with an outbox, never comes: the gap is closed as it is.
        if clock.missing_since and self.state.now - max(clock.missing_since, self.state.resumed) > GRACE:
            clock.ranges[:] = [[1, clock.ranges[-1][1]]]
            clock.missing_since = 0.0
            clock.firm = clock.newest

    def _mark(self, clock: ClientClock, silent: float) -> float:
        state = self.state
        if clock.stopped:
            return max(clock.newest, state.now)
        since = clock.arrived
        patience = self._idle
        if clock.arrived < state.resumed:
            since, patience = state.resumed, GRACE
        if clock.missing_since:
            patience = GRACE
        return max(clock.firm, silent) if state.now - since > patience else clock.firm
