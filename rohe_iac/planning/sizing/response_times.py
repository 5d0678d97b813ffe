"""Response times of services in queues, and of the slowest path through a pipeline."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from functools import lru_cache

from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.planning.sizing.flow import order_of
from rohe_iac.planning.sizing.queueing import Queue
from rohe_iac.planning.sizing.requirements import Limit

AGE = 1e6
"""Seconds that stand for a response time without end."""

Times = tuple[float, float]
"""The mean, and how far what a limit is about lies above it, in seconds."""


@lru_cache(maxsize=65_536)
def time_of(queue: Queue, limit: Limit) -> float:
    """The mean or percentile of response time that a limit is about, in seconds."""
    return queue.percentile(limit.percent) if limit.percent else queue.mean


def times_of(queue: Queue, limit: Limit) -> Times:
    """What a service adds to a path. What has no end counts as an age."""
    mean = min(queue.mean, AGE)
    return mean, max(min(time_of(queue, limit), AGE) - mean, 0.0)


def path_of(
    pipeline: Pipeline, times: Mapping[str, Times], services: Mapping[str, str]
) -> tuple[float, tuple[str, ...]]:
    """The slowest path in seconds, and the services on it. times: by workload; services: the service of each."""
    told: dict[str, Times] = {}
    for address, time in times.items():
        # Members of an ensemble answer side by side: the slowest one counts.
        told[services[address]] = max(told.get(services[address], (0.0, 0.0)), time, key=sum)
    return slowest(pipeline, told)


def slowest(pipeline: Pipeline, times: Mapping[str, tuple[float, float]]) -> tuple[float, tuple[str, ...]]:
    """The slowest way from a source to a sink, in seconds, and the services on it; a flow's own latency counts in.

    times: by service, the mean and how far the percentile wanted lies above it. Means add up; what lies above them adds
    up in squares, as for independent services (exact for normal times). Services without times take none.
    """
    before: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for link in pipeline.spec.flow:
        before[link.to].append((link.from_, link.latency or 0.0))
    best: dict[str, tuple[float, float, tuple[str, ...]]] = {}
    for name in order_of(pipeline):
        mean, above = times.get(name, (0.0, 0.0))
        ways = [
            (best[source][0] + latency, best[source][1], best[source][2])
            for source, latency in before[name]
            if source in best
        ]
        way = max(ways, key=_taken, default=(0.0, 0.0, ()))
        best[name] = (way[0] + mean, way[1] + above * above, (*way[2], name))
    worst = max(best.values(), key=_taken, default=(0.0, 0.0, ()))
    return _taken(worst), worst[2]


def _taken(way: tuple[float, float, tuple[str, ...]]) -> float:
    return way[0] + math.sqrt(way[1])
