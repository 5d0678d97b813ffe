"""Request lanes: the lanes of joined requests, and of the parts of joined requests."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from rohe_iac.observation.measuring.heard_lane import Closing, HeardLane, OrderedClosing
from rohe_iac.observation.measuring.measure import SampleStream
from rohe_iac.observation.reports.joining import member_samples
from rohe_iac.observation.reports.sample import Sample

_ENCODER = msgspec.msgpack.Encoder()

_RANKS = (SampleStream.SENT, SampleStream.ANSWERED, SampleStream.PARTS)
"""The streams in the order in which a request is given to them."""


class RequestLanes:
    """The lanes of requests.

    Attributes:
        lanes: All lanes.
        due: Watermark from which on a window may close (seconds since the epoch).
    """

    def __init__(self, lanes: Sequence[HeardLane]) -> None:
        self.lanes = lanes
        self._by_stream = [[lane for lane in lanes if lane.spec.stream is stream] for stream in _RANKS]
        self.due = min((lane.due for lane in lanes), default=math.inf)

    def take(self, requests: Sequence[Sample], watermark: float) -> list[Closing]:
        """Gives joined requests to the lanes, and returns the windows that close, in order.

        Args:
            requests: Joined requests in order.
            watermark: Event time before which no further request comes.
        """
        starts = [lane.lane.end for lane in self.lanes]
        orders: dict[int, list[tuple[int, int, int]]] = {id(lane): [] for lane in self.lanes}
        sent_lanes, answered_lanes, part_lanes = self._by_stream
        for place, joined in enumerate(requests):
            sent, answered = joined.values["sent"], joined.values["answered"]
            if not sent:
                continue
            for lane in sent_lanes:
                _append(lane, joined)
                orders[id(lane)].append((place, 0, 0))
            if not answered:
                continue
            for lane in answered_lanes:
                _append(lane, joined)
                orders[id(lane)].append((place, 1, 0))
            for index, sample in enumerate(member_samples(joined) if part_lanes else ()):
                for lane in part_lanes:
                    if _admits(lane, sample):
                        _append(lane, sample)
                        orders[id(lane)].append((place, 2, index))
        closings: list[OrderedClosing] = []
        for lane, first in zip(self.lanes, starts, strict=True):
            closings += lane.feed(first, orders[id(lane)])
        closings.sort(key=lambda closing: (closing[0], closing[1]))
        closed = [(number, window) for _, number, window in closings]
        by_watermark = [closing for lane in self.lanes for closing in lane.close(watermark)]
        by_watermark.sort(key=lambda closing: closing[0])
        self.due = min((lane.due for lane in self.lanes), default=math.inf)
        return closed + by_watermark

    def trim(self) -> None:
        """Drops the samples that no window needs."""
        for lane in self.lanes:
            lane.trim()


def _admits(lane: HeardLane, sample: Sample) -> bool:
    if lane.spec.with_accuracy and "accuracy" not in sample.values:
        return False
    part = sample.parts[0]
    return lane.admits(part.identity, lambda: str(part.values.get("model", "")))


def _append(lane: HeardLane, sample: Sample) -> None:
    parts: Any = sample.parts
    origin = tuple(sorted({part.identity for part in parts})) if len(parts) > 1 else (parts[0].identity,)
    record = _ENCODER.encode(sample) if lane.lane.keeps_records else b""
    lane.lane.append(sample.time, origin, [reading.read(sample) for reading in lane.lane.readings], record)
