"""Request lanes: the lanes of joined requests, and of the parts of joined requests."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from rohe_iac.observation.measuring.heard_lane import Closing, HeardLane, OrderedClosing
from rohe_iac.observation.measuring.lane import Origin
from rohe_iac.observation.measuring.measure import SampleStream
from rohe_iac.observation.reports.joining import member_samples
from rohe_iac.observation.reports.sample import Sample

_ENCODER = msgspec.msgpack.Encoder()

_RANKS = (SampleStream.SENT, SampleStream.ANSWERED, SampleStream.PARTS)
"""The streams in the order in which a request is given to them."""


class _Fed:
    """Samples for one lane, with their places in the order of all samples."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.origins: list[Origin] = []
        self.numbers: list[list[float]] = []
        self.records: list[bytes] = []
        self.orders: list[tuple[int, int, int]] = []

    def add(self, lane: HeardLane, sample: Sample, order: tuple[int, int, int]) -> None:
        """Adds the next sample."""
        parts = sample.parts
        self.times.append(sample.time)
        self.origins.append(
            tuple(sorted({part.identity for part in parts})) if len(parts) > 1 else (parts[0].identity,)
        )
        self.numbers.append([reading.read(sample) for reading in lane.lane.readings])
        if lane.lane.keeps_records:
            self.records.append(_ENCODER.encode(sample))
        self.orders.append(order)


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
        fed = {lane.spec: _Fed() for lane in self.lanes}
        sent_lanes, answered_lanes, part_lanes = self._by_stream
        for place, joined in enumerate(requests):
            sent, answered = joined.values["sent"], joined.values["answered"]
            if not sent:
                continue
            for lane in sent_lanes:
                fed[lane.spec].add(lane, joined, (place, 0, 0))
            if not answered:
                continue
            for lane in answered_lanes:
                fed[lane.spec].add(lane, joined, (place, 1, 0))
            for index, sample in enumerate(member_samples(joined) if part_lanes else ()):
                for lane in part_lanes:
                    if _admits(lane, sample):
                        fed[lane.spec].add(lane, sample, (place, 2, index))
        closings: list[OrderedClosing] = []
        for lane in self.lanes:
            samples, first = fed[lane.spec], lane.lane.end
            if samples.times:
                columns = list(zip(*samples.numbers, strict=True))
                lane.lane.extend(samples.times, samples.origins, columns, samples.records)
                closings += lane.feed(first, samples.orders)
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
