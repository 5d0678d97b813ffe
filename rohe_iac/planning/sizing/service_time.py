"""The service time of one request, as measured percentiles say, and its moments.

The quantile function is linear in the normal deviate between measured percentiles, so that the response time without
any waiting is the measured one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from rohe_iac.blueprint.language.profile import Times

QUANTILES = 500
"""Number of equally likely service times that stand for a distribution."""


@dataclass(frozen=True, slots=True)
class ServiceTimeDistribution:
    """The service time of one request, in seconds: mean, standard deviation and percentiles.

    p5 and p95 are 0 where they were not measured.
    """

    mean: float
    deviation: float
    p5: float
    p50: float
    p95: float
    p99: float


Moments = tuple[float, float, float, float]
"""The means of a time, its square, its cube and its fourth power, in seconds and their powers."""


@lru_cache(maxsize=1024)
def moments_of(service: ServiceTimeDistribution) -> Moments:
    """Returns the moments of the service time that the percentiles describe; its mean may differ from the measured."""
    times = service_time_quantiles(service)
    first, second, third, fourth = (sum(time**power for time in times) / QUANTILES for power in (1, 2, 3, 4))
    return first, second, third, fourth


def service_tail_probability(service: ServiceTimeDistribution, limit: float) -> float:
    """Returns the share of requests whose service time alone is above `limit` seconds."""
    knots = _quantile_knots(service)
    if limit < knots[0][1] / 10:
        return 1.0
    place = 0
    while place < len(knots) - 2 and limit > knots[place + 1][1]:
        place += 1
    (low_deviate, low), (high_deviate, high) = knots[place], knots[place + 1]
    if high <= low:
        return 1.0 if limit < low else 1 - _NORMAL.cdf(high_deviate)
    return 1 - _NORMAL.cdf(low_deviate + (limit - low) * (high_deviate - low_deviate) / (high - low))


@lru_cache(maxsize=1024)
def service_time_quantiles(service: ServiceTimeDistribution) -> tuple[float, ...]:
    """Returns QUANTILES equally likely service times in seconds, in ascending order."""
    knots = _quantile_knots(service)
    return tuple(_interpolate(knots, _NORMAL.inv_cdf((position + 0.5) / QUANTILES)) for position in range(QUANTILES))


_NORMAL = NormalDist()

Knots = tuple[tuple[float, float], ...]
"""Points of a quantile function: (normal deviate, seconds)."""


@lru_cache(maxsize=1024)
def _quantile_knots(service: ServiceTimeDistribution) -> Knots:
    """Returns the measured percentiles by normal deviate, ascending in both.

    A 5th percentile that was not measured is extrapolated from the median and the percentile above the median.
    """
    knots = [(0.0, service.p50), (_NORMAL.inv_cdf(0.99), max(service.p99, service.p50))]
    if service.p95:
        knots.insert(1, (_NORMAL.inv_cdf(0.95), min(max(service.p95, service.p50), knots[-1][1])))
    slope = (knots[1][1] - knots[0][1]) / (knots[1][0] - knots[0][0])
    low = _NORMAL.inv_cdf(0.05)
    below = min(service.p5, service.p50) if service.p5 else max(service.p50 + slope * low, service.p50 / 10)
    return ((low, below), *knots)


def _interpolate(knots: Knots, deviate: float) -> float:
    place = 0
    while place < len(knots) - 2 and deviate > knots[place + 1][0]:
        place += 1
    (low_deviate, low), (high_deviate, high) = knots[place], knots[place + 1]
    return max(low + (high - low) * (deviate - low_deviate) / (high_deviate - low_deviate), knots[0][1] / 10)


def service_time_distribution(times: Times) -> ServiceTimeDistribution:
    """Returns the distribution of the service times that a profile holds."""
    return ServiceTimeDistribution(times.mean, times.deviation, times.p5 or 0.0, times.p50, times.p95 or 0.0, times.p99)
