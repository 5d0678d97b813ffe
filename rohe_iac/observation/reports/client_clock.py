"""Client clock: how far the reports of one client are complete, in event time and in sequence numbers."""

from __future__ import annotations

from bisect import bisect_right

import msgspec

from rohe_iac.observation.reports.sequence_set import shown_numbers

MAX_BOOTS = 4
"""Boots of one client whose missing reports are waited for, the newest."""

MAX_GAPS = 1000
"""Gaps of one boot that are waited for, the newest."""

MAX_FILLING = 120.0
"""Seconds for which missing sequence numbers are waited for at most, while some of them go on to arrive."""

MIN_INTERVAL = 3.0
"""Seconds between two heartbeats of a client, at least; a shorter interval counts as this one."""

DEFAULT_INTERVAL = 10.0
"""Seconds between two heartbeats of a client that sends some without saying how often."""

SILENT_INTERVALS = 1.2
"""Intervals without a word after which a client is silent. With the time that it takes to look, that is noticed within
one and a half."""

MAX_LAG = 60.0
"""Seconds of event time by which a client may be behind the others for as long as it likes."""

MAX_LAG_GROWTH = 15.0
"""Seconds for which a client that is further behind is waited for without coming closer."""

MIN_CATCH_UP = 1.0
"""Seconds of event time by which a client must have come closer meanwhile."""


class Gap(msgspec.Struct, kw_only=True):
    """Sequence numbers that are missing.

    Attributes:
        first: First missing number.
        last: Last missing number.
        since: When the first report after the gap arrived (seconds since the epoch).
        mark: Newest event time before the gap (seconds since the epoch); 0 where nothing came before it.
        filled: When a number of the gap, or of one below it, arrived last (seconds since the epoch); 0 for never.
    """

    first: int
    last: int
    since: float
    mark: float
    filled: float = 0.0


class PassedGap(msgspec.Struct, frozen=True, kw_only=True):
    """Missing reports that are no longer waited for.

    Attributes:
        client: Client whose reports they are.
        first: First missing sequence number.
        last: Last missing sequence number.
        waited: Seconds that were waited.
        at: When the wait ended (seconds since the epoch).
    """

    client: str
    first: int
    last: int
    waited: float
    at: float

    @property
    def text(self) -> str:
        """Returns what happened as people read it: `waited 15 s for reports 1-4 of raw-0: gone on without them`."""
        numbers = shown_numbers(self.first, self.last)
        return f"waited {self.waited:.0f} s for {numbers} of {self.client}: gone on without them"


class LaggingClient(msgspec.Struct, frozen=True, kw_only=True):
    """A client that is no longer waited for, because the times of its reports are far behind those of the others.

    Attributes:
        client: Name of the client.
        newest: Event time of its newest report or promise (seconds since the epoch); 0 where none could be used.
        lag: Seconds by which it is behind.
    """

    client: str
    newest: float
    lag: float

    @property
    def text(self) -> str:
        """Returns what happened as people read it."""
        if not self.newest:
            return f"none of the reports of {self.client} can be used: gone on without waiting for them"
        return (
            f"reports of {self.client} are dated {self.lag:.0f} s before those of others, and do not catch up: gone on"
            f" without waiting for them (is the clock of its device right?)"
        )


class BootProgress(msgspec.Struct, kw_only=True):
    """The sequence numbers of one boot.

    Attributes:
        boot: Identifier of the boot.
        newest: Largest number that arrived; 0 before the first.
        gaps: What is missing below it, ascending.
    """

    boot: str
    newest: int = 0
    gaps: list[Gap] = []

    def add(self, seq: int, now: float, mark: float) -> None:
        """Records that a number arrived at `now`, when `mark` was the newest event time of the client."""
        if seq > self.newest:
            if seq > self.newest + 1:
                self.gaps.append(Gap(first=self.newest + 1, last=seq - 1, since=now, mark=mark))
            self.newest = seq
        elif self.gaps:
            self._fill(seq, now)

    def _fill(self, seq: int, now: float) -> None:
        place = bisect_right(self.gaps, seq, key=lambda gap: gap.first) - 1
        if place < 0 or self.gaps[place].last < seq:
            return
        gap = self.gaps[place]
        gap.filled = now
        if seq == gap.last and place + 1 < len(self.gaps):
            # Reports are sent again in ascending order, so that those of the next gap are still to come.
            self.gaps[place + 1].filled = now
        below = [msgspec.structs.replace(gap, last=seq - 1)] if gap.first < seq else []
        above = [msgspec.structs.replace(gap, first=seq + 1)] if seq < gap.last else []
        self.gaps[place : place + 1] = below + above


