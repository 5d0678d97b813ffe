"""Heard lane: a lane and the windows that are made of its samples."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from rohe_iac.observation.contract import ScopeSpec
from rohe_iac.observation.measuring.columns import COLUMN_BYTES, NUMBER_BYTES, POINTER_BYTES
from rohe_iac.observation.measuring.lane import BLOCK_SIZE, Lane, LaneState
from rohe_iac.observation.measuring.measure import LaneSpec, Measure
from rohe_iac.observation.measuring.pane import DIGEST_BYTES, pane_width
from rohe_iac.observation.measuring.selection import Reading
from rohe_iac.observation.measuring.windows import ClosedWindow, Windower
from rohe_iac.observation.reports.sample import Identity

FOLD_BEYOND = 2**17
"""Samples of a lane beyond which only digests of them are kept, where its windows allow it."""

RECORDED_BLOCKS = 4
"""Blocks, the newest, whose samples explanations have in any case: of some 2,000 samples."""

MAX_KNOWN = 10_000
"""Instances of which it is remembered whether they are in scope."""

Closing = tuple[int, ClosedWindow]
"""The number of a listener, and a window of it that has closed."""

OrderedClosing = tuple[Any, int, ClosedWindow]
"""What closes a window, in the order in which it comes, then the number of the listener and the window."""


class Listener(Protocol):
    """What has windows made of samples: an objective, or a user function."""

    @property
    def windower(self) -> Windower:
        """Returns its windows."""
        ...

    @property
    def lane(self) -> LaneSpec:
        """Returns which samples they are made of."""
        ...

    @property
    def measure(self) -> Measure | None:
        """Returns how they are measured; None for what looks at samples itself."""
        ...

    @property
    def needs_records(self) -> bool:
        """Returns whether it looks at samples themselves."""
        ...


class HeardLane:
    """A lane with its listeners, which are given every sample of it.

    Attributes:
        spec: Which samples the lane has.
        lane: Their columns.
        numbers: Numbers of its listeners.
    """

    def __init__(
        self,
        spec: LaneSpec,
        listeners: Sequence[tuple[int, Listener]],
        readings: Sequence[Reading],
        state: LaneState,
        *,
        keeps_records: bool,
    ) -> None:
        """Continues from a state.

        Args:
            spec: Which samples the lane has.
            listeners: Objectives and user functions with their numbers, by which their windows are ordered.
            readings: What any of them reads from samples.
            state: State of the lane.
            keeps_records: Whether any of them looks at samples themselves.
        """
        self.spec = spec
        self._windowers = [(number, listener.windower) for number, listener in listeners]
        self.lane = Lane(readings, state, keeps_records=keeps_records)
        self.numbers = [number for number, _ in listeners]
        specs = [windower.spec for _, windower in self._windowers]
        # Explanations go on with the newest samples; what looks at samples itself, as user functions do, needs all.
        self._has_spare_records = keeps_records and all(listener.measure is not None for _, listener in listeners)
        can_fold = not keeps_records or self._has_spare_records
        self._pane_width = pane_width((spec.size_seconds, spec.every_seconds) for spec in specs) if can_fold else 0.0
        self._folds_early = not keeps_records
        self._newest = RECORDED_BLOCKS if keeps_records else 1
        self._known: dict[Identity, bool] = {}

    @property
    def due(self) -> float:
        """Returns the watermark from which on a window may close (seconds since the epoch)."""
        return min((windower.due for _, windower in self._windowers), default=math.inf)

    def admits(self, identity: Identity, model: Callable[[], str]) -> bool:
        """Checks whether what an instance has reported is in scope; `model` returns the model that it names."""
        known = self._known.get(identity)
        if known is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            known = self._known[identity] = _is_in_scope(self.spec.scope, identity)
        if not known or not self.spec.scope.model:
            return known
        return self.spec.scope.model in (identity[1], model())

    def feed(self, first: int, orders: Sequence[Any]) -> Iterator[OrderedClosing]:
        """Gives the samples from number `first` on to all listeners.

        Args:
            first: Number of the first new sample.
            orders: The place of each new sample in the order of all samples.
        """
        for number, windower in self._windowers:
            for sample, window in windower.feed(self.lane, first):
                yield orders[sample - first], number, window

    def close(self, watermark: float) -> Iterator[Closing]:
        """Yields the windows that end by `watermark`, before which no further sample comes."""
        for number, windower in self._windowers:
            for window in windower.advance(self.lane, watermark):
                yield number, window

    def cut(self, number: int) -> Iterator[Closing]:
        """Yields the present window of a listener, which ends early."""
        for window in dict(self._windowers)[number].cut(self.lane):
            yield number, window

    def trim(self, *, at_once: bool = False) -> None:
        """Drops the samples that no window needs: many at a time, unless `at_once` is given."""
        lane = self.lane
        if self._folds_early and self._pane_width and lane.end - lane.state.first > FOLD_BEYOND:
            lane.fold(self._pane_width)
        if at_once or lane.state.panes.panes or lane.end - lane.state.first >= 2 * BLOCK_SIZE:
            lane.trim(min((windower.state.first for _, windower in self._windowers), default=lane.end))

    @property
    def spare_bytes(self) -> int:
        """Returns the memory that `condense` would free, about, in bytes."""
        return self._spare_record_bytes + max(0, self._foldable_bytes)

    def condense(self) -> None:
        """Keeps less of the samples of full blocks without ending a window: no records, and digests where it pays."""
        folds = self._foldable_bytes > 0
        if self._has_spare_records:
            self.lane.drop_records(self._newest)
        if folds:
            self.lane.fold(self._pane_width, self._newest)

    @property
    def _spare_record_bytes(self) -> int:
        state = self.lane.state
        samples = BLOCK_SIZE * (len(state.blocks) - self._newest) - max(0, state.bare - state.first)
        if not self._has_spare_records or samples <= 0:
            return 0
        return samples * (sys.getsizeof(state.blocks[-1].records[-1]) + POINTER_BYTES)

    @property
    def _foldable_bytes(self) -> int:
        """Returns the memory that full blocks take beyond the digests of their samples, at most, in bytes."""
        state = self.lane.state
        full = state.blocks[: -self._newest]
        if not self._pane_width or not full:
            return 0
        panes = math.ceil((full[-1].times[-1] - full[0].times[0]) / self._pane_width) + 1
        readings = len(self.lane.readings)
        samples = BLOCK_SIZE * len(full)
        digests = min(samples, panes * len(state.origins))
        return samples * (COLUMN_BYTES + NUMBER_BYTES * readings) - digests * DIGEST_BYTES * max(1, readings)


def heard_lanes(listeners: Sequence[Listener], states: dict[str, LaneState]) -> list[HeardLane]:
    """Returns the lanes that the listeners need, one for all who need the same samples.

    Args:
        listeners: Objectives and user functions; their places in the order are their numbers.
        states: States of lanes by name, to which those of new lanes are added.
    """
    specs = dict.fromkeys(listener.lane for listener in listeners)
    lanes = []
    for spec in specs:
        own = [(number, listener) for number, listener in enumerate(listeners) if listener.lane == spec]
        readings: dict[Any, Reading] = {}
        for _, listener in own:
            for reading in listener.measure.readings if listener.measure is not None else ():
                if reading.key not in readings or reading.squared:
                    readings[reading.key] = reading
        keeps_records = any(listener.needs_records for _, listener in own)
        state = states.setdefault(spec.name, LaneState())
        lanes.append(HeardLane(spec, own, list(readings.values()), state, keeps_records=keeps_records))
    return lanes


def _is_in_scope(scope: ScopeSpec, identity: Identity) -> bool:
    service, member, instance, node = identity
    return (
        scope.service in ("", service)
        and scope.member in ("", member)
        and scope.instance in ("", instance)
        and scope.device in ("", node)
    )
