"""How much slower a service gets when it shares its node, predicted from how it loads the node's cores when alone.

The model: the logarithm of the slowdown is linear in two loads, averaged over the device types measured: that of the
busiest core, and that of all other cores together (both in cores). A service that keeps a single core busy is slowed
least; a service that spreads over many cores meets its neighbours on each. The mean and the 99th percentile have
weights of their own. `tests/benchmarks/bench_sizing.py` prints how the model does against a constant.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

RIDGE = 1.0
"""Weight of the penalty on standardised loads."""


MIN_SERVICES = 5
"""Fewest measured services that weights are learned from; with fewer, the published study's weights stand in."""


SLOWDOWN_BOUNDS = (1.0, 4.0)
"""Least and largest slowdown predicted: sharing speeds nothing up."""


@dataclass(frozen=True, slots=True)
class Loads:
    """Mean load of a service's cores when alone, in cores: the busiest core, and all other cores together."""

    busiest: float
    rest: float


@dataclass(frozen=True, slots=True)
class Slowdown:
    """Response time on a shared node over that on a node of its own, of the mean and of the 99th percentile."""

    mean: float
    p99: float


@dataclass(frozen=True, slots=True)
class SlowdownWeights:
    """Coefficients of log(slowdown) = base + busiest * Loads.busiest + rest * Loads.rest."""

    base: float
    busiest: float
    rest: float

    def slowdown(self, loads: Loads) -> float:
        """Returns the slowdown for these loads, within SLOWDOWN_BOUNDS."""
        predicted = math.exp(self.base + self.busiest * loads.busiest + self.rest * loads.rest)
        return min(max(predicted, SLOWDOWN_BOUNDS[0]), SLOWDOWN_BOUNDS[1])


@dataclass(frozen=True, slots=True)
class Interference:
    """The weights for the mean and the 99th percentile, and the number of services that they were learned from."""

    mean: SlowdownWeights
    p99: SlowdownWeights
    services: int

    def slowdown(self, loads: Loads | None) -> Slowdown:
        """Returns the slowdown for these loads; None stands for the loads that are usual in the published study."""
        known = loads if loads is not None else USUAL_LOADS
        return Slowdown(self.mean.slowdown(known), self.p99.slowdown(known))


def loads_of(devices: Sequence[Sequence[int]]) -> Loads | None:
    """Returns loads averaged over device types; None without any.

    Args:
        devices: For each device type the mean millicores of each core.
    """
    known = [cores for cores in devices if cores]
    if not known:
        return None
    busiest = sum(max(cores) for cores in known) / len(known) / 1000
    total = sum(sum(cores) for cores in known) / len(known) / 1000
    return Loads(busiest, total - busiest)


def fit_interference(loads: Sequence[Loads], slowdowns: Sequence[Slowdown]) -> Interference:
    """Returns both sets of weights, fitted to at least two services that were measured alone and shared."""
    return Interference(
        _ridge(loads, [math.log(slowdown.mean) for slowdown in slowdowns]),
        _ridge(loads, [math.log(slowdown.p99) for slowdown in slowdowns]),
        len(loads),
    )


def _ridge(loads: Sequence[Loads], targets: Sequence[float]) -> SlowdownWeights:
    """Returns the weights of a ridge regression on standardised loads, since there are few services to learn from.

    Source: Hoerl and Kennard, Technometrics 12, 1970.
    """
    count = len(loads)
    busiest_loads, busiest_mean, busiest_deviation = _standardise([item.busiest for item in loads])
    rest_loads, rest_mean, rest_deviation = _standardise([item.rest for item in loads])
    target_mean = sum(targets) / count
    # Two unknowns: the normal equations are solved by hand (standardised loads have a sum of squares of `count`).
    own = count + RIDGE
    cross = sum(x * y for x, y in zip(busiest_loads, rest_loads, strict=True))
    with_busiest = sum(x * (t - target_mean) for x, t in zip(busiest_loads, targets, strict=True))
    with_rest = sum(y * (t - target_mean) for y, t in zip(rest_loads, targets, strict=True))
    determinant = own * own - cross * cross
    busiest = (own * with_busiest - cross * with_rest) / determinant / busiest_deviation
    rest = (own * with_rest - cross * with_busiest) / determinant / rest_deviation
    return SlowdownWeights(target_mean - busiest * busiest_mean - rest * rest_mean, busiest, rest)


def _standardise(values: Sequence[float]) -> tuple[list[float], float, float]:
    """Returns the standardised values, their mean and their standard deviation (1 where all are equal)."""
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / len(values)) or 1.0
    return [(value - mean) / deviation for value in values], mean, deviation


USUAL_LOADS = Loads(0.61, 0.33)
"""About the mean of the published study's nine services."""

USUAL_SLOWDOWN = 0.4233
"""How much longer requests of a service with USUAL_LOADS take on a shared node, in parts of its time alone, by the
weights of the published study: what is assumed of a sensitive service without a profile."""
