"""How long requests wait for replicas: M/G/c, several replicas that take turns at one queue of random arrivals.

| what | formula | source |
|---|---|---|
| chance of waiting | Erlang C with c servers | Erlang 1917 |
| mean wait of who waits | (1 + CV^2) / 2 / (c * mu - lambda) | Lee and Longton, Oper. Res. Quarterly 10, 1959 |
| how a wait is spread | exponential, above 0 | Whitt, Production and Operations Management 2, 1993 |

Exact for exponential service times (M/M/c), and for the mean wait of one server (Pollaczek-Khinchine); an approximation
elsewhere. Response time is wait plus service time, taken as independent. Service times follow the measured percentiles,
on lines between them in the normal deviate, so that without any waiting the answer is the measured one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from rohe_iac.blueprint.language.profile import Times

POINTS = 500
"""Points that stand for the spread of service times."""


BUSIEST = 0.95
"""Replicas are never planned to be busier than this: waits beyond it are not told from a mean and a deviation."""


TOLERANCE = 1e-9
"""What shares of requests are compared with, so that the last bit of a sum decides nothing."""


@dataclass(frozen=True, slots=True)
class Service:
    """Service times of one request, in seconds; p5 and p95 are 0 where they are not known."""

    mean: float
    deviation: float
    p5: float
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Queue:
    """`servers` alike, arrivals of `rate` a second; an unstable one (busy at 1 or above) has no finite times."""

    service: Service
    rate: float
    servers: int

    @property
    def busy(self) -> float:
        """The share of time that a server works."""
        return self.rate * self.service.mean / self.servers if self.servers else math.inf

    @property
    def waiting(self) -> float:
        """The chance that a request waits (Erlang C); 1 where unstable."""
        return erlang_c(self.rate * self.service.mean, self.servers)

    @property
    def wait(self) -> float:
        """Mean wait of those that wait, in seconds."""
        if self.busy >= 1:
            return math.inf
        spread = (self.service.deviation / self.service.mean) ** 2
        return (1 + spread) / 2 / (self.servers / self.service.mean - self.rate)

    @property
    def mean(self) -> float:
        """Mean response time in seconds."""
        return math.inf if self.busy >= 1 else self.service.mean + self.waiting * self.wait

    def late(self, limit: float) -> float:
        """The share of requests with a response time above `limit` seconds."""
        if self.busy >= 1:
            return 1.0
        waiting, wait = self.waiting, self.wait
        held = sum(math.exp((time - limit) / wait) for time in spread_of(self.service) if time <= limit)
        return slower(self.service, limit) + waiting * held / POINTS

    def percentile(self, percent: float) -> float:
        """The percentile of response time in seconds, to a microsecond; infinite where unstable."""
        if self.busy >= 1:
            return math.inf
        share = 1 - percent / 100 + TOLERANCE
        low, high = 0.0, spread_of(self.service)[-1]
        while self.late(high) > share:
            low, high = high, high * 2
        while high - low > 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if self.late(middle) > share else (low, middle)
        return high


def erlang_c(offered: float, servers: int) -> float:
    """The chance that a request waits, for an offered load in busy servers; 1 where it is not below `servers`."""
    if servers < 1 or offered >= servers:
        return 1.0
    blocked = 1.0
    for number in range(1, servers + 1):
        blocked = offered * blocked / (number + offered * blocked)
    return blocked / (1 - offered / servers * (1 - blocked))


def slower(service: Service, limit: float) -> float:
    """The share of requests whose service alone takes longer than `limit` seconds."""
    known = _knots(service)
    if limit < known[0][1] / 10:
        return 1.0
    place = 0
    while place < len(known) - 2 and limit > known[place + 1][1]:
        place += 1
    (a, low), (b, high) = known[place], known[place + 1]
    if high <= low:
        return 1.0 if limit < low else 1 - _NORMAL.cdf(b)
    return 1 - _NORMAL.cdf(a + (limit - low) * (b - a) / (high - low))


@lru_cache(maxsize=1024)
def spread_of(service: Service) -> tuple[float, ...]:
    """POINTS equally likely service times, rising."""
    known = _knots(service)
    return tuple(_on_line(known, _NORMAL.inv_cdf((point + 0.5) / POINTS)) for point in range(POINTS))


_NORMAL = NormalDist()

Knots = tuple[tuple[float, float], ...]


@lru_cache(maxsize=1024)
def _knots(service: Service) -> Knots:
    """Measured percentiles by normal deviate, rising in both; a 5th that was not measured lies on the line above it."""
    known = [(0.0, service.p50), (_NORMAL.inv_cdf(0.99), max(service.p99, service.p50))]
    if service.p95:
        known.insert(1, (_NORMAL.inv_cdf(0.95), min(max(service.p95, service.p50), known[-1][1])))
    slope = (known[1][1] - known[0][1]) / (known[1][0] - known[0][0])
    low = _NORMAL.inv_cdf(0.05)
    below = min(service.p5, service.p50) if service.p5 else max(service.p50 + slope * low, service.p50 / 10)
    return ((low, below), *known)


def _on_line(known: Knots, deviate: float) -> float:
    place = 0
    while place < len(known) - 2 and deviate > known[place + 1][0]:
        place += 1
    (a, low), (b, high) = known[place], known[place + 1]
    return max(low + (high - low) * (deviate - a) / (b - a), known[0][1] / 10)


def service_times(times: Times) -> Service:
    """Measured times as a queue takes them."""
    return Service(times.mean, times.deviation, times.p5 or 0.0, times.p50, times.p95 or 0.0, times.p99)
