"""Slack: how far predicted response times stay below what contracts promise, where a placement can change that.

Of one promise it is (limit - predicted) / limit, in basis points, rounded down; below 0 where the promise is predicted
to be broken. Predicted is what the services on the way take, plus the time on links of the slowest replicas. A service
takes its time alone where no replica of it shares its node with another of the stack's services (its own kind counts,
what the stack runs for itself does not), else, or without a place, its time on a shared node. The slack of a placement
is the least of all promises.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rohe_iac.planning.model.promise import ResponseTimeLimit, ServiceTime, added
from rohe_iac.planning.placement.rules.latency_budget import longest_latency
from rohe_iac.planning.placement.state.index import IndexedProblem

WHOLE = 10_000
"""Basis points of a limit."""

Stages = tuple[tuple[tuple[int, ServiceTime], ...], ...]
"""The stages of a promise with the positions of the demands."""

Nodes = Mapping[int, Collection[int]]
"""The nodes that replicas of a demand are on, by position; a demand without any may be left out."""


class LatencySlack:
    """The promises of a layout, ready to be held against placements. demands: those that any promise is about."""

    def __init__(self, indexed: IndexedProblem) -> None:
        self.indexed = indexed
        self._resolved: list[tuple[int, Stages]] = [
            (
                max(1, promise.limit),
                tuple(
                    tuple((indexed.index[one.workload], one) for one in stage if one.workload in indexed.index)
                    for stage in promise.stages
                ),
            )
            for promise in indexed.problem.promises
        ]
        self._promises = list(dict.fromkeys(self._resolved))
        self.demands = {demand for _, stages in self._promises for stage in stages for demand, _ in stage}
        self._counted = [not demand.system for demand in indexed.demands]

    @property
    def best(self) -> int:
        """The most that any placement has: every service alone, nothing on links."""
        everywhere = {demand: (-1 - demand,) for demand in self.demands}
        return min(
            (self._of(limit, stages, everywhere, {}, links=False) for limit, stages in self._promises), default=0
        )

    def least(self, nodes: Nodes, crowd: Mapping[int, int]) -> int:
        """The slack of a placement, in basis points. crowd: replicas of services on each node, see `counts`."""
        links = bool(self.indexed.wires)
        return min((self._of(limit, stages, nodes, crowd, links=links) for limit, stages in self._promises), default=0)

    def counts(self, demand: int) -> bool:
        """Whether replicas of the demand make a node a shared one."""
        return self._counted[demand]

    def predictions(self, nodes: Nodes, crowd: Mapping[int, int]) -> list[tuple[ResponseTimeLimit, int, int]]:
        """Every promise with what the services on the way take, and the links, in microseconds."""
        links = bool(self.indexed.wires)
        return [
            (promise, *self._predicted(stages, nodes, crowd, links=links))
            for promise, (_, stages) in zip(self.indexed.problem.promises, self._resolved, strict=True)
        ]

    def _of(self, limit: int, stages: Stages, nodes: Nodes, crowd: Mapping[int, int], *, links: bool) -> int:
        return relative(limit, sum(self._predicted(stages, nodes, crowd, links=links)))

    def _predicted(self, stages: Stages, nodes: Nodes, crowd: Mapping[int, int], *, links: bool) -> tuple[int, int]:
        times = []
        for stage in stages:
            told = [_time(answer, nodes.get(demand, ()), crowd) for demand, answer in stage]
            times.append(max(told, key=sum, default=(0, 0)))
        if not links or len(stages) < 2:
            return added(times), 0
        places = [{node for demand, _ in stage for node in nodes.get(demand, ())} for stage in stages]
        return added(times), longest_latency(self.indexed, places)


def relative(limit: int, predicted: int) -> int:
    """The slack of one promise, in basis points of its limit."""
    return (limit - predicted) * WHOLE // limit


def _time(answer: ServiceTime, nodes: Collection[int], crowd: Mapping[int, int]) -> tuple[int, int]:
    alone = bool(nodes) and all(crowd.get(node, 0) < 2 for node in nodes)
    return (answer.alone_mean, answer.alone_above) if alone else (answer.mean, answer.above)
