"""The terms of the objective as a plan reaches them, measured without the planner's code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.verification.requests import requested

CONSOLIDATING = ("nodes", "cost", "balance")
"""Terms that preferences come before."""


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
    terms = list(dict.fromkeys(problem.settings.objective))
    if _decided_by_node(problem):
        before = next((number for number, term in enumerate(terms) if term in CONSOLIDATING), len(terms))
        terms.insert(before, "wishes")
    for term in terms:
        if term == "wishes":
            held = [_held(problem, demands[item.workload], nodes[item.node]) for item in plan.placements]
            most = sum(demand.replicas * _most_held(problem, demand) for demand in problem.demands)
            yield term, (sum(held), sum(held)), most
        if term == "placed":
            for rank in sorted({rank_of(demand) for demand in problem.demands}, reverse=True):
                yield term, (placed[rank], placed[rank]), sum(demand.replicas for demand in problem.demands)
        elif term == "stable":
            yield term, (0, most_moves), most_moves
        elif term in exact:
            yield term, (exact[term], exact[term]), exact[term]


def _decided_by_node(problem: Problem) -> bool:
    """Checks whether there are preferences, and nothing but the node of a replica decides whether they hold."""
    preferred_rules = any(
        any(not rule.required for rule in (*demand.near, *demand.avoid))
        or any(not skew.required for skew in demand.skews)
        for demand in problem.demands
    )
    return not preferred_rules and any(_most_held(problem, demand) for demand in problem.demands)


def _most_held(problem: Problem, demand: Demand) -> int:
    """Returns the most that the preferences of one replica can count, in millionths."""
    kept_off = any(_discourages(node, demand) for node in problem.nodes)
    return MILLION * (bool(demand.prefers) + kept_off)


def _held(problem: Problem, demand: Demand, node: Supply) -> int:
    """Returns what the preferences of one replica count on the node, in millionths."""
    labels = dict(node.labels)
    found = 0
    if demand.prefers:
        total = sum(rule.weight for rule in demand.prefers)
        kept = sum(
            rule.weight for rule in demand.prefers if all(labels.get(key) == value for key, value in rule.labels)
        )
        found = kept * MILLION // total
    if any(_discourages(other, demand) for other in problem.nodes) and not _discourages(node, demand):
        found += MILLION
    return found


def _discourages(node: Supply, demand: Demand) -> bool:
    """Checks whether the node has a PreferNoSchedule taint that the demand does not tolerate."""
    return any(
        taint.effect == "PreferNoSchedule"
        and not any(toleration.covers(taint.key, taint.value, taint.effect) for toleration in demand.tolerations)
        for taint in node.taints
    )


def rank_of(demand: Demand) -> int:
    """Returns the priority of a demand: parts of the system come before all others, room for updates after replicas."""
    return 1 << 40 if demand.system else 2 * demand.priority + (0 if demand.room else 1)
