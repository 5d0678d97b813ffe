"""Windows: samples in order are grouped into spans by time, by count, by both, or by session.

Three roles: the watermark (watermark.py) decides what is final, the windower here assigns samples to windows, and the
measure (measure.py) computes the value of a window. Windows by time are half-open [start, end) and aligned to multiples
of `every` since the epoch, so that a restart changes none of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from rohe_iac.observation.contract import WindowSpec
from rohe_iac.observation.reports.sample import Sample

MAX_CATCH_UP = 1000
"""Windows that may close at once after a silence; of a longer run those in between are skipped."""


class ClosedWindow(msgspec.Struct, kw_only=True):
    """A window that is complete.

    Attributes:
        start: Start of the span (seconds since the epoch); by count, the time of the first sample.
        end: End of the span (seconds since the epoch); by count, the time of the last sample.
        samples: Samples of the window in order.
        number: Number of the window, from 1.
    """

    start: float
    end: float
    samples: list[Sample]
    number: int = 0

    @property
    def seconds(self) -> float:
        """Returns the length of the span in seconds."""
        return self.end - self.start


class WindowState(msgspec.Struct, kw_only=True):
    """Everything that a windower remembers.

    Attributes:
        samples: Samples that later windows need.
        count: How many samples came in all.
        next_end: End of the next window by time (seconds since the epoch); 0 before the first.
        closed: How many windows have closed.
        cut_at: Time of the newest sample that an early end of a window has taken; later windows begin after it.
    """

    samples: list[Sample] = []
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

    def feed(self, sample: Sample) -> Iterator[ClosedWindow]:
        """Adds the next sample, and yields the windows that end before it or with it."""
        state, spec = self.state, self.spec
        if spec.every_seconds and not state.closed:
            first = self._first_end(sample.time)
            state.next_end = min(first, state.next_end or first)
        yield from self._close_until(sample.time)
        state.samples.append(sample)
        state.count += 1
        if spec.session:
            return
        if spec.every_count:
            yield from self._close_by_count(sample)
        if spec.size_count:
            del state.samples[: -spec.size_count]

    def advance(self, watermark: float) -> Iterator[ClosedWindow]:
        """Yields the windows that end by `watermark`, before which no further sample comes."""
        yield from self._close_until(watermark)

    def cut(self) -> Iterator[ClosedWindow]:
        """Yields the present window, which ends early with its newest sample, and forgets its samples."""
        samples, self.state.samples = self.state.samples, []
        if samples:
            self.state.cut_at = samples[-1].time
            yield self._close(start=samples[0].time, end=samples[-1].time, samples=samples)

    def _close(self, start: float, end: float, samples: list[Sample]) -> ClosedWindow:
        self.state.closed += 1
        return ClosedWindow(start=start, end=end, samples=samples, number=self.state.closed)

    def _first_end(self, time: float) -> float:
        every = self.spec.every_seconds
        return (math.floor(time / every) + 1) * every

    def _close_by_count(self, sample: Sample) -> Iterator[ClosedWindow]:
        state, spec = self.state, self.spec
        if spec.size_count:
            full = state.count >= spec.size_count
            if full and (state.count - spec.size_count) % spec.every_count == 0:
                samples = state.samples[-spec.size_count :]
                yield self._close(start=samples[0].time, end=sample.time, samples=list(samples))
            return
        state.samples = [earlier for earlier in state.samples if earlier.time > sample.time - spec.size_seconds]
        if state.count % spec.every_count == 0:
            start = max(sample.time - spec.size_seconds, state.cut_at)
            yield self._close(start=start, end=sample.time, samples=list(state.samples))

    def _close_until(self, time: float) -> Iterator[ClosedWindow]:
        state, spec = self.state, self.spec
        if spec.session:
            if state.samples and state.samples[-1].time + spec.session <= time:
                samples, state.samples = state.samples, []
                yield self._close(start=samples[0].time, end=samples[-1].time + spec.session, samples=samples)
            return
        while spec.every_seconds and state.next_end and state.next_end <= time:
            end = state.next_end
            window = self._close_at(end)
            state.next_end = end + spec.every_seconds
            yield window
            if (time - state.next_end) / spec.every_seconds > MAX_CATCH_UP:
                # No sample came for long: of such a run of empty windows only the last one is closed.
                state.next_end = math.floor(time / spec.every_seconds) * spec.every_seconds

    def _close_at(self, end: float) -> ClosedWindow:
        state, spec = self.state, self.spec
        if spec.size_count:
            samples = [sample for sample in state.samples if sample.time < end][-spec.size_count :]
            start = samples[0].time if samples else end - spec.every_seconds
            return self._close(start=start, end=end, samples=samples)
        start = end - spec.size_seconds
        state.samples = [sample for sample in state.samples if sample.time >= start]
        samples = [sample for sample in state.samples if sample.time < end]
        return self._close(start=max(start, min(state.cut_at, end)), end=end, samples=samples)
