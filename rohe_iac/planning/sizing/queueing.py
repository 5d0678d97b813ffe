"""Response times of a service's replicas, each with a queue of its own, between which arrivals are spread.

Response time is wait plus service time, taken as independent; waits come from waiting.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rohe_iac.blueprint.language.pipeline import Balancing
from rohe_iac.planning.sizing.service_time import (
    ServiceTimeDistribution,
    moments_of,
    service_tail_probability,
    service_time_quantiles,
)
from rohe_iac.planning.sizing.waiting import NONE, Waits, waits_of

MAX_UTILISATION = 0.95
"""The utilisation that sizing never plans above: waits beyond it do not follow from a mean and a deviation alone."""


TOLERANCE = 1e-9
"""Tolerance for comparing shares of requests, so that the last bit of a sum decides nothing."""


@dataclass(frozen=True, slots=True)
class ReplicaQueues:
    """Poisson arrivals at replicas with a general service time; times are infinite where the queue is not stable.

    Attributes:
        service: The distribution of service times.
        arrival_rate: Requests a second at all replicas together.
        replicas: Number of replicas.
        balancing: How arrivals are spread over the replicas.
        concurrency: Requests that a replica works on at once.
    """

    service: ServiceTimeDistribution
    arrival_rate: float
    replicas: int
    balancing: Balancing
    concurrency: int = 1

    @property
    def utilisation(self) -> float:
        """The share of time that a replica works; infinite without replicas."""
        servers = self.replicas * self.concurrency
        return self.arrival_rate * self.service.mean / servers if servers else math.inf

    @property
    def is_stable(self) -> bool:
        """Whether replicas work less than all the time, by the measured mean and by that of the percentiles."""
        mean = max(self.service.mean, moments_of(self.service)[0])
        return self.arrival_rate * mean < self.replicas * self.concurrency

    @property
    def overload(self) -> int:
        """The utilisation in percent, at least 100, where the queue is not stable; 0 where it is.

        Without replicas, that of one.
        """
        servers = max(1, self.replicas) * self.concurrency
        return 0 if self.is_stable else max(100, round(100 * self.arrival_rate * self.service.mean / servers))

    @property
    def waits(self) -> Waits:
        """The waits of requests; only where the queue is stable."""
        return waits_of(self.service, self.arrival_rate, self.replicas, self.concurrency, self.balancing)

    @property
    def mean_response_time(self) -> float:
        """The mean of wait plus service time, in seconds."""
        return self.service.mean + self.waits.mean if self.is_stable else math.inf

    def tail_probability(self, limit: float) -> float:
        """Returns the share of requests with a response time above `limit` seconds."""
        return self._tail_probability(limit, self.waits) if self.is_stable else 1.0

    def _tail_probability(self, limit: float, waits: Waits) -> float:
        without_wait = service_tail_probability(self.service, limit)
        if waits is NONE:
            return without_wait
        waiting = sum(
            part * (service_tail_probability(self.service, limit - wait) if wait < limit else 1.0)
            for wait, part in waits.quantiles()
        )
        return (1 - waits.probability) * without_wait + waits.probability * waiting

    def percentile(self, percent: float) -> float:
        """Returns a percentile of response time in seconds, to a microsecond; infinite where the queue is unstable."""
        if not self.is_stable:
            return math.inf
        share = 1 - percent / 100 + TOLERANCE
        waits = self.waits
        low, high = 0.0, service_time_quantiles(self.service)[-1]
        while self._tail_probability(high, waits) > share:
            low, high = high, high * 2
        while high - low > 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if self._tail_probability(middle, waits) > share else (low, middle)
        return high
