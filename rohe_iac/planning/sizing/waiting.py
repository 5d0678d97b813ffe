"""How long requests wait at the replicas of a service, by the balancing: how requests are spread over the replicas.

Requests arrive at random moments (Poisson). A wait is described by its probability and by mean, variance and skewness
of the waits of those that wait, of which a shifted gamma distribution is made. With a replica that works on one request
at a time all of them are exact for `random` and, but for one approximation, for `roundRobin`. `leastBusy` is an
approximation; so is every balancing where a replica works on several requests at once. The tests compare all with
simulated queues.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from rohe_iac.blueprint.language.pipeline import Balancing
from rohe_iac.planning.sizing.service_time import (
    QUANTILES,
    ServiceTimeDistribution,
    moments_of,
    service_time_quantiles,
)

RARE = 1e-5
"""Probability of a wait below which waits are left out: less than any percentile sees, and lost in rounding errors."""

MAX_SKEWNESS = 4.0
"""Largest skewness of waits: twice that of exponential ones."""

SURVIVAL_EXPONENT = 0.25
"""How the probability of a wait falls when waits grow longer than in a common queue, fitted to simulated queues."""


Cumulants = tuple[float, float, float]
"""Mean, variance and third central moment of a time, in seconds and their powers; those of a sum of independent times
are the sums of theirs."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The wait of a request at the replica that it is sent to.

    Attributes:
        probability: That a request waits, in [0, 1].
        waiting: Cumulants of the wait of the requests that wait.
    """

    probability: float
    waiting: Cumulants

    @property
    def mean(self) -> float:
        """The mean wait of all requests, those that do not wait included, in seconds."""
        return self.probability * self.waiting[0]

    @property
    def mean_square(self) -> float:
        """The mean square wait of all requests, in square seconds."""
        return self.probability * (self.waiting[0] ** 2 + self.waiting[1])

    def quantiles(self) -> list[tuple[float, float]]:
        """Returns waits of the requests that wait, in seconds, each with its part of them; the parts add up to 1.

        Source: Wilson and Hilferty, PNAS 17, 1931: the cube root of a gamma variable is nearly normal.
        """
        mean, variance, third = self.waiting
        deviation = math.sqrt(variance)
        skewness = min(max(third / deviation**3, 0.1), MAX_SKEWNESS)
        found = []
        for deviate, part in _DEVIATES:
            root = 1 + skewness * deviate / 6 - skewness**2 / 36
            found.append((max(mean + deviation * 2 / skewness * (max(root, 0.0) ** 3 - 1), 0.0), part))
        return found


NONE = Waits(0.0, (0.0, 0.0, 0.0))


def _deviates() -> tuple[tuple[float, float], ...]:
    """Returns normal deviates with their parts: 32 equal parts, of which the upper tail is divided further."""
    parts = [1 / 32] * 30 + [1 / 128] * 6 + [1 / 512] * 7 + [1 / 2048] * 4
    found, below = [], 0.0
    for part in parts:
        found.append((NormalDist().inv_cdf(below + part / 2), part))
        below += part
    return tuple(found)


_DEVIATES = _deviates()


def waits_of(
    service: ServiceTimeDistribution, arrival_rate: float, replicas: int, concurrency: int, balancing: Balancing
) -> Waits:
    """Returns the waits at the replicas of a service; their utilisation has to be below 1.

    Args:
        service: The service time.
        arrival_rate: Requests a second at all replicas together.
        replicas: Number of replicas.
        concurrency: Requests that a replica works on at once.
        balancing: How requests are spread over the replicas.
    """
    if not arrival_rate:
        return NONE
    return _WAITS[balancing](service, arrival_rate, replicas, concurrency)


@lru_cache(maxsize=16_384)
def _random(service: ServiceTimeDistribution, arrival_rate: float, replicas: int, concurrency: int) -> Waits:
    """Returns the waits where each replica has a queue of its own, with a random part of the arrivals: M/G/k.

    For k = 1 by the Pollaczek-Khinchine formula and Takacs' higher moments (Kleinrock, Queueing Systems 1, 1975).
    """
    return _one_queue(service, arrival_rate / replicas, concurrency, _residual(service, 1, concurrency))


@lru_cache(maxsize=16_384)
def _least_busy(service: ServiceTimeDistribution, arrival_rate: float, replicas: int, concurrency: int) -> Waits:
    """Returns the waits at the replica with the fewest unfinished requests, of equals the one chosen longest ago.

    A request that finds all replicas busy waits for the rest of a request that began longest ago, and for the requests
    before it, of which each replica takes its part. All replicas are busy about as often as in a common queue, less
    often where waits are longer than there: a replica falls idle while requests wait at another. Knowing how busy
    replicas are is no worse than taking turns: of both the shorter waits count.
    """
    servers = replicas * concurrency
    own = _one_queue(service, arrival_rate, servers, _residual(service, replicas, concurrency))
    common = _one_queue(service, arrival_rate, servers, _residual(service, 1, servers))
    part = min(1.0, (common.waiting[0] / own.waiting[0]) ** SURVIVAL_EXPONENT)
    informed = Waits(own.probability * part, own.waiting)
    return min(
        informed,
        _round_robin(service, arrival_rate, replicas, concurrency),
        _random(service, arrival_rate, replicas, concurrency),
        key=lambda waits: waits.mean_square,
    )


@lru_cache(maxsize=16_384)
def _round_robin(service: ServiceTimeDistribution, arrival_rate: float, replicas: int, concurrency: int) -> Waits:
    """Returns the waits where each of n replicas gets every n-th arrival: the queue E(n)/G/1.

    Its wait has the transform (1 - rho) (n / a) s P(s) / (B(s) - (1 - s / a)^n), where a is the arrival rate at all
    replicas, B the transform of the service time, and P(s) the product of (1 - s / z) over the n - 1 zeros z of the
    denominator with a positive real part (Takacs, Introduction to the Theory of Queues, 1962). Its derivatives at 0
    give the cumulants. The zeros are those for a gamma distributed service time of the same mean and variance. With a
    replica that works on k requests at once, waits are those of a replica that works k times as fast, scaled from
    random arrivals at one server to random arrivals at k.
    """
    first, second, third, fourth = (
        moment / concurrency**power for power, moment in enumerate(moments_of(service), start=1)
    )  # fmt: skip
    zeros = _zeros(first, second / first**2 - 1, arrival_rate, replicas)
    load = arrival_rate * first / replicas
    # The coefficients of s, s^2, s^3 and s^4 in the denominator, over the first.
    whole = replicas / arrival_rate - first
    two = (second / 2 - math.comb(replicas, 2) / arrival_rate**2) / whole
    three = (math.comb(replicas, 3) / arrival_rate**3 - third / 6) / whole
    four = (fourth / 24 - math.comb(replicas, 4) / arrival_rate**4) / whole
    mean = sum((1 / zero).real for zero in zeros) + two
    variance = two**2 - 2 * three - sum((1 / zero**2).real for zero in zeros)
    skew = 2 * sum((1 / zero**3).real for zero in zeros) + 6 * (four - two * three + two**3 / 3)
    probability = 1 - (1 - load) * replicas / math.prod((abs(zero) / arrival_rate for zero in zeros), start=1.0)
    if probability < RARE or mean <= 0:
        return NONE
    waiting = _central(
        mean / probability, (variance + mean**2) / probability,
        (skew + 3 * mean * variance + mean**3) / probability,
    )  # fmt: skip
    if concurrency == 1:
        return Waits(probability, waiting)
    quick = _random(service_of_speed(service, concurrency), arrival_rate / replicas, 1, 1)
    many = _random(service, arrival_rate / replicas, 1, concurrency)
    scale = many.waiting[0] / quick.waiting[0]
    probability = min(many.probability, probability * many.probability / quick.probability)
    return Waits(probability, (waiting[0] * scale, waiting[1] * scale**2, waiting[2] * scale**3))


_WAITS: dict[Balancing, Callable[[ServiceTimeDistribution, float, int, int], Waits]] = {
    "random": _random,
    "roundRobin": _round_robin,
    "leastBusy": _least_busy,
}


def service_of_speed(service: ServiceTimeDistribution, factor: int) -> ServiceTimeDistribution:
    """Returns the service time of a server that is `factor` times as fast."""
    return ServiceTimeDistribution(
        service.mean / factor, service.deviation / factor, service.p5 / factor, service.p50 / factor,
        service.p95 / factor, service.p99 / factor,
    )  # fmt: skip


def _one_queue(service: ServiceTimeDistribution, arrival_rate: float, servers: int, residual: Cumulants) -> Waits:
    """Returns the waits of random arrivals at servers that are all busy with the probability of Erlang's C formula.

    A request that waits does so for `residual`, and for the requests before it: a number with a geometric distribution
    of times, each on average the residual of one server over the number of servers (exact for one server and, with any
    number, for exponential service times).

    Args:
        service: The service time.
        arrival_rate: Requests a second.
        servers: Requests that are worked on at once.
        residual: The time until the server is free that the first of the waiting waits for.
    """
    first, *_ = moments_of(service)
    load = arrival_rate * first / servers
    rest, rest_square, rest_cube = _residual_moments(service)
    odds = load / (1 - load)
    mean = odds * rest
    square = odds * (rest_square + 2 * rest * mean)
    cube = odds * (rest_cube + 3 * rest_square * mean + 3 * rest * square)
    before = _central(mean, square, cube)
    waiting = (
        residual[0] + before[0] / servers,
        residual[1] + before[1] / servers**2,
        residual[2] + before[2] / servers**3,
    )
    return Waits(erlang_c(arrival_rate * first, servers), waiting)


def _central(mean: float, square: float, cube: float) -> Cumulants:
    """Returns the cumulants of a time, from the means of it, of its square and of its cube.

    The rarer a wait, the more do rounding errors count; a wait is never nearly constant.
    """
    return mean, max(square - mean**2, mean**2 / 12), cube - 3 * mean * square + 2 * mean**3


def _residual_moments(service: ServiceTimeDistribution) -> tuple[float, float, float]:
    """Returns the means of what is left of a request in work at a random moment, of its square and of its cube."""
    first, second, third, fourth = moments_of(service)
    return second / (2 * first), third / (3 * first), fourth / (4 * first)


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


@lru_cache(maxsize=16_384)
def _residual(service: ServiceTimeDistribution, oldest_of: int, first_of: int) -> Cumulants:
    """Returns the cumulants of what is left of a request in work.

    Ages and rests of requests in work have the distribution A with the density (1 - F) / mean, F that of the service
    time. What is left of the oldest of n has the mean of the integral of n A^(n-1) (1 - A); of the first of k to end,
    that of (1 - A)^k.

    Args:
        service: The service time.
        oldest_of: Number of requests, of which the one that began first is meant.
        first_of: Number of requests, of which the first to end is meant; with `oldest_of` of each replica.
    """
    whole = _central(*_residual_moments(service))
    if oldest_of == first_of == 1:
        return whole
    steps = _equilibrium(service)
    mean, square = _first_to_end(steps, first_of) if first_of > 1 else _oldest(steps, 1)
    if oldest_of > 1:
        every, (old, old_square) = _oldest(steps, 1), _oldest(steps, oldest_of)
        mean, square = mean * old / every[0], square * old_square / every[1]
    variance = max(square - mean**2, mean**2 / 12)
    # As skewed as what is left of any request.
    return mean, variance, whole[2] * (variance / whole[1]) ** 1.5


Steps = list[tuple[float, float]]
"""Pieces of time: length in seconds, and the part of the requests in work that are younger than its middle."""


def _equilibrium(service: ServiceTimeDistribution) -> Steps:
    times = service_time_quantiles(service)
    mean = sum(times) / QUANTILES
    found: Steps = []
    before, younger = 0.0, 0.0
    for position, time in enumerate(times):
        length = time - before
        part = (1 - position / QUANTILES) * length / mean
        if length > 0:
            found.append((length, min(younger + part / 2, 1.0)))
        before, younger = time, younger + part
    return found


def _first_to_end(steps: Steps, count: int) -> tuple[float, float]:
    """Returns mean and mean square of the shortest of `count` rests."""
    mean = square = since = 0.0
    for length, younger in steps:
        longer = (1 - younger) ** count * length
        mean += longer
        square += 2 * (since + length / 2) * longer
        since += length
    return mean, square


def _oldest(steps: Steps, count: int) -> tuple[float, float]:
    """Returns mean and mean square of the rest of the oldest of `count` requests."""
    mean = square = left = 0.0
    for length, younger in reversed(steps):
        density = count * younger ** (count - 1) * length
        rest = (1 - younger) * length
        mean += density * (1 - younger)
        square += 2 * density * (left + rest / 2)
        left += rest
    return mean, square


def _zeros(mean: float, squared_variation: float, arrival_rate: float, replicas: int) -> list[complex]:
    """Returns the zeros that `_round_robin` needs, in conjugate pairs, by fixed-point iteration.

    Source of the iteration: Chaudhry, Harris and Marchal, ORSA Journal on Computing 2, 1990.
    """
    found = []
    for number in range(1, replicas // 2 + 1):
        turn = cmath.exp(2j * math.pi * number / replicas)
        zero = arrival_rate * (1 - turn)
        for _ in range(200):
            if squared_variation > 1e-6:
                logarithm = -cmath.log(1 + zero * mean * squared_variation) / squared_variation
            else:
                logarithm = -zero * mean
            following = arrival_rate * (1 - turn * cmath.exp(logarithm / replicas))
            change, zero = abs(following - zero), following
            if change < 1e-9 * arrival_rate:
                break
        found += [zero, zero.conjugate()] if 2 * number != replicas else [zero]
    return found
