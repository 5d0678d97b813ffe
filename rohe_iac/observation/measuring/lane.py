"""Lane: the samples of one stream and scope, kept once as columns for all objectives that measure them."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

import msgspec

from rohe_iac.observation.measuring.columns import Block, Floats, encode_column, new_block, samples_of
from rohe_iac.observation.measuring.pane import Panes, PaneState
from rohe_iac.observation.measuring.selection import Reading, without_gaps
from rohe_iac.observation.measuring.sketch import Sketch
from rohe_iac.observation.measuring.summary import Numbers, Summary, sketch_of
from rohe_iac.observation.reports.sample import Identity, Sample

BLOCK_SIZE = 512
"""Samples of a block."""

BLOCKS_OF_SKETCH = 16
"""Blocks that have a sketch together, because one takes as much memory as a thousand numbers."""

MIN_ORIGINS = 256
"""Origins up to which a table is not searched for those that no sample has."""

Origin = tuple[Identity, ...]
"""The instances that a sample comes from, sorted."""

_ENCODER = msgspec.msgpack.Encoder(enc_hook=encode_column)


class LaneState(msgspec.Struct, kw_only=True):
    """Everything that a lane remembers.

    Attributes:
        first: Number of the first sample that is kept; samples are numbered from 0.
        blocks: The samples from there on.
        origins: Origins of the samples by number; no number is given again.
        next_origin: Number of the next new origin.
        stored: Number of the first sample of which no stored block has a copy.
        panes: Samples before `first`, of which only digests are kept.
        bare: Number of the first sample whose record is kept; of those before it only what is read from them is.
    """

    first: int = 0
    blocks: list[Block] = []
    origins: dict[int, Origin] = {}
    next_origin: int = 0
    stored: int = 0
    panes: PaneState = msgspec.field(default_factory=PaneState)
    bare: int = 0


class Lane:
    """Samples in order of time, numbered from 0; the oldest are dropped when no window needs them.

    Attributes:
        readings: What is read from each sample.
        state: What the lane remembers.
        keeps_records: Whether the samples themselves are kept too, not only what is read from them.
        end: Number of the next sample.
        panes: Samples of which only digests are kept.
        derived: What was worked out of the samples of each block, by the number of its first sample.
    """

    def __init__(self, readings: Sequence[Reading], state: LaneState, *, keeps_records: bool) -> None:
        self.readings, self.state, self.keeps_records = tuple(readings), state, keeps_records
        self._places = {reading.key: place for place, reading in enumerate(self.readings)}
        self._origins = {origin: place for place, origin in state.origins.items()}
        self._summaries: dict[tuple[int, int], Summary] = {}
        self._sketches: dict[tuple[int, int], Sketch] = {}
        self._counts: dict[int, Counter[int]] = {}
        self.panes = Panes(state.panes, self.readings)
        self.derived: dict[int, dict[str, tuple[Any, dict[str, Any]]]] = {}
        self._room = MIN_ORIGINS
        self.end = state.first + sum(len(block.times) for block in state.blocks)

    def extend(
        self,
        times: Sequence[float],
        origins: Sequence[Origin],
        numbers: Sequence[Sequence[float]],
        records: Sequence[bytes],
    ) -> None:
        """Adds the next samples, as columns.

        Args:
            times: Event times (seconds since the epoch), ascending, and not before that of the last sample.
            origins: Instances that each sample comes from.
            numbers: What is read from the samples, one column a reading.
            records: The samples as MessagePack, where the lane keeps records.
        """
        self._forget_origins()
        places = [self._place_of(origin) for origin in origins]
        done = 0
        while done < len(times):
            block = self._open_block()
            until = done + BLOCK_SIZE - len(block.times)
            block.times.extend(times[done:until])
            block.origins.extend(places[done:until])
            for column, values in zip(block.numbers, numbers, strict=True):
                column.extend(values[done:until])
            if self.keeps_records:
                block.records.extend(records[done:until])
            done = until
        self.end += len(times)

    def _open_block(self) -> Block:
        blocks = self.state.blocks
        if not blocks or len(blocks[-1].times) >= BLOCK_SIZE:
            blocks.append(new_block(len(self.readings)))
        return blocks[-1]

    def _place_of(self, origin: Origin) -> int:
        """Returns the number of an origin, which is given to it if it is new."""
        place = self._origins.get(origin)
        if place is None:
            state = self.state
            place = self._origins[origin] = state.next_origin
            state.origins[place] = origin
            state.next_origin += 1
        return place

    def _forget_origins(self) -> None:
        """Drops the origins that no sample has, where there are many."""
        state = self.state
        if len(state.origins) < self._room:
            return
        used = {place for block in state.blocks for place in block.origins}
        used.update(place for pane in state.panes.panes for place in pane.counts)
        state.origins = {place: origin for place, origin in state.origins.items() if place in used}
        self._origins = {origin: place for place, origin in state.origins.items()}
        self._room = max(MIN_ORIGINS, 2 * len(used))

    def take_full_blocks(self) -> list[tuple[int, bytes]]:
        """Returns the blocks that have been filled since the last call, by the number of their first sample."""
        state = self.state
        state.stored = max(state.stored, state.first)
        taken = []
        while state.stored + BLOCK_SIZE <= self.end:
            block = state.blocks[(state.stored - state.first) // BLOCK_SIZE]
            taken.append((state.stored, _ENCODER.encode(block)))
            state.stored += BLOCK_SIZE
        return taken

    def trim(self, first: int) -> None:
        """Drops the samples before number `first`, as far as they fill blocks, or all of them."""
        state = self.state
        self.panes.drop(first)
        if first >= self.end:
            self._forget_all()
            state.blocks.clear()
            state.first = state.stored = self.end
        while state.blocks and state.first + BLOCK_SIZE <= first:
            for place in range(len(self.readings)):
                self._summaries.pop((state.first, place), None)
                self._sketches.pop((state.first // BLOCK_SIZE // BLOCKS_OF_SKETCH, place), None)
            self.derived.pop(state.first, None)
            self._counts.pop(state.first, None)
            state.blocks.pop(0)
            state.first += BLOCK_SIZE

    def fold(self, width: float, newest: int = 1) -> None:
        """Keeps only digests of blocks, by pane.

        Args:
            width: Length of a pane in seconds; windows begin and end at multiples of it.
            newest: How many of the newest blocks are left as they are, at least one.
        """
        state = self.state
        full, state.blocks = state.blocks[:-newest], state.blocks[-newest:]
        self.panes.fold(full, state.first, width)
        state.first += BLOCK_SIZE * len(full)
        self._forget_all()

    def _forget_all(self) -> None:
        """Forgets what was worked out of blocks."""
        for worked_out in (self._summaries, self._sketches, self._counts, self.derived):
            worked_out.clear()

    def drop_records(self, newest: int) -> None:
        """Drops the samples themselves, but of so many of the newest blocks, and keeps what is read from them."""
        for block in (state := self.state).blocks[:-newest]:
            block.records = []
        state.bare = max(state.bare, state.first + BLOCK_SIZE * max(0, len(state.blocks) - newest))
        self.derived.clear()

    def time_of(self, number: int) -> float:
        """Returns the time of the sample of that number (seconds since the epoch); in a pane, of its first or last."""
        if number < self.state.first:
            return self.panes.time_of(number)
        block, place = divmod(number - self.state.first, BLOCK_SIZE)
        return self.state.blocks[block].times[place]

    def first_from(self, time: float) -> int:
        """Returns the number of the first sample at `time` or later; `end` where there is none."""
        return self._find(time, bisect_left)

    def first_after(self, time: float) -> int:
        """Returns the number of the first sample later than `time`; `end` where there is none."""
        return self._find(time, bisect_right)

    def _find(self, time: float, bisect: Callable[[Sequence[float], float], int]) -> int:
        for pane in self.state.panes.panes:
            if pane.end >= time:
                return pane.first
        blocks = self.state.blocks
        low, high = 0, len(blocks)
        while low < high:
            middle = (low + high) // 2
            times = blocks[middle].times
            if bisect(times, time) == len(times):
                low = middle + 1
            else:
                high = middle
        if low == len(blocks):
            return self.end
        return self.state.first + low * BLOCK_SIZE + bisect(blocks[low].times, time)

    def select(self, first: int, last: int) -> LaneSelection:
        """Returns the samples from number `first` up to, and without, number `last`."""
        return LaneSelection(self, first, max(first, last))

    def spans(self, first: int, last: int) -> Iterator[tuple[int, Block, int, int]]:
        """Yields number and content of each block that has samples from `first` to `last`, and which of them."""
        state = self.state
        first = max(first, state.first)
        for index in range((first - state.first) // BLOCK_SIZE, len(state.blocks)):
            number = state.first + index * BLOCK_SIZE
            if number >= last:
                return
            yield number, state.blocks[index], max(0, first - number), min(BLOCK_SIZE, last - number)

    def column(self, reading: Reading) -> int:
        """Returns the place of a reading's column."""
        return self._places[reading.key]

    def counts_of(self, number: int, block: Block) -> Counter[int]:
        """Returns how many samples of a whole block are of each origin, by the number of its first sample."""
        found = self._counts.get(number)
        if found is None:
            found = self._counts[number] = Counter(block.origins)
        return found

    def summary(self, number: int, block: Block, place: int) -> Summary:
        """Returns the summary of a column of a whole block, by the number of its first sample."""
        key = (number, place)
        found = self._summaries.get(key)
        if found is None:
            column = block.numbers[place]
            # The sum of numbers is a number, so that a column without gaps is told by it, and not copied.
            whole = math.fsum(column) == math.fsum(column)
            found = self._summaries[key] = Summary(column if whole else Floats(without_gaps(column)), kept=True)
        return found

    def sketches(self, first: int, last: int, place: int) -> Iterator[Sketch]:
        """Yields sketches of a column's numbers from number `first` up to, and without, number `last`."""
        groups: dict[int, list[Summary]] = {}
        others: list[Summary] = []
        for number, block, start, end in self.spans(first, last):
            if end - start == BLOCK_SIZE:
                group = number // BLOCK_SIZE // BLOCKS_OF_SKETCH
                groups.setdefault(group, []).append(self.summary(number, block, place))
            else:
                others.append(Summary(without_gaps(block.numbers[place][start:end])))
        for group, parts in groups.items():
            if len(parts) < BLOCKS_OF_SKETCH:
                others += parts
                continue
            found = self._sketches.get((group, place))
            if found is None:
                found = self._sketches[group, place] = sketch_of(parts)
            yield found
        yield sketch_of(others)


