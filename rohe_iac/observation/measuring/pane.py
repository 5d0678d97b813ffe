"""Pane: an interval of a lane with very many samples, of which only digests are kept, one for each origin.

Digests are merged without loss but for percentiles, which have the error of a sketch. Source: J. Li et al., No Pane, No
Gain: Efficient Evaluation of Sliding-Window Aggregates over Data Streams, SIGMOD Record 34 (2005).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Self

import msgspec

from rohe_iac.observation.measuring.columns import Block, Ids, encode_column
from rohe_iac.observation.measuring.selection import Reading
from rohe_iac.observation.measuring.sketch import Sketch
from rohe_iac.observation.measuring.summary import exact_terms, squares_of

_ENCODER = msgspec.msgpack.Encoder(enc_hook=encode_column)


DIGEST_BYTES = 700
"""Memory of a digest without its bins."""


class PackedBins(msgspec.Struct, array_like=True):
    """Bins of a sketch, one after the other.

    Attributes:
        first: The first bin.
        counts: Counts of values from there on.
    """

    first: int
    counts: Ids


def _packed(bins: dict[int, int]) -> PackedBins:
    first, last = min(bins, default=0), max(bins, default=-1)
    return PackedBins(first, Ids(bins.get(place, 0) for place in range(first, last + 1)))


def _bins(packed: PackedBins) -> dict[int, int]:
    return {place: count for place, count in enumerate(packed.counts, start=packed.first) if count}


class Digest(msgspec.Struct, array_like=True):
    """What is kept of numbers.

    Attributes:
        count: How many there are.
        terms: Few floats with exactly their sum.
        low: The smallest; infinity without any.
        high: The largest; minus infinity without any.
        nonzero: How many are not 0.
        positive: Bins of the positive ones.
        negative: Bins of the absolute values of the negative ones.
        zeros: How many are taken for 0.
        squares: Few floats with exactly the sum of their squares, of readings that are `squared`.
    """

    count: int = 0
    terms: list[float] = []
    low: float = math.inf
    high: float = -math.inf
    nonzero: int = 0
    positive: PackedBins = msgspec.field(default_factory=lambda: PackedBins(0, Ids()))
    negative: PackedBins = msgspec.field(default_factory=lambda: PackedBins(0, Ids()))
    zeros: int = 0
    squares: list[float] = []

    @property
    def sketch(self) -> Sketch:
        """Returns the numbers as a sketch."""
        return Sketch(_bins(self.positive), _bins(self.negative), self.zeros)


def digest_of(values: Sequence[float], others: Iterable[Digest] = (), *, squared: bool = False) -> Digest:
    """Returns the digest of numbers, and of all that other digests are of; with their squares if `squared`."""
    merged = list(others)
    sketch = Sketch()
    sketch.add(values)
    for other in merged:
        sketch.merge(other.sketch)
    return Digest(
        count=len(values) + sum(other.count for other in merged),
        terms=exact_terms(list(chain(values, *(other.terms for other in merged)))),
        low=min(chain(values, (other.low for other in merged)), default=math.inf),
        high=max(chain(values, (other.high for other in merged)), default=-math.inf),
        nonzero=sum(map(bool, values)) + sum(other.nonzero for other in merged),
        positive=_packed(sketch.positive),
        negative=_packed(sketch.negative),
        zeros=sketch.zeros,
        squares=exact_terms([*squares_of(values), *chain.from_iterable(other.squares for other in merged)])
        if squared
        else [],
    )


class Pane(msgspec.Struct, array_like=True):
    """Samples of an interval.

    Attributes:
        first: Number of the first sample.
        last: Number after that of the last sample.
        start: Time of the first sample (seconds since the epoch).
        end: Time of the last sample (seconds since the epoch).
        counts: How many samples there are of each origin, by its number.
        digests: What is kept of the numbers of each reading, by number of the origin.
    """

    first: int
    last: int
    start: float
    end: float
    counts: dict[int, int]
    digests: list[dict[int, Digest]]


def pane_width(spans: Iterable[tuple[float, float]]) -> float:
    """Returns the longest interval (seconds) of whose multiples windows of all sizes and intervals are made.

    Args:
        spans: Size and interval of windows by time (seconds).

    Returns:
        The interval; 0 where it is no whole number of milliseconds.
    """
    found = 0
    for seconds in chain.from_iterable(spans):
        if round(seconds * 1000) / 1000 != seconds or not seconds:
            return 0.0
        found = math.gcd(found, round(seconds * 1000))
    return found / 1000


class PaneState(msgspec.Struct, kw_only=True):
    """Panes, one after the other.

    Attributes:
        panes: The panes; the last one may still grow.
        first: Number of the first sample of the first pane; kept in checkpoints alone.
        stored: Number of the first sample of which no stored pane has a copy.
    """

    panes: list[Pane] = []
    first: int = 0
    stored: int = 0

    @property
    def needed(self) -> int:
        """Returns the number of the first stored pane that is still needed."""
        return self.panes[0].first if self.panes else self.stored

    def without_stored(self) -> Self:
        """Returns the state without the panes that are stored."""
        kept = [pane for pane in self.panes if pane.first >= self.stored]
        return msgspec.structs.replace(self, panes=kept, first=self.needed)


class Panes:
    """The panes of a lane.

    Attributes:
        state: What is remembered.
    """

    def __init__(self, state: PaneState, readings: Sequence[Reading]) -> None:
        """Continues from a state, for the readings of a lane."""
        self.state, self._readings = state, readings
        self._digests: dict[tuple[int, int], Digest] = {}

    def fold(self, blocks: Sequence[Block], number: int, width: float) -> None:
        """Adds the samples of blocks.

        Args:
            blocks: Blocks in order.
            number: Number of their first sample.
            width: Length of a pane in seconds.
        """
        gathered: dict[tuple[int, int], dict[int, list[float]]] = {}
        if self.state.panes:
            self._forget(self.state.panes[-1])
        for block in blocks:
            start, size = 0, len(block.times)
            while start < size:
                border = (math.floor(block.times[start] / width) + 1) * width
                end = bisect_left(block.times, border, start)
                self._add(block, start, end, number + start, border - width, gathered)
                start = end
            number += size
        for (first, place), groups in gathered.items():
            pane = next(pane for pane in self.state.panes if pane.first == first)
            digests = pane.digests[place]
            for origin, values in groups.items():
                digests[origin] = digest_of(
                    values,
                    [digests[origin]] if origin in digests else [],
                    squared=self._readings[place].squared,
                )

    def _add(
        self,
        block: Block,
        start: int,
        end: int,
        number: int,
        begin: float,
        gathered: dict[tuple[int, int], dict[int, list[float]]],
    ) -> None:
        """Adds samples of a block to the pane that begins at `begin` (seconds since the epoch)."""
        panes = self.state.panes
        if not panes or panes[-1].end < begin:
            time = block.times[start]
            panes.append(Pane(number, number, time, time, {}, [{} for _ in self._readings]))
        pane = panes[-1]
        pane.last, pane.end = number + end - start, block.times[end - 1]
        origins = block.origins[start:end]
        for origin, count in Counter(origins).items():
            pane.counts[origin] = pane.counts.get(origin, 0) + count
        for place, column in enumerate(block.numbers):
            groups = gathered.setdefault((pane.first, place), {})
            for value, origin in zip(column[start:end], origins, strict=True):
                if value == value:  # all but NaN
                    groups.setdefault(origin, []).append(value)

    def of(self, first: int, last: int) -> list[Pane]:
        """Returns the panes with samples from number `first` up to, and without, number `last`."""
        return [pane for pane in self.state.panes if first <= pane.first < last]

    def digest(self, pane: Pane, place: int) -> Digest:
        """Returns the digest of a reading of a pane, of all origins."""
        key = (pane.first, place)
        found = self._digests.get(key)
        if found is None:
            squared = self._readings[place].squared
            found = self._digests[key] = digest_of([], pane.digests[place].values(), squared=squared)
        return found

    def time_of(self, number: int) -> float:
        """Returns the time of the first sample of a pane by its number, and that of the last one for all others."""
        pane = next(pane for pane in self.state.panes if number < pane.last)
        return pane.start if number == pane.first else pane.end

    def drop(self, first: int) -> None:
        """Drops the panes before the sample of number `first`."""
        while self.state.panes and self.state.panes[0].last <= first:
            self._forget(self.state.panes.pop(0))

    def _forget(self, pane: Pane) -> None:
        for place in range(len(self._readings)):
            self._digests.pop((pane.first, place), None)

    def take_full(self) -> list[tuple[int, bytes]]:
        """Returns the panes that will not grow any more, each once, by the number of their first sample."""
        taken = [pane for pane in self.state.panes[:-1] if pane.first >= self.state.stored]
        if taken:
            self.state.stored = taken[-1].last
        return [(pane.first, _ENCODER.encode(pane)) for pane in taken]
