"""Watermark: the event time before which no further report counts.

Each client sends in order, so completeness is decided client by client, and the slowest client decides for all who hear
it: there is one watermark of all clients, and one of each group of clients that some objective hears alone. A watermark
waits, within a bound, for a client with missing sequence numbers, because the client sends those reports again. A
client that is silent becomes idle after a timeout by the clock of arrivals; one that promises to say so when it has
nothing to report is waited for within the bound. After a pause of the agent or of the broker the watermark waits for
every client, because each of them sends what it kept meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from rohe_iac.observation.reports.client_clock import (
    MAX_FILLING,
    MAX_LAG,
    ClientClock,
    Gap,
    LaggingClient,
    PassedGap,
)
from rohe_iac.observation.reports.client_group import ClientGroup, Mark
from rohe_iac.observation.reports.wait import Wait, WaitReason
from rohe_iac.observation.reports.watermark_state import WatermarkState

GRACE_PERIOD = 15.0
"""Seconds for which silent clients are waited for after a pause, and missing sequence numbers at any time."""

SHORT_PATIENCE = 3.0
"""Seconds for which missing sequence numbers are waited for while memory is short."""

FORGET_AFTER = 600.0
"""Seconds of silence after which a client is forgotten."""

SWEEP_INTERVAL = 0.5
"""Seconds between two searches for gaps and clients that are waited for no longer."""

ALL = ""
"""Name of the group of all clients."""

MAX_COUNT = 2**53
"""Largest count that is kept."""


class Watermark:
    """The watermarks of a stream with several sources: the minimum over the clients that are not idle.

    The concept is that of T. Akidau et al., The Dataflow Model, PVLDB 8 (2015); idle sources are left out as in Apache
    Flink.

    Attributes:
        state: What the watermark remembers.
        moved: Groups whose watermark the last `advance` has moved.
        passed: Gaps and clients that were passed over since somebody took them out of this list.
    """

    def __init__(self, lateness: float, state: WatermarkState | None = None, expected: Iterable[str] = ()) -> None:
        """Continues from `state`, or begins in a pause.

        Args:
            lateness: Seconds by which the reports of one client may be out of order, and clients behind each other.
            state: State to continue from.
            expected: Clients that are waited for after a pause although they never reported.
        """
        self._lateness = lateness
        self._idle_timeout = max(1.0, lateness)
        self.state = state if state is not None else WatermarkState()
        self.passed: list[PassedGap | LaggingClient] = []
        self.moved: set[str] = set()
        self._reported: list[str] = []
        self._reported_at = -1.0
        self._groups: dict[str, ClientGroup] = {ALL: ClientGroup(members=set(self.state.clients))}
        for client in expected:
            self.expect(client, ())
        for client, groups in self.state.groups.items():
            self._assign(client, groups)

    def expect(self, client: str, groups: Iterable[str], *, joins: bool = True) -> None:
        """Waits for a client after a pause although it never reported.

        Args:
            client: Name of the client.
            groups: Groups that the client is in, besides that of all clients.
            joins: Whether the group of all clients waits for it too.
        """
        names = (ALL, *groups)
        self._assign(client, names)
        for name in names if joins else names[1:]:
            self._groups[name].expected.add(client)

    def assign(self, client: str, groups: Iterable[str]) -> None:
        """Puts a client that is not expected into groups, besides that of all clients."""
        names = self.state.groups[client] = sorted(groups)
        self._assign(client, names)

    def _assign(self, client: str, groups: Iterable[str]) -> None:
        for name in (ALL, *groups):
            group = self._groups.setdefault(name, ClientGroup())
            group.members.add(client)
            group.checked = -1.0

    @property
    def value(self) -> float:
        """Returns the watermark of all clients in seconds since the epoch; it never decreases."""
        return self.value_of(ALL)

    def value_of(self, group: str) -> float:
        """Returns the watermark of a group in seconds since the epoch; it never decreases."""
        return self.state.values.get(group, 0.0)

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
        if arrived != state.now:
            self._pass_time(arrived)
        now = state.now
        if event >= now:
            # After the clock was set back the watermark is ahead of it, and nothing before that would count.
            event = max(now, min(event, max(state.values.values(), default=0.0)))
        clock = state.clients.get(client) or self._clock_of(client)
        clock.arrived = clock.reported = now
        clock.stopped = False
        if seq and (dropped := clock.add_number(boot, seq, now)):
            self._pass_over(client, dropped)
        if event > clock.newest:
            clock.newest = event
        if now != self._reported_at:
            self._reported_at = now
            self._reported.clear()
            for group in self._groups.values():
                group.read = 0
        self._reported.append(client)
        return event

    def pass_dead_letter(self, client: str, arrived: float, boot: str, seq: int) -> None:
        """Records that a report arrived and cannot be used, so that it is not missing."""
        self._pass_time(arrived)
        clock = self._clock_of(client)
        clock.arrived = self.state.now
        self._pass_over(client, clock.add_number(boot, seq, self.state.now))

    def heartbeat(self, client: str, arrived: float) -> None:
        """Records that a client is there, at the time of arrival (seconds since the epoch)."""
        self._pass_time(arrived)
        self._clock_of(client).heard = self.state.now

    def promise(self, client: str, arrived: float, up_to: float) -> None:
        """Records a client's word about itself.

        Args:
            client: Client that promises.
            arrived: Time of arrival (seconds since the epoch).
            up_to: Event time up to which all its reports have been stored (seconds since the epoch); 0 where it only
                says that it will make such promises while it has nothing to report.
        """
        self._pass_time(arrived)
        clock = self._clock_of(client)
        clock.promises = True
        if up_to:
            clock.arrived = self.state.now
            clock.stopped = False
            clock.promised = max(clock.promised, min(up_to, self.state.now))

    def _clock_of(self, client: str) -> ClientClock:
        clock = self.state.clients.get(client)
        if clock is None:
            clock = self.state.clients[client] = ClientClock()
            self._assign(client, ())
        return clock

    def tick(self, now: float) -> None:
        """Advances the clock of arrivals to `now` (seconds since the epoch)."""
        self._pass_time(now)

    def pause(self, now: float) -> None:
        """Begins a pause at `now`: until `resume` nothing can arrive and the watermark stands still."""
        state = self.state
        state.paused_at = state.paused_at or (now if state.paused else state.now)
        state.now = max(state.now, now)
        state.paused = True

    def resume(self, now: float) -> None:
        """Ends the pause at `now`: the reports that clients kept meanwhile are still to come."""
        state = self.state
        state.now = max(state.now, now)
        state.resumed = state.now
        state.paused, state.paused_at = False, 0.0

    def stall(self, seconds: float, now: float) -> None:
        """Records that the agent was stalled for some seconds until `now`, so that silence meanwhile means nothing.

        All waits become as much longer as the agent was stalled: they are measured in time in which it listened. Where
        its clock was set back, the seconds are negative: times of arrival go back too, so that waits go on. Event times
        stay, and so do the watermarks.
        """
        state = self.state
        state.now = max(state.now, now) if seconds >= 0 else now
        state.resumed += seconds
        if seconds < 0 and state.paused_at:
            state.paused_at += seconds
        for clock in state.clients.values():
            clock.stall(seconds)

    def hurry(self) -> float:
        """Moves the watermarks to the slowest of the clients that were just heard, without any lateness.

        Gaps are waited for SHORT_PATIENCE, silent clients not at all.
        """
        state = self.state
        self.moved.clear()
        if state.paused:
            return self.value
        for client, known in state.clients.items():
            self._pass_over(client, known.drop_gaps(shortly := state.now - SHORT_PATIENCE, shortly))
        for name, group in self._groups.items():
            clocks = [clock for client in group.members if (clock := state.clients.get(client)) and not clock.behind]
            heard = [clock.complete_up_to for clock in clocks if state.now - clock.arrived <= self._idle_timeout]
            if min(heard, default=0.0) > state.values.get(name, 0.0):
                state.values[name] = min(heard)
                self.moved.add(name)
        return self.value

    def stop(self, client: str) -> None:
        """Records that a client has announced its end, so that it is not waited for."""
        clock = self.state.clients.get(client)
        if clock is not None:
            clock.stopped = True

    def lose(self, client: str) -> None:
        """Records that a client has gone without a word, so that it makes no promises."""
        clock = self.state.clients.get(client)
        if clock is not None:
            clock.promises = False

    def exclude(self, clients: Iterable[str]) -> None:
        """Replaces the set of clients that are not waited for; reports of theirs that come on time still count."""
        excluded = sorted(clients)
        if excluded != self.state.excluded:
            self.state.excluded = excluded
            for group in self._groups.values():
                group.marks.clear()

    def advance(self, reported: str | None = None) -> float:
        """Moves the watermarks as far as the clients' progress allows, and returns that of all clients.

        Args:
            reported: The only client whose progress has changed since the last call; None for any.
        """
        state = self.state
        self.moved.clear()
        if not state.paused:
            now = state.now
            for name, group in self._groups.items():
                # Another than the slowest client cannot move the minimum at the same time.
                if reported is None or group.checked != now or group.slowest == reported:
                    self._advance_group(name, group, only_reported=reported is not None)
        return state.values.get(ALL, 0.0)

    def _advance_group(self, name: str, group: ClientGroup, *, only_reported: bool) -> None:
        state = self.state
        waited = state.now - state.resumed > GRACE_PERIOD
        checked, group.checked = group.checked, -1.0
        if not waited and not group.expected <= state.clients.keys():
            return
        idle_mark = state.now - self._idle_timeout
        if only_reported and checked == state.now and group.marks and self._reported_at == state.now:
            group.update(self._reported, lambda client: self._mark_of(client, state.clients[client], idle_mark))
        else:
            group.replace(self._marks(group, idle_mark), len(self._reported))
        lowest, slowest = group.first
        if lowest == math.inf:
            lowest = idle_mark if waited else 0.0
        else:
            group.slowest, group.checked = slowest, state.now
        candidate = lowest - self._lateness
        if candidate > state.values.get(name, 0.0):
            state.values[name] = candidate
            self.moved.add(name)

    def _slowest(self, group: ClientGroup, idle_mark: float) -> tuple[float, str]:
        """Returns the smallest mark of the clients of a group, and whose it is; infinity where there is no client."""
        _, lowest, slowest = min(self._marks(group, idle_mark), default=(False, math.inf, ""))
        return lowest, slowest

    def _marks(self, group: ClientGroup, idle_mark: float) -> Iterator[Mark]:
        clients, excluded = self.state.clients, self.state.excluded
        for client in group.members:
            clock = clients.get(client)
            if clock is not None and client not in excluded:
                yield self._mark_of(client, clock, idle_mark)

    def _mark_of(self, client: str, clock: ClientClock, idle_mark: float) -> Mark:
        return clock.behind, self._client_watermark(clock, idle_mark), client

    def wait_of(self, group: str) -> Wait | None:
        """Returns whom the watermark of a group waits for, for longer than reports usually take; None for nobody."""
        state = self.state
        found = self._groups.get(group)
        if found is None or state.paused:
            return None
        waited = state.now - state.resumed > GRACE_PERIOD
        unheard = sorted(found.expected - state.clients.keys())
        if unheard and not waited:
            return Wait(reason=WaitReason.UNHEARD, client=unheard[0], since=state.resumed)
        usual = self._lateness + self._idle_timeout + 2 * SWEEP_INTERVAL
        _, client = self._slowest(found, state.now - self._idle_timeout)
        if not client or state.now - self.value_of(group) <= usual:
            return None
        clock = state.clients[client]
        gap = clock.oldest_gap
        if gap is not None:
            return Wait(reason=WaitReason.GAP, client=client, since=gap.since, first=gap.first, last=gap.last)
        if clock.arrived < state.resumed:
            return Wait(reason=WaitReason.UNHEARD, client=client, since=state.resumed)
        if state.now - clock.arrived > self._idle_timeout:
            return Wait(reason=WaitReason.SILENT, client=client, since=clock.arrived)
        return Wait(reason=WaitReason.BEHIND, client=client, since=clock.newest)

    def _pass_time(self, now: float) -> None:
        state = self.state
        if now > state.now:
            state.now = now
        if abs(state.now - state.swept) < SWEEP_INTERVAL:
            return
        state.swept = state.now
        deadline = state.now - GRACE_PERIOD
        longest = state.now - MAX_FILLING if state.resumed < state.now - MAX_FILLING else 0.0
        lead = max((clock.newest for clock in state.clients.values()), default=0.0)
        for client, clock in list(state.clients.items()):
            lag = lead - clock.dated
            if (lag > MAX_LAG or clock.lag_since) and clock.measure_lag(lag, state.now):
                self.passed.append(LaggingClient(client=client, newest=clock.dated, lag=lag))
            if state.resumed < deadline and not state.paused:
                self._pass_over(client, clock.drop_gaps(deadline, longest))
            if state.now - clock.spoke > max(FORGET_AFTER, 2 * clock.interval):
                self._forget(client)

    def _forget(self, client: str) -> None:
        """Forgets a client; one that is expected stays in its groups."""
        del self.state.clients[client]
        if not any(client in group.expected for group in self._groups.values()):
            self.state.groups.pop(client, None)
            for group in self._groups.values():
                group.members.discard(client)

    def _pass_over(self, client: str, gaps: list[Gap]) -> None:
        # Reports that an earlier store had, or that were lost with an outbox, never come.
        state = self.state
        for gap in gaps:
            state.missing = min(MAX_COUNT, state.missing + gap.last - gap.first + 1)
            waited = min(
                MAX_FILLING if gap.filled else GRACE_PERIOD, max(0.0, state.now - max(gap.since, state.resumed))
            )
            self.passed.append(PassedGap(client=client, first=gap.first, last=gap.last, waited=waited, at=state.now))

    def _client_watermark(self, clock: ClientClock, idle_mark: float) -> float:
        state = self.state
        if clock.stopped:
            return max(clock.newest, state.now)
        complete_up_to = clock.complete_up_to
        if state.now - clock.arrived <= self._idle_timeout:
            return complete_up_to
        since, patience = self._patience(clock)
        return max(complete_up_to, idle_mark) if state.now - since > patience else complete_up_to

    def _patience(self, clock: ClientClock) -> tuple[float, float]:
        """Returns since when a client is silent (seconds since the epoch), and how many seconds are waited for it."""
        state = self.state
        if clock.arrived < state.resumed:
            return state.resumed, GRACE_PERIOD
        waited_for = clock.promises or clock.has_gaps
        return clock.arrived, GRACE_PERIOD if waited_for else self._idle_timeout
