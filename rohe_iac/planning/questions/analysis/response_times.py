"""Predicted response times: how a plan is expected to keep the limits of contracts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack, relative
from rohe_iac.planning.placement.state.from_plan import choice_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


@dataclass(frozen=True, slots=True)
class Prediction:
    """One objective on its path of least slack.

    Attributes:
        limit: microseconds that the contract allows.
        services: predicted microseconds of the services on the path; 0 for services without a profile.
        links: predicted microseconds on the links between them.
        slack: (limit - services - links) / limit, in basis points.
        first, last: addresses of the first workload of the first and of the last service on the path.
    """

    objective: str
    limit: int
    services: int
    links: int
    slack: int
    first: str
    last: str


def predictions_of(problem: Problem, decided: Plan) -> tuple[Prediction, ...]:
    """Returns a prediction of every objective of which anything is known, the least slack first."""
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
    found: dict[str, Prediction] = {}
    for path, services, links in slack.predictions(nodes, replicas_on):
        ends = [path.stages[0][0].workload, path.stages[-1][0].workload]
        limit = max(1, path.limit)
        prediction = Prediction(
            path.objective, limit, services, links, relative(limit, services + links), ends[0], ends[1]
        )
        known = found.get(path.objective)
        if services + links and (known is None or prediction.slack < known.slack):
            found[path.objective] = prediction
    return tuple(sorted(found.values(), key=lambda prediction: (prediction.slack, prediction.objective)))
