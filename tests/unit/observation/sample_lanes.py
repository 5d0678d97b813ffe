"""Lanes and selections of samples, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rohe_iac.observation.measuring.lane import Lane, LaneSelection, LaneState
from rohe_iac.observation.measuring.selection import Reading
from rohe_iac.observation.reports.sample import Sample


def append(lane: Lane, sample: Sample) -> None:
    """Adds a sample to a lane, as what reads it does."""
    origin = tuple(sorted({part.identity for part in sample.parts}))
    numbers = [[reading.read(sample)] for reading in lane.readings]
    lane.extend([sample.time], [origin], numbers, [msgspec.msgpack.encode(sample)])


def lane_of(samples: Sequence[Sample], readings: Sequence[Reading] = ()) -> Lane:
    """Returns a lane of samples, from which something is read."""
    lane = Lane(readings, LaneState(), keeps_records=True)
    for sample in samples:
        append(lane, sample)
    return lane


def selected(samples: Sequence[Sample], readings: Sequence[Reading] = ()) -> LaneSelection:
    """Returns all samples of a lane of them."""
    lane = lane_of(samples, readings)
    return lane.select(0, lane.end)
