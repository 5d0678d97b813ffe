"""Watermark: the event time before which no further report counts.

Each client sends in order, so completeness is decided client by client, and the slowest client decides for all. The
watermark waits for a client with missing sequence numbers, because the client sends those reports again. A client that
is silent becomes idle after a timeout by the clock of arrivals. After a pause of the agent or of the broker the
watermark waits for every client, because each of them sends what it kept meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rohe_iac.observation.reports.sequence_set import SequenceSet

GRACE_PERIOD = 15.0
"""Seconds for which silent clients are waited for after a pause, and missing sequence numbers at any time."""

FORGET_AFTER = 600.0
"""Seconds of silence after which a client is forgotten."""


class ClientClock(msgspec.Struct, kw_only=True):
    """The progress of one client; times are seconds since the epoch.

    Attributes:
        newest: Newest event time.
        complete_up_to: Newest event time before which no sequence number is missing.
        arrived: When the last report arrived.
        stopped: Whether the client has announced its end.
        boot: Boot of the last report.
        ranges: Sequence numbers of that boot that arrived, as inclusive ranges.
        missing_since: When the first report after a gap arrived; 0 without a gap.
    """

    newest: float
    complete_up_to: float = msgspec.field(name="firm")
    arrived: float
    stopped: bool = False
    boot: str = ""
    ranges: list[list[int]] = []
    missing_since: float = 0.0


class WatermarkState(msgspec.Struct, kw_only=True):
    """Everything that a watermark remembers; times are seconds since the epoch.

    Attributes:
        clients: Known clients by name.
        value: The watermark.
        now: Newest time of the clock of arrivals.
        resumed: When the last pause ended.
        paused: Whether a pause lasts.
        excluded: Clients that get no requests at present, so that their silence means nothing.
    """

    clients: dict[str, ClientClock] = {}
    value: float = 0.0
    now: float = 0.0
    resumed: float = 0.0
    paused: bool = True
    excluded: list[str] = msgspec.field(default_factory=list, name="excused")


class Watermark:
    """The watermark of a stream with several sources: the minimum over the clients that are not idle.

    The concept is that of T. Akidau et al., The Dataflow Model, PVLDB 8 (2015); idle sources are left out as in Apache
    Flink.

    Attributes:
        state: What the watermark remembers.
    """

    def __init__(self, lateness: float, state: WatermarkState | None = None, expected: Iterable[str] = ()) -> None:
        """Continues from `state`, or begins in a pause.

        Args:
            lateness: Seconds by which the reports of one client may be out of order, and clients behind each other.
            state: State to continue from.
            expected: Clients that are waited for after a pause although they never reported.
        """
        self._lateness = lateness
        self._expected = frozenset(expected)
        self._idle_timeout = max(1.0, lateness)
        self.state = state if state is not None else WatermarkState()

    @property
    def value(self) -> float:
        """Returns the watermark in seconds since the epoch; it never decreases."""
        return self.state.value

    def observe(self, client: str, event: float, arrived: float, boot: str = "", seq: int = 0) -> float:
        """Records the arrival of a report.

        Args:
            client: Client that sent the report.
            event: Event time of the report (seconds since the epoch).
            arrived: Time of arrival (seconds since the epoch).
            boot: Boot of the client.
            seq: Sequence number within the boot; 0 where the client does not count.

        Returns:
            The event time that counts: `event`, or the present where that is in the future.
        """
        state = self.state
        state.now = max(state.now, arrived)
        event = min(event, state.now)
        clock = state.clients.get(client)
        if clock is None:
            clock = state.clients[client] = ClientClock(newest=event, complete_up_to=0.0, arrived=arrived)
        clock.newest = max(clock.newest, event)
        clock.arrived = arrived
        clock.stopped = False
        if seq:
            self._record_number(clock, boot, seq)
        if not clock.missing_since:
            clock.complete_up_to = clock.newest
        return event

    def _record_number(self, clock: ClientClock, boot: str, seq: int) -> None:
        if boot != clock.boot:
            clock.boot, clock.ranges, clock.missing_since = boot, [], 0.0
        SequenceSet(clock.ranges).add(seq)
        if clock.ranges[0][0] == 1 and len(clock.ranges) == 1:
            clock.missing_since = 0.0
        else:
            clock.missing_since = clock.missing_since or self.state.now

    def tick(self, now: float) -> None:
        """Advances the clock of arrivals to `now` (seconds since the epoch)."""
        state = self.state
        state.now = max(state.now, now)
        for client, clock in list(state.clients.items()):
            self._skip_expired_gap(clock)
            if state.now - clock.arrived > FORGET_AFTER:
                del state.clients[client]

    def pause(self, now: float) -> None:
        """Begins a pause at `now`: until `resume` nothing can arrive and the watermark stands still."""
        self.state.now = max(self.state.now, now)
        self.state.paused = True

    def resume(self, now: float) -> None:
        """Ends the pause at `now`: the reports that clients kept meanwhile are still to come."""
        self.state.now = max(self.state.now, now)
        self.state.resumed = self.state.now
        self.state.paused = False

    def stop(self, client: str) -> None:
        """Records that a client has announced its end, so that it is not waited for."""
        clock = self.state.clients.get(client)
        if clock is not None:
            clock.stopped = True

    def exclude(self, clients: Iterable[str]) -> None:
        """Replaces the set of clients that are not waited for; reports of theirs that come on time still count."""
        self.state.excluded = sorted(clients)

    def advance(self) -> float:
        """Moves the watermark as far as the clients' progress allows, and returns it."""
        state = self.state
        waited = state.now - state.resumed > GRACE_PERIOD
        if state.paused or (not waited and not self._expected <= state.clients.keys()):
            return state.value
        idle_mark = state.now - self._idle_timeout
        marks = [
            self._client_watermark(clock, idle_mark)
            for name, clock in state.clients.items()
            if name not in state.excluded
        ]
        candidate = min(marks, default=idle_mark if waited else 0.0) - self._lateness
        state.value = max(state.value, candidate)
        return state.value

    def _skip_expired_gap(self, clock: ClientClock) -> None:
        # Reports that an earlier store had, or that were lost with an outbox, never come: the gap is closed as it is.
        if clock.missing_since and self.state.now - max(clock.missing_since, self.state.resumed) > GRACE_PERIOD:
            clock.ranges[:] = [[1, clock.ranges[-1][1]]]
            clock.missing_since = 0.0
            clock.complete_up_to = clock.newest

    def _client_watermark(self, clock: ClientClock, idle_mark: float) -> float:
        state = self.state
        if clock.stopped:
            return max(clock.newest, state.now)
        since = clock.arrived
        patience = self._idle_timeout
        if clock.arrived < state.resumed:
            since, patience = state.resumed, GRACE_PERIOD
        if clock.missing_since:
            patience = GRACE_PERIOD
        return max(clock.complete_up_to, idle_mark) if state.now - since > patience else clock.complete_up_to
