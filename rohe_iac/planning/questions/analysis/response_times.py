"""Predicted response times: how a plan is expected to keep the limits of contracts."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.neighbours import crowding
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit, added
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack, is_alone, relative
from rohe_iac.planning.placement.state.from_plan import choice_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex
from rohe_iac.planning.sizing.workload import SPREAD


@dataclass(frozen=True, slots=True)
class Prediction:
    """One objective on its path of least slack.

    Attributes:
        limit: microseconds that the contract allows.
        services: predicted microseconds of the services on the path that are counted; None where one is overloaded.
        links: predicted microseconds on the links between them.
        beside: predicted microseconds of services and links where each service takes its time alone, and of what a
            full node costs it the part that its neighbours in the plan ask for; never more than the prediction, and 0
            where a service is overloaded.
        slack: (limit - services - links) / limit, in basis points; None where a service is overloaded.
        first, last: addresses of the first workload of the first and of the last service on the path.
        workloads: addresses of all workloads on the path.
        balancing: how requests are spread over the replicas of the services on the path, without repetition; empty
            where each has one replica.
        uncounted: addresses of workloads on the path whose response times nothing is known of: they have no profile.
        overload: how busy the replicas of the most loaded service on the path would have to be, in percent of their
            time: 100 or more, so that queues grow without end; 0 where all services keep up.
    """

    objective: str
    limit: int
    services: int | None
    links: int
    slack: int | None
    first: str
    last: str
    beside: int = 0
    workloads: tuple[str, ...] = ()
    balancing: tuple[str, ...] = ()
    uncounted: tuple[str, ...] = ()
    overload: int = 0

    @property
    def time(self) -> int | None:
        """Predicted microseconds of services and links; None where a service is overloaded."""
        return None if self.services is None else self.services + self.links

    @property
    def is_late(self) -> bool:
        """Whether the objective is predicted to be broken."""
        return self.slack is None or self.slack < 0

    @property
    def unknown(self) -> bool:
        """Whether nothing is known of any service or link on the path."""
        return self.time == 0

    @property
    def spread(self) -> tuple[str, ...]:
        """How requests are spread over the replicas, in words."""
        return tuple(SPREAD[name] for name in self.balancing if name in SPREAD)


def predictions_of(problem: Problem, decided: Plan) -> tuple[Prediction, ...]:
    """Returns a prediction of every objective that limits response times, the least slack first."""
    if not problem.promises:
        return ()
    indexed = IndexedProblem(problem, choice_of(problem, decided))
    slack = LatencySlack(indexed)
    nodes: dict[DemandIndex, set[NodeIndex]] = {}
    replicas_on: Counter[NodeIndex] = Counter()
    for item in decided.placements:
        if item.workload in indexed.index and item.node in indexed.node_index:
            demand, node = indexed.index[item.workload], indexed.node_index[item.node]
            nodes.setdefault(demand, set()).add(node)
            replicas_on[node] += slack.counts(demand)
    demands = {demand.workload: demand for demand in problem.demands}
    crowdings = _crowdings(indexed, decided)
    found: dict[str, Prediction] = {}
    for path, services, links in slack.predictions(nodes, replicas_on):
        ends = [path.stages[0][0].workload, path.stages[-1][0].workload]
        limit = max(1, path.limit)
        overload = _overload(path, indexed, nodes, replicas_on)
        prediction = Prediction(
            path.objective,
            limit,
            None if overload else services,
            links,
            None if overload else relative(limit, services + links),
            ends[0],
            ends[1],
            0 if overload else min(services, _services_beside(path, crowdings)) + links,
            tuple(time.workload for stage in path.stages for time in stage),
            _balancing(path, demands),
            tuple(time.workload for stage in path.stages for time in stage if not time.mean),
            overload,
        )
        known = found.get(path.objective)
        if known is None or _order(prediction) < _order(known):
            found[path.objective] = prediction
    return tuple(sorted(found.values(), key=_order))


def _order(prediction: Prediction) -> tuple[float, int, str]:
    """Returns the order of predictions: the most overloaded first, then the least slack."""
    slack = -math.inf if prediction.slack is None else prediction.slack
    return slack, -prediction.overload, prediction.objective


def _overload(
    path: ResponseTimeLimit,
    indexed: IndexedProblem,
    nodes: Mapping[DemandIndex, Collection[NodeIndex]],
    replicas_on: Mapping[NodeIndex, int],
) -> int:
    """Returns the greatest overload of the services on a path where they are placed, in percent; 0 without any."""
    return max(
        (
            time.alone_overload if is_alone(nodes.get(indexed.index[time.workload], ()), replicas_on) else time.overload
            for stage in path.stages
            for time in stage
            if time.workload in indexed.index
        ),
        default=0,
    )


def _balancing(path: ResponseTimeLimit, demands: Mapping[str, Demand]) -> tuple[str, ...]:
    """Returns how requests are spread over replicas on a path, where services of known times have several."""
    known = (demands.get(time.workload) for stage in path.stages for time in stage if time.mean)
    return tuple(dict.fromkeys(demand.balancing for demand in known if demand is not None and demand.replicas > 1))


def _crowdings(indexed: IndexedProblem, decided: Plan) -> dict[str, int]:
    """Returns by workload the largest part of a node that the neighbours of a replica ask for, in millionths."""
    on_node: dict[NodeIndex, Counter[DemandIndex]] = defaultdict(Counter)
    for item in decided.placements:
        if item.workload in indexed.index and item.node in indexed.node_index:
            on_node[indexed.node_index[item.node]][indexed.index[item.workload]] += 1
    found: dict[str, int] = {}
    for node, replicas in on_node.items():
        for demand in replicas:
            neighbours = [indexed.resources[other] for other in (replicas - Counter((demand,))).elements()]
            asked, workload = indexed.resources[demand], indexed.demands[demand]
            part = crowding(workload.sensitivity, asked, indexed.nodes[node], neighbours)
            found[workload.workload] = max(found.get(workload.workload, 0), part)
    return found


def _services_beside(path: ResponseTimeLimit, crowdings: Mapping[str, int]) -> int:
    """Returns what the services on a path take beside their neighbours, in microseconds."""
    slowest = []
    for stage in path.stages:
        times = []
        for time in stage:
            part = crowdings.get(time.workload, MILLION)
            times.append(
                (
                    time.alone_mean + _part(time.mean - time.alone_mean, part),
                    time.alone_above + _part(time.above - time.alone_above, part),
                )
            )
        slowest.append(max(times, key=sum, default=(0, 0)))
    return added(slowest)


def _part(amount: int, millionths: int) -> int:
    return -(-amount * millionths // MILLION)
