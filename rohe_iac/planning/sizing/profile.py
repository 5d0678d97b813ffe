"""Profile: what was measured of one service, as `profile:` of a blueprint names it. Pure; files are read elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rohe_iac.blueprint.language.profile import AtLoad, ProfileForm, Times
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.sizing.interference import Loads, Slowdown, loads_of

ANY_DEVICE = "any"
"""Stands for the device type of service times that were measured without noting the device type."""


class InvalidProfile(RoheError):
    """A profile, or the measurements for a profile, are not valid."""

    exit_code = ExitCode.INVALID


class Profile(ProfileForm):
    """What was measured of one service, and what follows from the measurements."""

    def times(self, device_type: str = "", *, shared: bool = True) -> Times | None:
        """Returns the service times on a device type, else those measured without one; None where neither is known.

        Args:
            device_type: The name of the device type.
            shared: Prefer the times on a shared node; else those on a node of its own. The others stand in.
        """
        found = self.service_time.get(device_type) or self.service_time.get(ANY_DEVICE)
        if found is None:
            return None
        return (found.shared or found.alone) if shared else (found.alone or found.shared)

    @property
    def loads(self) -> Loads | None:
        """Mean load of the cores of a node that runs the service alone, over all device types."""
        return loads_of([device.busy for device in self.devices.values()])

    @property
    def slowdown(self) -> Slowdown | None:
        """Measured (or estimated) times shared over alone; None where either is missing."""
        found = self.service_time.get(ANY_DEVICE) or next(iter(self.service_time.values()), None)
        if found is None or found.alone is None or found.shared is None:
            return None
        return Slowdown(found.shared.mean / found.alone.mean, found.shared.p99 / found.alone.p99)

    def demand_at(self, load: float) -> AtLoad | None:
        """Returns the demand of a replica at a load in requests a second; None where no demand was measured.

        Linear between the nearest measured loads; beyond them that of the nearest one.
        """
        points = sorted(self.demand, key=lambda point: point.load)
        if not points:
            return None
        if load <= points[0].load:
            return points[0]
        for low, high in pairwise(points):
            if load <= high.load:
                part = (load - low.load) / (high.load - low.load)
                return _between(low, high, part, load)
        return points[-1]


def _between(low: AtLoad, high: AtLoad, part: float, load: float) -> AtLoad:
    def interpolate(start: int, end: int) -> int:
        return math.ceil(round(start + (end - start) * part, 6))

    kinds = sorted(low.accelerators.keys() | high.accelerators.keys())
    return AtLoad.model_construct(
        load=load,
        cpu=interpolate(low.cpu, high.cpu),
        memory=interpolate(low.memory, high.memory),
        accelerators={
            kind: interpolate(low.accelerators.get(kind, 0), high.accelerators.get(kind, 0)) for kind in kinds
        },
    )


def sample_statistics(seconds: Sequence[float]) -> Times:
    """Returns the statistics of a sample of at least two response times, all above 0, in seconds."""
    ordered = sorted(seconds)
    mean = math.fsum(ordered) / len(ordered)
    deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in ordered) / (len(ordered) - 1))
    return Times.model_construct(
        mean=mean,
        deviation=deviation,
        p5=percentile(ordered, 5),
        p50=percentile(ordered, 50),
        p95=percentile(ordered, 95),
        p99=percentile(ordered, 99),
        requests=len(ordered),
    )


def shared_estimate(alone: Times, slowdown: Slowdown) -> Times:
    """Returns estimated times on a shared node: centre scaled by the mean's slowdown, tail by the 99th percentile's."""
    mean, p99 = alone.mean * slowdown.mean, max(alone.p99 * slowdown.p99, alone.p50 * slowdown.mean)
    tail = (p99 - mean) / (alone.p99 - alone.mean) if alone.p99 > alone.mean else slowdown.mean
    return Times.model_construct(
        mean=mean, deviation=alone.deviation * max(tail, 0.0), p50=alone.p50 * slowdown.mean, p99=p99
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Returns a percentile of sorted values, interpolated linearly between neighbours.

    Source: type 7 of Hyndman and Fan, The American Statistician 50, 1996.
    """
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
