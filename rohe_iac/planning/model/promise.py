"""Promise: a response time that a contract limits, along one path through a pipeline, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt


@dataclass(frozen=True, slots=True)
class WorkloadServiceTime:
    """What one workload takes to answer, in microseconds; all 0 where no profile has it.

    Attributes:
        workload: Address of the workload.
        mean: The mean on a node that other replicas share.
        above: How far the promised percentile lies above that mean; 0 for a promised mean.
        alone_mean, alone_above: The same on a node without other replicas, never more.
    """

    workload: str
    mean: int = 0
    above: int = 0
    alone_mean: int = 0
    alone_above: int = 0


@dataclass(frozen=True, slots=True)
class ResponseTimeLimit:
    """A limit on the time of requests from the first to the last stage.

    Attributes:
        objective: `CONTRACT/OBJECTIVE`.
        limit: Microseconds at most.
        stages: The services on the path, from source to sink; each is its workloads, which answer side by side (the
            members of an ensemble), so that the slowest of them counts.
    """

    objective: str
    limit: int
    stages: tuple[tuple[WorkloadServiceTime, ...], ...]

    @property
    def service_time(self) -> int:
        """Time of the services where all of them share their nodes, in microseconds."""
        return added([max(((time.mean, time.above) for time in stage), key=sum) for stage in self.stages])

    @property
    def network_budget(self) -> int:
        """Time that is left for the network, in microseconds: 0 where the services alone take the whole limit."""
        return max(0, self.limit - self.service_time)


def added(times: list[tuple[int, int]]) -> int:
    """Returns the sum of service times, in microseconds, rounded up.

    Means add up; what lies above them adds up in squares, as of independent services.

    Args:
        times: (mean, how far the percentile lies above it) of each service.
    """
    squares = sum(above * above for _, above in times)
    root = isqrt(squares)
    return sum(mean for mean, _ in times) + root + (root * root < squares)
