"""The terms of the objective as a plan reaches them, measured without the planner's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.requests import requested


def measured_terms(problem: Problem, plan: Plan) -> Iterator[tuple[str, tuple[int, int], int]]:
    """Yields each term of the objective in its order, the least and most that the plan reaches, and of any plan.

    Replicas whose node is gone do not count as moved, and a plan does not say which nodes were there.
    """
    demands = {demand.workload: demand for demand in problem.demands}
    placed = Counter(rank_of(demands[item.workload]) for item in plan.placements if item.workload in demands)
    nodes = {node.name: node for node in problem.nodes}
    used = {item.node for item in plan.placements}
    moved = [item for item in plan.placements if item.was and item.was != item.node]
    most_moves = len(moved)
    limit = problem.settings.max_moves
    load: Counter[str] = Counter()
    for item in plan.placements:
        if item.workload in demands:
            load[item.node] += requested(demands[item.workload], item.variant).cpu
    shares = [load[name] * 1000 // max(1, nodes[name].cpu) for name in used if name in nodes]
    cost = sum(nodes[name].cost for name in used if name in nodes)
    exact = {"nodes": len(used), "cost": cost, "balance": sum(share * share for share in shares)}
    if limit is not None:
        yield "moves", (0, max(0, most_moves - limit)), max(0, most_moves - limit)
    for term in problem.settings.objective:
        if term == "placed":
            for rank in sorted({rank_of(demand) for demand in problem.demands}, reverse=True):
                yield term, (placed[rank], placed[rank]), sum(demand.replicas for demand in problem.demands)
        elif term == "stable":
            yield term, (0, most_moves), most_moves
        elif term in exact:
            yield term, (exact[term], exact[term]), exact[term]


def rank_of(demand: Demand) -> int:
    """Returns the priority of a demand; parts of the system come before all others."""
    return 1 << 40 if demand.system else demand.priority