class ClientClock(msgspec.Struct, kw_only=True):
    """The progress of one client; times are seconds since the epoch.

    Attributes:
        newest: Newest event time of a report.
        arrived: When the last report or the last promise arrived.
        reported: When the last report arrived; 0 before the first.
        promised: Event time up to which the client says that all its reports have been stored; 0 without a promise.
        promises: Whether the client makes such promises while it has nothing to report.
        heard: When the last heartbeat arrived that says nothing else; 0 before the first.
        interval: Seconds within which the client says something, as it promises; 0 where it promises nothing.
        stopped: Whether the client has announced its end.
        lag: Seconds by which its newest event is behind that of the other clients; the smallest lag since `lag_since`.
        lag_since: When the lag was last smaller than before (seconds since the epoch); 0 without a lag.
        behind: Whether the client reports without coming closer to the others, so that it is not waited for.
        boots: Progress of the newest boots, the present one last.
    """

    newest: float = 0.0
    arrived: float = 0.0
    reported: float = 0.0
    promised: float = 0.0
    promises: bool = False
    heard: float = 0.0
    interval: float = 0.0
    stopped: bool = False
    lag: float = 0.0
    lag_since: float = 0.0
    behind: bool = False
    boots: list[BootProgress] = []

    def stall(self, seconds: float) -> None:
        """Makes all waits for the client longer by some seconds, in which nobody listened."""
        self.arrived += seconds
        self.reported += seconds if self.reported else 0.0
        self.heard += seconds if self.heard else 0.0
        self.lag_since += seconds if self.lag_since else 0.0
        for progress in self.boots:
            for gap in progress.gaps:
                gap.since += seconds
                gap.filled += seconds if gap.filled else 0.0

    @property
    def spoke(self) -> float:
        """Returns when the client was last heard, of anything (seconds since the epoch); 0 for never."""
        return self.arrived if self.arrived > self.heard else self.heard

    def is_silent(self, now: float, since: float) -> bool:
        """Checks whether a client that promises heartbeats has gone without a word.

        Args:
            now: Present time (seconds since the epoch).
            since: Since when it could be heard at all (seconds since the epoch).
        """
        return self.interval > 0 and now - max(self.spoke, since) > SILENT_INTERVALS * self.interval

    def measure_lag(self, lag: float, now: float) -> bool:
        """Records how far the client is behind the others at `now`.

        Args:
            lag: Seconds of event time; up to MAX_LAG the client is waited for as long as it takes.
            now: Present time (seconds since the epoch).

        Returns:
            Whether the client has just been found to be `behind`.
        """
        before = self.behind
        reports = now - self.arrived <= MAX_LAG_GROWTH
        if lag <= MAX_LAG or not reports:
            self.lag, self.lag_since, self.behind = 0.0, 0.0, False
        elif not self.lag_since or lag < self.lag - MIN_CATCH_UP:
            self.lag, self.lag_since = lag, now
        elif now - self.lag_since > MAX_LAG_GROWTH:
            self.behind = True
        return self.behind and not before

    @property
    def dated(self) -> float:
        """Returns the newest time that the client has stated, of a report or in a promise; 0 where it stated none."""
        return self.newest if self.newest > self.promised else self.promised

    @property
    def has_gaps(self) -> bool:
        """Returns whether any report is missing."""
        return any(progress.gaps for progress in self.boots)

    @property
    def complete_up_to(self) -> float:
        """Returns the event time before which nothing is missing."""
        gap = self.oldest_gap
        if gap is not None:
            return gap.mark
        return self.dated

    @property
    def oldest_gap(self) -> Gap | None:
        """Returns the gap that holds the client back the most; None without a gap."""
        oldest: Gap | None = None
        for progress in self.boots:
            if progress.gaps and (oldest is None or progress.gaps[0].mark < oldest.mark):
                oldest = progress.gaps[0]
        return oldest

    def add_number(self, boot: str, seq: int, now: float) -> list[Gap]:
        """Records that a number of a boot arrived at `now`.

        Returns:
            Gaps that are waited for no longer, because there are too many of them.
        """
        progress = self.boots[-1] if self.boots and self.boots[-1].boot == boot else self._turn_to(boot)
        if seq == progress.newest + 1:
            progress.newest = seq
            dropped: list[Gap] = []
        else:
            progress.add(seq, now, max(self.newest, self.promised))
            dropped = [progress.gaps.pop(0)] if len(progress.gaps) > MAX_GAPS else []
        if len(self.boots) > MAX_BOOTS:
            dropped += self.boots.pop(0).gaps
        return dropped

    def _turn_to(self, boot: str) -> BootProgress:
        known = next((progress for progress in self.boots if progress.boot == boot), None)
        if known is None:
            known = BootProgress(boot=boot)
        else:
            self.boots.remove(known)
        self.boots.append(known)
        return known

    def drop_gaps(self, since: float, longest: float) -> list[Gap]:
        """Removes and returns the gaps that are waited for no longer.

        Args:
            since: Gaps that opened before go (seconds since the epoch), unless they were filled in part after it.
            longest: Gaps that opened before go in any case (seconds since the epoch).
        """
        dropped: list[Gap] = []
        for progress in self.boots:
            if progress.gaps:
                kept: list[Gap] = []
                filled = 0.0
                for gap in progress.gaps:
                    filled = gap.filled = max(filled, gap.filled)
                    waits = gap.since >= since or (filled >= since and gap.since >= longest)
                    (kept if waits else dropped).append(gap)
                progress.gaps = kept
        return dropped
