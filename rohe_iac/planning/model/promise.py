"""Promise: a response time that a contract limits, along one way through a pipeline, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt


@dataclass(frozen=True, slots=True)
class ServiceTime:
    """What one workload takes to answer, in microseconds; all 0 where no profile tells.

    mean: its mean; above: how far the promised percentile lies above that, 0 for a promised mean. Both on a node that
    other replicas share; `alone_` where nobody does, never more.
    """

    workload: str
    mean: int = 0
    above: int = 0
    alone_mean: int = 0
    alone_above: int = 0


@dataclass(frozen=True, slots=True)
class ResponseTimeLimit:
    """Requests take at most `limit` microseconds from the first to the last stage.

    objective: `CONTRACT/OBJECTIVE`. stages: the services on the way, from source to sink; each is its workloads, which
    answer side by side (the members of an ensemble), so that the slowest of them counts.
    """

    objective: str
    limit: int
    stages: tuple[tuple[ServiceTime, ...], ...]

    @property
    def service_time(self) -> int:
        """What the services take, in microseconds, where all of them share their nodes."""
        return added([max(((one.mean, one.above) for one in stage), key=sum) for stage in self.stages])

    @property
    def network_budget(self) -> int:
        """What is left for the network, in microseconds: 0 where the services alone take as long as is promised."""
        return max(0, self.limit - self.service_time)


def added(times: list[tuple[int, int]]) -> int:
    """Means with what lies above them: means add up, the rest in squares as of independent services; rounded up."""
    squares = sum(above * above for _, above in times)
    root = isqrt(squares)
    return sum(mean for mean, _ in times) + root + (root * root < squares)
