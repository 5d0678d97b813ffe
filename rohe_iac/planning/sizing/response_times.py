"""Response times of services in queues, and of the slowest path through a pipeline."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.flow import order_of
from rohe_iac.planning.sizing.queueing import ReplicaQueues
from rohe_iac.planning.sizing.requirements import Limit

UNBOUNDED = 1e6
"""Seconds that stand for a response time without bound."""

EXPONENT = 2.5
"""Power in which excesses of independent services add up: 2 for normal times, 2.7 for exponential ones; times with
waits lie between. Within 3 % of simulated pipelines of the published study for every balancing."""

MeanAndExcess = tuple[float, float]
"""The mean response time, and how far the limited percentile lies above that mean, in seconds."""


@lru_cache(maxsize=65_536)
def response_time(queue: ReplicaQueues, limit: Limit) -> float:
    """Returns the mean or the percentile of response time that a limit is about, in seconds."""
    return queue.percentile(limit.percent) if limit.percent else queue.mean_response_time


def mean_and_excess(queue: ReplicaQueues, limit: Limit) -> MeanAndExcess:
    """Returns what a service adds to a path; times without bound count as UNBOUNDED."""
    mean = min(queue.mean_response_time, UNBOUNDED)
    return mean, max(min(response_time(queue, limit), UNBOUNDED) - mean, 0.0)


def slowest_path_of_workloads(
    pipeline: Pipeline, times: Mapping[str, MeanAndExcess], services: Mapping[str, str]
) -> tuple[float, tuple[str, ...]]:
    """Returns the time of the slowest path in seconds, and the services on that path.

    Args:
        pipeline: The pipeline whose flow makes the paths.
        times: By address of workload.
        services: The name of the service of each workload.
    """
    by_service: dict[str, MeanAndExcess] = {}
    for address, time in times.items():
        # Members of an ensemble answer side by side: the slowest member counts.
        by_service[services[address]] = max(by_service.get(services[address], (0.0, 0.0)), time, key=sum)
    return slowest_path(pipeline, by_service)


def slowest_path(pipeline: Pipeline, times: Mapping[str, MeanAndExcess]) -> tuple[float, tuple[str, ...]]:
    """Returns the time of the slowest path from a source to a sink in seconds, and the services on that path.

    Means add up; excesses add up in powers of EXPONENT. The latency of each flow counts too. Services without times
    take none.

    Args:
        pipeline: The pipeline whose flow makes the paths.
        times: By name of service.
    """
    before: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for link in pipeline.spec.flow:
        before[link.to].append((link.from_, link.latency or 0.0))
    best: dict[str, tuple[float, float, tuple[str, ...]]] = {}
    for name in order_of(pipeline):
        mean, excess = times.get(name, (0.0, 0.0))
        paths = [
            (best[source][0] + latency, best[source][1], best[source][2])
            for source, latency in before[name]
            if source in best
        ]
        path = max(paths, key=_time_of_path, default=(0.0, 0.0, ()))
        best[name] = (path[0] + mean, path[1] + math.pow(excess, EXPONENT), (*path[2], name))
    worst = max(best.values(), key=_time_of_path, default=(0.0, 0.0, ()))
    return _time_of_path(worst), worst[2]


def _time_of_path(path: tuple[float, float, tuple[str, ...]]) -> float:
    return path[0] + math.pow(path[1], 1 / EXPONENT)
