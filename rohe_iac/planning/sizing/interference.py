"""How much slower a service gets when it shares its node, told by how it loads the node's cores when alone.

The model: the logarithm of the slowdown is linear in two loads, averaged over the device types measured: that of the
busiest core, and that of all the other cores together (both in cores). A service that keeps one core busy and no other
is slowed least; one that spreads over many cores meets its neighbours on each. Weights come from a ridge regression
(Hoerl and Kennard, Technometrics 12, 1970) on standardised loads, since there are few services to learn from. Mean and
99th percentile have weights of their own. `tests/benchmarks/bench_sizing.py` prints how it does against one constant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

RIDGE = 1.0
"""Weight of the penalty on standardised loads."""


LEAST_SERVICES = 5
"""Fewer measured services than this teach nothing; the published study's weights stand in."""


BOUNDS = (1.0, 4.0)
"""A slowdown outside of these is taken as the nearer of them: sharing speeds nothing up."""


@dataclass(frozen=True, slots=True)
class Loads:
    """Mean load of a service's cores when alone, in cores: the busiest, and all the others together."""

    busiest: float
    rest: float


@dataclass(frozen=True, slots=True)
class Slowdown:
    """Shared over alone, of the mean and of the 99th percentile."""

    mean: float
    p99: float


@dataclass(frozen=True, slots=True)
class Weights:
    """log(slowdown) = base + busiest * Loads.busiest + rest * Loads.rest."""

    base: float
    busiest: float
    rest: float

    def of(self, loads: Loads) -> float:
        """The slowdown for these loads, within BOUNDS."""
        told = math.exp(self.base + self.busiest * loads.busiest + self.rest * loads.rest)
        return min(max(told, BOUNDS[0]), BOUNDS[1])


@dataclass(frozen=True, slots=True)
class Interference:
    """The weights for mean and 99th percentile, and from how many services they were learned."""

    mean: Weights
    p99: Weights
    services: int

    def of(self, loads: Loads | None) -> Slowdown:
        """The slowdown for these loads; without any, that of a service with the loads usual in the published study."""
        known = loads if loads is not None else USUAL
        return Slowdown(self.mean.of(known), self.p99.of(known))


def loads_of(devices: Sequence[Sequence[int]]) -> Loads | None:
    """Loads from the mean millicores of each core, a device type each; averaged over device types. None without any."""
    known = [cores for cores in devices if cores]
    if not known:
        return None
    busiest = sum(max(cores) for cores in known) / len(known) / 1000
    total = sum(sum(cores) for cores in known) / len(known) / 1000
    return Loads(busiest, total - busiest)


def learn(loads: Sequence[Loads], slowdowns: Sequence[Slowdown]) -> Interference:
    """Fits both sets of weights to services measured alone and shared; at least two of them."""
    return Interference(
        _ridge(loads, [math.log(item.mean) for item in slowdowns]),
        _ridge(loads, [math.log(item.p99) for item in slowdowns]),
        len(loads),
    )


def _ridge(loads: Sequence[Loads], targets: Sequence[float]) -> Weights:
    count = len(loads)
    a, mean_a, spread_a = _standard([item.busiest for item in loads])
    b, mean_b, spread_b = _standard([item.rest for item in loads])
    mean_t = sum(targets) / count
    # Two unknowns: the normal equations are solved by hand (standardised loads have a sum of squares of `count`).
    own = count + RIDGE
    cross = sum(x * y for x, y in zip(a, b, strict=True))
    with_a = sum(x * (t - mean_t) for x, t in zip(a, targets, strict=True))
    with_b = sum(y * (t - mean_t) for y, t in zip(b, targets, strict=True))
    determinant = own * own - cross * cross
    busiest = (own * with_a - cross * with_b) / determinant / spread_a
    rest = (own * with_b - cross * with_a) / determinant / spread_b
    return Weights(mean_t - busiest * mean_a - rest * mean_b, busiest, rest)


def _standard(values: Sequence[float]) -> tuple[list[float], float, float]:
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) or 1.0
    return [(value - mean) / spread for value in values], mean, spread


USUAL = Loads(0.61, 0.33)
"""About the mean of the published study's nine services."""