class LaneSelection:
    """Samples of a lane one after the other.

    Attributes:
        lane: Lane of the samples.
    """

    def __init__(self, lane: Lane, first: int, last: int) -> None:
        """Selects the samples from number `first` up to, and without, number `last`."""
        self.lane, self._first, self._last = lane, first, last
        self._by_origin: dict[tuple[Any, ...], dict[int, list[float]]] = {}

    @property
    def count(self) -> int:
        """Returns how many samples there are."""
        return self._last - self._first

    @property
    def last(self) -> int:
        """Returns the number of the sample after the last one."""
        return self._last

    @cached_property
    def counts(self) -> Counter[int]:
        """Returns how many samples there are of each origin, by its number."""
        counts: Counter[int] = Counter()
        for pane in self.lane.panes.of(self._first, self._last):
            counts.update(pane.counts)
        for number, block, start, end in self.lane.spans(self._first, self._last):
            if end - start == BLOCK_SIZE:
                counts.update(self.lane.counts_of(number, block))
            else:
                counts.update(block.origins[start:end])
        return counts

    def numbers(self, reading: Reading) -> Numbers:
        """Returns the numbers that are read from the samples, without those that have none."""
        lane, place = self.lane, self.lane.column(reading)
        parts: list[Summary] = []
        for number, block, start, end in lane.spans(self._first, self._last):
            if end - start == BLOCK_SIZE:
                parts.append(lane.summary(number, block, place))
            else:
                parts.append(Summary(without_gaps(block.numbers[place][start:end])))
        digests = [lane.panes.digest(pane, place) for pane in lane.panes.of(self._first, self._last)]
        return Numbers(parts, lambda: lane.sketches(self._first, self._last, place), digests)

    def numbers_of(self, reading: Reading, origins: Collection[int]) -> Numbers:
        """Returns the numbers that are read from the samples of some origins, by their numbers."""
        place = self.lane.column(reading)
        digests = [
            pane.digests[place][origin]
            for pane in self.lane.panes.of(self._first, self._last)
            for origin in origins
            if origin in pane.digests[place]
        ]
        if reading.ordered:
            values = [value for value, origin in self._pairs(reading) if origin in origins]
            return Numbers([Summary(values)], digests=digests)
        groups = self._by_origin.get(reading.key)
        if groups is None:
            groups = self._by_origin[reading.key] = {}
            for value, origin in self._pairs(reading):
                group = groups.get(origin)
                if group is None:
                    groups[origin] = [value]
                else:
                    group.append(value)
        return Numbers([Summary(groups[origin]) for origin in origins if origin in groups], digests=digests)

    def _pairs(self, reading: Reading) -> Iterator[tuple[float, int]]:
        place = self.lane.column(reading)
        for _, block, start, end in self.lane.spans(self._first, self._last):
            for value, origin in zip(block.numbers[place][start:end], block.origins[start:end], strict=True):
                if value == value:  # all but NaN
                    yield value, origin

    def origins(self) -> list[tuple[int, Origin]]:
        """Returns number and content of each origin of the samples."""
        table = self.lane.state.origins
        return [(place, table[place]) for place in self.counts]

    def of(self, origins: Collection[int]) -> PartialSelection:
        """Returns the samples among these that are of some origins, by their numbers."""
        return PartialSelection(self, origins)

    def records(self) -> Iterator[tuple[int, int, int, Callable[[], list[Sample]]]]:
        """Yields the samples by block, of a lane that keeps records, without those whose records were dropped.

        Each comes with the number of the block's first sample, and first and last place in the block.
        """
        for number, block, start, end in self.lane.spans(max(self._first, self.lane.state.bare), self._last):
            yield number, start, end, partial(samples_of, block, start, end)

    @property
    def recorded(self) -> int:
        """Returns how many of the samples have a record, of a lane that keeps records."""
        return max(0, self._last - max(self._first, self.lane.state.bare, self.lane.state.first))

    @property
    def samples(self) -> list[Sample]:
        """Returns the samples themselves, of a lane that keeps records."""
        return [sample for _, _, _, decode in self.records() for sample in decode()]


class PartialSelection:
    """The samples of a selection that are of some origins."""

    def __init__(self, whole: LaneSelection, origins: Collection[int]) -> None:
        self._whole, self._origins = whole, origins

    @property
    def count(self) -> int:
        """Returns how many samples there are."""
        return sum(self._whole.counts[origin] for origin in self._origins)

    def numbers(self, reading: Reading) -> Numbers:
        """Returns the numbers that are read from the samples, without those that have none."""
        return self._whole.numbers_of(reading, self._origins)
