"""Profile: what was measured of one service, as `profile:` of a blueprint names it. Pure; files are read elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from rohe_iac.blueprint.language.profile import AtLoad, ProfileForm, Times
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.sizing.interference import Loads, Slowdown, loads_of

ANY_DEVICE = "any"
"""Stands for the device type of service times that were measured without telling it."""


class InvalidProfile(RoheError):
    """A profile, or the measurements for one, are not what they should be."""

    exit_code = ExitCode.INVALID


class Profile(ProfileForm):
    """What was measured of one service, and what follows from it."""

    def times(self, device_type: str = "", *, shared: bool = True) -> Times | None:
        """Service times on that device type, else those without one; those alone where no shared ones are known."""
        found = self.service_time.get(device_type) or self.service_time.get(ANY_DEVICE)
        if found is None:
            return None
        return (found.shared or found.alone) if shared else (found.alone or found.shared)

    @property
    def loads(self) -> Loads | None:
        """How it loads the cores of a node, over all device types."""
        return loads_of([device.busy for device in self.devices.values()])

    @property
    def slowdown(self) -> Slowdown | None:
        """Measured (or estimated) shared over alone; None where one of them is missing."""
        found = self.service_time.get(ANY_DEVICE) or next(iter(self.service_time.values()), None)
        if found is None or found.alone is None or found.shared is None:
            return None
        return Slowdown(found.shared.mean / found.alone.mean, found.shared.p99 / found.alone.p99)

    def at(self, load: float) -> AtLoad | None:
        """Demand of a replica at that load: on the line between the measured loads around it, else the nearest one."""
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
    def line(a: int, b: int) -> int:
        return math.ceil(round(a + (b - a) * part, 6))

    kinds = sorted(low.accelerators.keys() | high.accelerators.keys())
    return AtLoad.model_construct(
        load=load,
        cpu=line(low.cpu, high.cpu),
        memory=line(low.memory, high.memory),
        accelerators={kind: line(low.accelerators.get(kind, 0), high.accelerators.get(kind, 0)) for kind in kinds},
    )


def times_of(seconds: Sequence[float]) -> Times:
    """What a sample of response times comes to; at least two of them, all above 0."""
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


def slowed(alone: Times, slowdown: Slowdown) -> Times:
    """Estimated shared times: the mean and what is around it by the mean's slowdown, the tail by that of the p99."""
    mean, p99 = alone.mean * slowdown.mean, max(alone.p99 * slowdown.p99, alone.p50 * slowdown.mean)
    tail = (p99 - mean) / (alone.p99 - alone.mean) if alone.p99 > alone.mean else slowdown.mean
    return Times.model_construct(
        mean=mean, deviation=alone.deviation * max(tail, 0.0), p50=alone.p50 * slowdown.mean, p99=p99
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The percentile of sorted values, on the line between neighbours (Hyndman and Fan's type 7)."""
    place = (len(ordered) - 1) * percent / 100
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


Profiles = Mapping[str, Profile]
"""Profiles by the path that `profile:` of a blueprint gives."""
