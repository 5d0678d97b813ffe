"""Promise: a response time that a contract limits, along one path through a pipeline, as plain numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt

from rohe_iac.planning.model.demand import Edge
from rohe_iac.planning.model.saved_fields import BRIEF


@dataclass(frozen=True, slots=True)
class WorkloadServiceTime:
    """What one workload takes to answer, in microseconds; all 0 where no profile has it.

    Attributes:
        workload: Address of the workload.
        mean: The mean on a node that other replicas share.
        above: How far the promised percentile lies above that mean; 0 for a promised mean.
        alone_mean, alone_above: The same on a node without other replicas, never more.
        overload: How busy the replicas would have to be on shared nodes, in percent of their time: 100 or more, so that
            queues grow without end and the times stand for no prediction; 0 where the replicas keep up.
        alone_overload: The same on a node without other replicas.
    """

    workload: str
    mean: int = 0
    above: int = 0
    alone_mean: int = 0
    alone_above: int = 0
    overload: int = field(default=0, metadata={BRIEF: True})
    alone_overload: int = field(default=0, metadata={BRIEF: True})


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


def hop_keys(stages: Sequence[Collection[str]], edges: Iterable[Edge]) -> tuple[str, ...]:
    """Returns for each hop from one stage of a path to the next the topology key that its flow stays within; "": none.

    Args:
        stages: the addresses of the workloads of each stage.
        edges: the flows of the problem.
    """
    keys = {(edge.source, edge.sink): edge.within for edge in edges}
    hops = []
    for sources, sinks in pairwise(stages):
        found = {keys.get((source, sink), "") for source in sources for sink in sinks}
        hops.append(found.pop() if len(found) == 1 else "")
    return tuple(hops)


def added(times: list[tuple[int, int]]) -> int:
    """Returns the sum of independent service times, in microseconds, rounded up.

    Means add up. What lies above them adds up in powers of 2.5: normal times would add up in squares, times that follow
    an exponential distribution in powers of 2.7, and times with waits lie between.

    Args:
        times: (mean, how far the percentile lies above it) of each service.
    """
    return sum(mean for mean, _ in times) + _above_together([above for _, above in times if above])


def _above_together(parts: list[int]) -> int:
    """Returns the least whole number whose power of 2.5 is that of all parts together, exact on every machine."""
    if len(parts) < 2:
        return sum(parts)
    total = sum([_power(part) for part in parts])
    # A power of 0.4 may differ in its last bit between machines; a square root may not.
    root = int(total**0.4)
    while _power(root) < total:
        root += 1
    while _power(root - 1) >= total:
        root -= 1
    return root


def _power(part: int) -> float:
    return part * part * sqrt(part)
