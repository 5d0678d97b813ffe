"""Windows: from samples in order to spans that close, by time, by count, mixed, or by session.

Three roles: the clock (watermark.py) says what is final, the windower here says what a span holds, the logic
(measure.py) says what it is worth. Spans by time are half-open [start, end) and aligned to multiples of `every`
since the epoch, so that a restart changes none of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import msgspec

from rohe_iac.observation.contract import WindowSpec
from rohe_iac.observation.reports.sample import Sample

LONGEST_RUN = 1000
"""Spans that may close at once; of more, those in between are left out."""


class Window(msgspec.Struct, kw_only=True):
    """A closed span. start and end: seconds since the epoch; by count, the times of the first and last sample.

    number: counts the closed spans from 1.
    """

    start: float
    end: float
    samples: list[Sample]
    number: int = 0

    @property
    def seconds(self) -> float:
        """Length of the span."""
        return self.end - self.start


class WindowState(msgspec.Struct, kw_only=True):
    """All that a windower remembers: samples that later spans need, how many came, and the next end by time."""

    samples: list[Sample] = []
    count: int = 0
    next_end: float = 0.0
    closed: int = 0


class Windower:
    """Feeds on samples in order of (time, key) and on the watermark; yields the spans that these close."""

    def __init__(self, spec: WindowSpec, state: WindowState | None = None) -> None:
        self.spec = spec
        self.state = state if state is not None else WindowState()

    def begin(self, now: float) -> None:
        """Spans by time begin now, whether a sample comes or not; earlier where an earlier sample comes."""
        if self.spec.every_seconds and not self.state.next_end:
            self.state.next_end = self._first_end(now)

    def feed(self, sample: Sample) -> Iterator[Window]:
        """Takes the next sample in; first closes what ended before it."""
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
            yield from self._by_count(sample)
        if spec.size_count:
            del state.samples[: -spec.size_count]

    def advance(self, watermark: float) -> Iterator[Window]:
        """Closes what ended by `watermark`: no sample before it can come any more."""
        yield from self._close_until(watermark)

    def _closed(self, start: float, end: float, samples: list[Sample]) -> Window:
        self.state.closed += 1
        return Window(start=start, end=end, samples=samples, number=self.state.closed)

    def _first_end(self, time: float) -> float:
        every = self.spec.every_seconds
        return (math.floor(time / every) + 1) * every

    def _by_count(self, sample: Sample) -> Iterator[Window]:
        state, spec = self.state, self.spec
        if spec.size_count:
            full = state.count >= spec.size_count
            if full and (state.count - spec.size_count) % spec.every_count == 0:
                held = state.samples[-spec.size_count :]
                yield self._closed(start=held[0].time, end=sample.time, samples=list(held))
            return
        state.samples = [held for held in state.samples if held.time > sample.time - spec.size_seconds]
        if state.count % spec.every_count == 0:
            yield self._closed(start=sample.time - spec.size_seconds, end=sample.time, samples=list(state.samples))

    def _close_until(self, time: float) -> Iterator[Window]:
        state, spec = self.state, self.spec
        if spec.session:
            if state.samples and state.samples[-1].time + spec.session <= time:
                held, state.samples = state.samples, []
                yield self._closed(start=held[0].time, end=held[-1].time + spec.session, samples=held)
            return
        while spec.every_seconds and state.next_end and state.next_end <= time:
            end = state.next_end
            window = self._held_until(end)
            state.next_end = end + spec.every_seconds
            yield window
            if (time - state.next_end) / spec.every_seconds > LONGEST_RUN:
                # Nobody was there for long: of such a run of spans without a new sample only the last is told.
                state.next_end = math.floor(time / spec.every_seconds) * spec.every_seconds

    def _held_until(self, end: float) -> Window:
        state, spec = self.state, self.spec
        if spec.size_count:
            held = [sample for sample in state.samples if sample.time < end][-spec.size_count :]
            start = held[0].time if held else end - spec.every_seconds
            return self._closed(start=start, end=end, samples=held)
        start = end - spec.size_seconds
        state.samples = [sample for sample in state.samples if sample.time >= start]
        return self._closed(start=start, end=end, samples=[sample for sample in state.samples if sample.time < end])
