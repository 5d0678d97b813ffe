"""Response times of a service's replicas as a multi-server queue with random arrivals (M/G/c).

Service times follow the measured percentiles: their quantile function is linear in the normal deviate between measured
percentiles, so that the response time without any waiting is the measured one. Response time is wait plus service time,
taken as independent. The source of each formula stands under the function or property that implements it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from rohe_iac.blueprint.language.profile import Times

QUANTILES = 500
"""Number of equally likely service times that stand for a distribution."""


MAX_UTILISATION = 0.95
"""The utilisation that sizing never plans above: waits beyond it do not follow from a mean and a deviation alone."""


TOLERANCE = 1e-9
"""Tolerance for comparing shares of requests, so that the last bit of a sum decides nothing."""


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


@dataclass(frozen=True, slots=True)
class MultiServerQueue:
    """An M/G/c queue: Poisson arrivals, a general service time distribution, c alike servers and one waiting line.

    Exact for exponential service times (M/M/c) and for the mean wait with one server (Pollaczek-Khinchine formula); an
    approximation elsewhere. An unstable queue (utilisation of 1 or above) has no finite times.

    Attributes:
        service: The distribution of service times.
        arrival_rate: Requests a second.
        servers: Requests that all replicas together work on at once.
    """

    service: ServiceTimeDistribution
    arrival_rate: float
    servers: int

    @property
    def utilisation(self) -> float:
        """The share of time that a server works; infinite without servers."""
        return self.arrival_rate * self.service.mean / self.servers if self.servers else math.inf

    @property
    def wait_probability(self) -> float:
        """The probability that a request waits (Erlang C); 1 where the queue is unstable."""
        return erlang_c(self.arrival_rate * self.service.mean, self.servers)

    @property
    def mean_wait(self) -> float:
        """The mean wait of the requests that wait, in seconds: (1 + CV^2) / 2 / (c * mu - lambda).

        Source: Lee and Longton, Operational Research Quarterly 10, 1959.
        """
        if self.utilisation >= 1:
            return math.inf
        squared_variation = (self.service.deviation / self.service.mean) ** 2
        return (1 + squared_variation) / 2 / (self.servers / self.service.mean - self.arrival_rate)

    @property
    def mean_response_time(self) -> float:
        """The mean of wait plus service time, in seconds."""
        return math.inf if self.utilisation >= 1 else self.service.mean + self.wait_probability * self.mean_wait

    def tail_probability(self, limit: float) -> float:
        """Returns the share of requests with a response time above `limit` seconds.

        Waits above 0 are taken as exponential (Whitt, Production and Operations Management 2, 1993).
        """
        if self.utilisation >= 1:
            return 1.0
        wait_probability, mean_wait = self.wait_probability, self.mean_wait
        held = sum(
            math.exp((time - limit) / mean_wait) for time in service_time_quantiles(self.service) if time <= limit
        )
        return service_tail_probability(self.service, limit) + wait_probability * held / QUANTILES

    def percentile(self, percent: float) -> float:
        """Returns a percentile of response time in seconds, to a microsecond; infinite where the queue is unstable."""
        if self.utilisation >= 1:
            return math.inf
        share = 1 - percent / 100 + TOLERANCE
        low, high = 0.0, service_time_quantiles(self.service)[-1]
        while self.tail_probability(high) > share:
            low, high = high, high * 2
        while high - low > 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if self.tail_probability(middle) > share else (low, middle)
        return high


def erlang_c(offered_load: float, servers: int) -> float:
    """Returns the probability that a request of an M/M/c queue waits; 1 where the queue is unstable.

    Computed from Erlang B, the blocking probability, by the recursion over the number of servers that neither
    overflows nor loses digits. Source: Erlang, Elektroteknikeren 13, 1917.

    Args:
        offered_load: Arrival rate times mean service time (Erlang).
        servers: Number of servers.
    """
    if servers < 1 or offered_load >= servers:
        return 1.0
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered_load * blocked / (number + offered_load * blocked)
    return blocked / (1 - offered_load / servers * (1 - blocked))


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
