"""Measured services and running stand-ins of them, for the tests of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rohe_iac.planning.sizing.queueing import ServiceTimeDistribution
from rohe_iac.planning.sizing.stand_ins.behaviour import Replay
from rohe_iac.stand_in.work import Request, WorkQueue


def replay(seconds: float, cpu: float = 0.0, concurrency: int = 1) -> Replay:
    times = ServiceTimeDistribution(seconds, 0.0, seconds, seconds, seconds, seconds)
    return Replay(times=times, cpu=cpu, concurrency=concurrency, arrivals=0.0, following={})


@contextmanager
def working(behaviour: Replay) -> Iterator[tuple[WorkQueue, list[Request]]]:
    done: list[Request] = []
    queue = WorkQueue(behaviour, done.append, seed="test")
    queue.start()
    try:
        yield queue, done
    finally:
        queue.stop()
