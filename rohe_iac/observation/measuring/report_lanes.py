"""Report lanes: the lanes of single reports of one group of clients, and the reports that wait for its watermark."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left
from collections.abc import Sequence

import msgspec

from rohe_iac.observation.measuring.heard_lane import Closing, HeardLane, OrderedClosing
from rohe_iac.observation.reports.joining import part_of
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sample import Identity, Sample, number_of

MAX_UNRELEASED = 256
"""Reports that are taken in before those that the watermark has passed are released, where no window closes."""

Waiting = tuple[float, str, int, int, Identity, tuple[float, ...], bytes]
"""A report that waits: event time, client and boot, sequence number, number of arrival, and what a lane keeps of it."""

_ENCODER = msgspec.msgpack.Encoder()


class ReportLanes:
    """The lanes of a group of clients.

    Attributes:
        name: Name of the group.
        lanes: Its lanes.
        unreleased: Reports that were taken in since those that the watermark has passed were released.
    """

    def __init__(self, name: str, lanes: Sequence[HeardLane], waiting: dict[str, list[Waiting]]) -> None:
        """Continues with the reports that wait, by name of the lane."""
        self.name, self.lanes = name, lanes
        self._queues = [waiting.setdefault(lane.spec.name, []) for lane in lanes]
        self._names = [[str(reading.key[1]) for reading in lane.lane.readings] for lane in lanes]
        self.unreleased = 0
        for queue in self._queues:
            queue.sort()  # which makes it a heap, too
        self._due = min((lane.due for lane in lanes), default=math.inf)

    def push(self, report: Report, at: float, order: tuple[str, int], number: int) -> None:
        """Has a report wait in each lane that it belongs to.

        Args:
            report: The report.
            at: Event time that counts (seconds since the epoch).
            order: Its place among reports of the same time: client and boot, and sequence number.
            number: How many reports have arrived with it.
        """
        identity = (report.service, report.member, report.instance, report.node)
        self.unreleased += 1
        for lane, queue, names in zip(self.lanes, self._queues, self._names, strict=True):
            if not lane.admits(identity, lambda: _model_of(report)):
                continue
            numbers = tuple([_number_in(report, name) for name in names])
            record = b""
            if lane.lane.keeps_records:
                part = part_of(report)
                record = _ENCODER.encode(
                    Sample(time=at, key="", request=report.request, values=part.values, parts=[part])
                )
            entry = (at, *order, number, identity, numbers, record)
            if self._due == -math.inf:
                heapq.heappush(queue, entry)
            else:
                queue.append(entry)

    def may_wait(self, watermark: float) -> bool:
        """Checks whether nothing closes at a watermark, so that reports can be released later, many at once."""
        return watermark < self._due and self.unreleased < MAX_UNRELEASED

    def release(self, watermark: float) -> list[Closing]:
        """Gives the reports before a watermark to the lanes, and returns the windows that close, in order."""
        closings: list[OrderedClosing] = []
        for lane, queue in zip(self.lanes, self._queues, strict=True):
            released = self._take(queue, watermark)
            if released:
                first = lane.lane.end
                lane.lane.extend(
                    [entry[0] for entry in released],
                    [(entry[4],) for entry in released],
                    list(zip(*(entry[5] for entry in released), strict=True)),
                    [entry[6] for entry in released],
                )
                closings += lane.feed(first, released)
        if closings:
            # Windows close in the order of the samples that close them; equal keys keep the order of one listener.
            closings.sort(key=lambda closing: (closing[0][:4], closing[1]))
        closed = [(number, window) for _, number, window in closings]
        by_watermark = [closing for lane in self.lanes for closing in lane.close(watermark)]
        by_watermark.sort(key=lambda closing: closing[0])
        self.unreleased = 0
        self._due = min((lane.due for lane in self.lanes), default=math.inf)
        return closed + by_watermark

    def _take(self, queue: list[Waiting], watermark: float) -> list[Waiting]:
        if self._due == -math.inf:
            released = []
            while queue and queue[0][0] < watermark:
                released.append(heapq.heappop(queue))
            return released
        queue.sort()
        place = bisect_left(queue, (watermark,))
        released = queue[:place]
        del queue[:place]
        return released

    def trim(self) -> None:
        """Drops the samples that no window needs."""
        for lane in self.lanes:
            lane.trim()


def _model_of(report: Report) -> str:
    return str(report.metrics.get("model", report.fields.get("model", "")))


def _number_in(report: Report, name: str) -> float:
    """Returns the number of that name in a report, as `Report.values` has it; NaN where it has none."""
    value = report.metrics.get(name)
    if value is None:
        if name in report.fields:
            value = report.fields[name]
        elif name == "response_time" and report.start is not None and report.end is not None:
            value = report.end - report.start
    number = number_of(value)
    return number if number is not None else math.nan
