"""A discrete-event simulation of a pipeline of replicated services: the oracle of predicted response times."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence

from rohe_iac.planning.sizing.service_time import QUANTILES, ServiceTimeDistribution, service_time_quantiles

Stage = tuple[ServiceTimeDistribution, int]
"""The service time, and the number of replicas, each of which works on one request at a time."""


def percentile_99(stages: Sequence[Stage], rate: float, balancing: str, seed: int, requests: int = 8000) -> float:
    """Returns the 99th percentile of the simulated response times of a pipeline, in seconds.

    Args:
        stages: Services that each request passes one after another.
        rate: Requests a second that arrive at random moments.
        balancing: How requests are spread over the replicas of every stage.
        seed: Seed of the random numbers.
        requests: How many arrive; the first twentieth is not counted, since all replicas are idle before.
    """
    drawn = random.Random(seed)
    arrivals, now = [], 0.0
    for _ in range(requests):
        now += drawn.expovariate(rate)
        arrivals.append(now)
    present = [(time, number) for number, time in enumerate(arrivals)]
    for service, replicas in stages:
        times = service_time_quantiles(service)
        ends = _served([time for time, _ in present], times, replicas, balancing, drawn)
        present = sorted((end, number) for end, (_, number) in zip(ends, present, strict=True))
    found = sorted(end - arrivals[number] for end, number in present if number >= requests // 20)
    return found[int(0.99 * len(found))]


def _served(
    arrivals: Sequence[float], times: Sequence[float], replicas: int, balancing: str, drawn: random.Random
) -> list[float]:
    """Returns when each request is done; requests of one replica are served in the order of their arrival."""
    free = [0.0] * replicas
    unfinished: list[deque[float]] = [deque() for _ in range(replicas)]
    chosen = [-1] * replicas
    ends = []
    for number, arrival in enumerate(arrivals):
        if balancing == "random":
            replica = drawn.randrange(replicas)
        elif balancing == "roundRobin":
            replica = number % replicas
        else:
            for waiting in unfinished:
                while waiting and waiting[0] <= arrival:
                    waiting.popleft()
            replica = min(range(replicas), key=lambda other: (len(unfinished[other]), chosen[other]))
            chosen[replica] = number
        end = max(arrival, free[replica]) + times[drawn.randrange(QUANTILES)]
        free[replica] = end
        unfinished[replica].append(end)
        ends.append(end)
    return ends
