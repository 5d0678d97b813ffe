"""Prediction: the response times that contracts limit, as a plan is predicted to keep them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack, relative
from rohe_iac.planning.placement.state.from_plan import choice_of
from rohe_iac.planning.placement.state.index import IndexedProblem


@dataclass(frozen=True, slots=True)
class Prediction:
    """One objective on its way of least slack. limit, services, links: microseconds; slack: basis points of the limit.

    services: what those on the way take, 0 where no profile tells; links: what the links between them take.
    first, last: addresses of the first workloads of the first and the last service on the way.
    """

    objective: str
    limit: int
    services: int
    links: int
    slack: int
    first: str
    last: str


def predictions_of(problem: Problem, decided: Plan) -> tuple[Prediction, ...]:
    """A prediction of every objective of which anything is known, the least slack first."""
    if not problem.promises:
        return ()
    indexed = IndexedProblem(problem, choice_of(problem, decided))
    slack = LatencySlack(indexed)
    nodes: dict[int, set[int]] = {}
    crowd: Counter[int] = Counter()
    for item in decided.placements:
        if item.workload in indexed.index and item.node in indexed.node_index:
            demand, node = indexed.index[item.workload], indexed.node_index[item.node]
            nodes.setdefault(demand, set()).add(node)
            crowd[node] += slack.counts(demand)
    found: dict[str, Prediction] = {}
    for promise, services, links in slack.predictions(nodes, crowd):
        ends = [promise.stages[0][0].workload, promise.stages[-1][0].workload]
        limit = max(1, promise.limit)
        told = Prediction(
            promise.objective, limit, services, links, relative(limit, services + links), ends[0], ends[1]
        )
        known = found.get(promise.objective)
        if services + links and (known is None or told.slack < known.slack):
            found[promise.objective] = told
    return tuple(sorted(found.values(), key=lambda one: (one.slack, one.objective)))
