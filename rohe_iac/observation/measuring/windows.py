"""Windows: samples in order are grouped into spans by time, by count, by both, or by session.

Three roles: the watermark (watermark.py) decides what is final, the windower here assigns samples to windows, and the
measure (measure.py) computes the value of a window. Windows by time are half-open [start, end) and aligned to multiples
of `every` since the epoch, so that a restart changes none of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from rohe_iac.observation.contract import WindowSpec
from rohe_iac.observation.measuring.lane import Lane, LaneSelection

MAX_CATCH_UP = 1000
"""Windows that may close at once after a silence; of a longer run those in between are skipped."""


@dataclass(slots=True, kw_only=True)
class ClosedWindow:
    """A window that is complete.

    Attributes:
        start: Start of the span (seconds since the epoch); by count, the time of the first sample.
        end: End of the span (seconds since the epoch); by count, the time of the last sample.
        samples: Samples of the window.
        number: Number of the window, from 1.
    """

    start: float
    end: float
    samples: LaneSelection
    number: int = 0

    @property
    def seconds(self) -> float:
        """Returns the length of the span in seconds."""
        return self.end - self.start


class WindowState(msgspec.Struct, kw_only=True):
    """Everything that a windower remembers.

    Attributes:
        first: Number of the first sample in the lane that later windows need.
        count: How many samples came in all.
        next_end: End of the next window by time (seconds since the epoch); 0 before the first.
        closed: How many windows have closed.
        cut_at: Time of the newest sample that an early end of a window has taken; later windows begin after it.
    """

    first: int = 0
    count: int = 0
    next_end: float = 0.0
    closed: int = 0
    cut_at: float = -math.inf


class Windower:
    """Assigns samples, in order of (time, key), to tumbling, sliding or session windows.

    The kinds of windows are those of T. Akidau et al., The Dataflow Model, PVLDB 8 (2015). Windows close in order of
    event time, by the samples and by the watermark.

    Attributes:
        spec: Size and interval of the windows.
        state: What the windower remembers.
    """

    def __init__(self, spec: WindowSpec, state: WindowState | None = None) -> None:
        self.spec = spec
        self.state = state if state is not None else WindowState()

    def begin(self, now: float) -> None:
        """Starts windows by time at `now` (seconds since the epoch) even without samples.

        An earlier sample starts them earlier.
        """
        if self.spec.every_seconds and not self.state.next_end:
            self.state.next_end = self._first_end(now)

    @property
    def due(self) -> float:
        """Returns the watermark from which on a window may close (seconds since the epoch).

        Before it nothing depends on when the samples so far are fed. It is minus infinity for windows that may close
        with any sample.
        """
        state, spec = self.state, self.spec
        if spec.session or spec.every_count or not state.count or not state.next_end:
            return -math.inf
        return state.next_end

    def feed(self, lane: Lane, first: int) -> Iterator[tuple[int, ClosedWindow]]:
        """Takes the samples of the lane from number `first` on, and yields the windows that end before or with one.

        Each comes with the number of the sample that closes it.
        """
        state, spec, end = self.state, self.spec, lane.end
        if first >= end:
            return
        if spec.every_seconds and not state.closed:
            earliest = self._first_end(lane.time_of(first))
            state.next_end = min(earliest, state.next_end or earliest)
        if spec.session:
            yield from self._feed_sessions(lane, first)
        elif spec.every_count:
            yield from self._feed_by_count(lane, first)
        else:
            yield from self._feed_by_time(lane, first)
        state.count += end - first
        if spec.size_count:
            state.first = max(state.first, end - spec.size_count)

    def advance(self, lane: Lane, watermark: float) -> Iterator[ClosedWindow]:
        """Yields the windows that end by `watermark`, before which no further sample comes."""
        state, spec = self.state, self.spec
        if spec.session:
            if state.first < lane.end and lane.time_of(lane.end - 1) + spec.session <= watermark:
                yield self._close_session(lane, lane.end)
        else:
            yield from self._close_until(lane, watermark, lane.end)

    def cut(self, lane: Lane) -> Iterator[ClosedWindow]:
        """Yields the present window, which ends early with its newest sample, and forgets its samples."""
        first, self.state.first = self.state.first, lane.end
        if first < lane.end:
            start, end = lane.time_of(first), lane.time_of(lane.end - 1)
            self.state.cut_at = end
            yield self._close(start, end, lane.select(first, lane.end))

    def _close(self, start: float, end: float, samples: LaneSelection) -> ClosedWindow:
        self.state.closed += 1
        return ClosedWindow(start=start, end=end, samples=samples, number=self.state.closed)

    def _first_end(self, time: float) -> float:
        every = self.spec.every_seconds
        return (math.floor(time / every) + 1) * every

    def _feed_by_time(self, lane: Lane, first: int) -> Iterator[tuple[int, ClosedWindow]]:
        state = self.state
        while state.next_end and (number := max(first, lane.first_from(state.next_end))) < lane.end:
            for window in self._close_until(lane, lane.time_of(number), number):
                yield number, window

    def _feed_by_count(self, lane: Lane, first: int) -> Iterator[tuple[int, ClosedWindow]]:
        state, spec = self.state, self.spec
        fed = state.count
        phase = spec.size_count % spec.every_count
        count = max(spec.size_count, fed + 1 + (phase - fed - 1) % spec.every_count)
        while count <= fed + lane.end - first:
            number = first + count - fed - 1
            time = lane.time_of(number)
            if spec.size_count:
                begin = max(state.first, number + 1 - spec.size_count)
                yield number, self._close(lane.time_of(begin), time, lane.select(begin, number + 1))
            else:
                begin = max(state.first, lane.first_after(time - spec.size_seconds))
                start = max(time - spec.size_seconds, state.cut_at)
                yield number, self._close(start, time, lane.select(begin, number + 1))
            count += spec.every_count
        if not spec.size_count:
            state.first = max(state.first, lane.first_after(lane.time_of(lane.end - 1) - spec.size_seconds))

    def _feed_sessions(self, lane: Lane, first: int) -> Iterator[tuple[int, ClosedWindow]]:
        state, gap = self.state, self.spec.session
        for number in range(max(first, state.first + 1), lane.end):
            if lane.time_of(number - 1) + gap <= lane.time_of(number):
                yield number, self._close_session(lane, number)

    def _close_session(self, lane: Lane, end: int) -> ClosedWindow:
        first, self.state.first = self.state.first, end
        samples = lane.select(first, end)
        return self._close(lane.time_of(first), lane.time_of(end - 1) + self.spec.session, samples)

    def _close_until(self, lane: Lane, time: float, fed: int) -> Iterator[ClosedWindow]:
        """Yields the windows by time that end by `time`, made of the samples before number `fed`."""
        state, spec = self.state, self.spec
        while spec.every_seconds and state.next_end and state.next_end <= time:
            end = state.next_end
            window = self._close_at(lane, end, fed)
            state.next_end = end + spec.every_seconds
            yield window
            if (time - state.next_end) / spec.every_seconds > MAX_CATCH_UP:
                # No sample came for long: of such a run of empty windows only the last one is closed.
                state.next_end = math.floor(time / spec.every_seconds) * spec.every_seconds

    def _close_at(self, lane: Lane, end: float, fed: int) -> ClosedWindow:
        state, spec = self.state, self.spec
        if spec.size_count:
            first = max(state.first, fed - spec.size_count)
            start = lane.time_of(first) if first < fed else end - spec.every_seconds
            return self._close(start, end, lane.select(first, fed))
        start = end - spec.size_seconds
        state.first = max(state.first, min(fed, lane.first_from(start)))
        return self._close(max(start, min(state.cut_at, end)), end, lane.select(state.first, fed))
