"""Heard lane: a lane and the windows that are made of its samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

from rohe_iac.observation.contract import ScopeSpec
from rohe_iac.observation.measuring.lane import BLOCK_SIZE, Lane, LaneState
from rohe_iac.observation.measuring.measure import LaneSpec, Measure
from rohe_iac.observation.measuring.pane import pane_width
from rohe_iac.observation.measuring.selection import Reading
from rohe_iac.observation.measuring.windows import ClosedWindow, Windower
from rohe_iac.observation.reports.sample import Identity

FOLD_BEYOND = 2**17
"""Samples of a lane beyond which only digests of them are kept, where its windows allow it."""

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
        can_fold = not keeps_records and not any(reading.whole for reading in readings)
        self._pane_width = pane_width((spec.size_seconds, spec.every_seconds) for spec in specs) if can_fold else 0.0
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
        if self._pane_width and lane.end - lane.state.first > FOLD_BEYOND:
            lane.fold(self._pane_width)
        if at_once or lane.state.panes.panes or lane.end - lane.state.first >= 2 * BLOCK_SIZE:
            lane.trim(min((windower.state.first for _, windower in self._windowers), default=lane.end))


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
        readings = {
            reading.key: reading
            for _, listener in own
            if listener.measure is not None
            for reading in listener.measure.readings
        }
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
