"""Latency slack: how far predicted response times stay below what contracts promise, where a placement can change that.

Of one promise it is (limit - predicted) / limit, in basis points, rounded down; below 0 where the promise is predicted
to be broken. Predicted is what the services on the path take, plus the time on links of the slowest replicas. A service
takes its time alone where no replica of it shares its node with another of the stack's services (replicas of its own
demand count, what the stack runs for itself does not), else, or without a place, its time on a shared node. The slack
of a placement is the least of all promises.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from rohe_iac.planning.model.promise import ResponseTimeLimit, WorkloadServiceTime, added, hop_keys
from rohe_iac.planning.placement.rules.latency_budget import longest_latency
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

WHOLE_LIMIT = 10_000
"""Basis points of a limit."""

Stages = tuple[tuple[tuple[DemandIndex, WorkloadServiceTime], ...], ...]
"""The stages of a promise: demands by position, each with its service time."""

Nodes = Mapping[DemandIndex, Collection[NodeIndex]]
"""The nodes that replicas of a demand are on, by position; a demand without any may be left out."""


class LatencySlack:
    """The promises of a problem, to be compared with placements.

    Attributes:
        indexed: The problem.
        demands: Demands that any promise is about.
    """

    def __init__(self, indexed: IndexedProblem) -> None:
        self.indexed = indexed
        edges = indexed.problem.edges
        self._resolved: list[tuple[int, tuple[str, ...], Stages]] = [
            (
                max(1, promise.limit),
                hop_keys([[time.workload for time in stage] for stage in promise.stages], edges),
                tuple(
                    tuple((indexed.index[time.workload], time) for time in stage if time.workload in indexed.index)
                    for stage in promise.stages
                ),
            )
            for promise in indexed.problem.promises
        ]
        self._promises = list(dict.fromkeys(self._resolved))
        self.demands = {demand for _, _, stages in self._promises for stage in stages for demand, _ in stage}
        self._counted = [not demand.system for demand in indexed.demands]

    @property
    def best(self) -> int:
        """The slack that no placement exceeds: every service alone on its node, no time on links."""
        # A node of its own for each demand.
        nodes = {demand: (NodeIndex(-1 - demand),) for demand in self.demands}
        slacks = (self._slack(limit, keys, stages, nodes, {}, links=False) for limit, keys, stages in self._promises)
        return min(slacks, default=0)

    def least(self, nodes: Nodes, replicas_on: Mapping[NodeIndex, int]) -> int:
        """Returns the slack of a placement, in basis points.

        Args:
            nodes: The nodes of each demand.
            replicas_on: Replicas on each node, of demands that `counts`.
        """
        links = bool(self.indexed.wires)
        slacks = (
            self._slack(limit, keys, stages, nodes, replicas_on, links=links) for limit, keys, stages in self._promises
        )
        return min(slacks, default=0)

    def counts(self, demand: DemandIndex) -> bool:
        """Checks whether replicas of the demand make a node a shared one."""
        return self._counted[demand]

    def predictions(
        self, nodes: Nodes, replicas_on: Mapping[NodeIndex, int]
    ) -> list[tuple[ResponseTimeLimit, int, int]]:
        """Returns every promise with what the services on the path take, and the links, in microseconds."""
        links = bool(self.indexed.wires)
        return [
            (promise, *self._predict(keys, stages, nodes, replicas_on, links=links))
            for promise, (_, keys, stages) in zip(self.indexed.problem.promises, self._resolved, strict=True)
        ]

    def _slack(
        self,
        limit: int,
        keys: tuple[str, ...],
        stages: Stages,
        nodes: Nodes,
        replicas_on: Mapping[NodeIndex, int],
        *,
        links: bool,
    ) -> int:
        """Returns the slack of one promise."""
        return relative(limit, sum(self._predict(keys, stages, nodes, replicas_on, links=links)))

    def _predict(
        self,
        keys: tuple[str, ...],
        stages: Stages,
        nodes: Nodes,
        replicas_on: Mapping[NodeIndex, int],
        *,
        links: bool,
    ) -> tuple[int, int]:
        """Returns what the services of the stages take, and the links, in microseconds."""
        times = []
        for stage in stages:
            members = [_time(answer, nodes.get(demand, ()), replicas_on) for demand, answer in stage]
            times.append(max(members, key=sum, default=(0, 0)))
        if not links or len(stages) < 2:
            return added(times), 0
        places = [{node for demand, _ in stage for node in nodes.get(demand, ())} for stage in stages]
        return added(times), longest_latency(self.indexed, places, keys)


def relative(limit: int, predicted: int) -> int:
    """Returns the slack of one promise, in basis points of its limit."""
    return (limit - predicted) * WHOLE_LIMIT // limit


def _time(
    time: WorkloadServiceTime, nodes: Collection[NodeIndex], replicas_on: Mapping[NodeIndex, int]
) -> tuple[int, int]:
    """Returns mean and percentile of a service: alone where every node of it has one replica, else shared."""
    return (time.alone_mean, time.alone_above) if is_alone(nodes, replicas_on) else (time.mean, time.above)


def is_alone(nodes: Collection[NodeIndex], replicas_on: Mapping[NodeIndex, int]) -> bool:
    """Checks whether a service has nodes, and each of them has one replica."""
    return bool(nodes) and all(replicas_on.get(node, 0) < 2 for node in nodes)
