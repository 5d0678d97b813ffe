"""The terms of the objective as a plan reaches them, measured without the planner's code."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.verification.requests import has_preferred_labels, requested

PlacedReplica = tuple[Placement, Demand, Resources, Supply, Mapping[str, int]]
"""A replica with its demand, what it asks for, its node, and all that is used of the node."""

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
    lost = lost_percent(problem, plan)
    exact = {"interference": lost, "nodes": len(used), "cost": cost, "balance": sum(share * share for share in shares)}
    if limit is not None:
        yield "moves", (0, max(0, most_moves - limit)), max(0, most_moves - limit)
    for term in objective_terms(problem, plan):
        if term == "wishes":
            held = [_held(problem, demands[item.workload], nodes[item.node]) for item in plan.placements]
            most = sum(demand.replicas * _most_held(problem, demand) for demand in problem.demands)
            yield term, (sum(held), sum(held)), most
        elif term == "placed":
            for rank in sorted({rank_of(demand) for demand in problem.demands}, reverse=True):
                yield term, (placed[rank], placed[rank]), sum(demand.replicas for demand in problem.demands)
        elif term == "stable":
            yield term, (0, most_moves), most_moves
        elif term in exact:
            yield term, (exact[term], exact[term]), exact[term]


def objective_terms(problem: Problem, plan: Plan) -> list[str]:
    """Returns the objective with all that a blueprint need not name.

    `placed` comes first, preferences and interference before nodes, cost and balance.
    """
    sensitive = any_sensitive(problem, plan)
    stated = tuple(dict.fromkeys(problem.settings.objective))
    stated = stated if "placed" in stated else ("placed", *stated)
    named = [term for term in stated if sensitive or term != "interference"]
    more = ["wishes"] if _decided_by_node(problem) else []
    if sensitive and "interference" not in named:
        more.append("interference")
    before = next((number for number, term in enumerate(named) if term in CONSOLIDATING), len(named))
    return [*named[:before], *more, *named[before:]]


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
    found = 0
    if demand.prefers:
        total = sum(rule.weight for rule in demand.prefers)
        kept = sum(rule.weight for rule in demand.prefers if has_preferred_labels(rule, node))
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


def lost_percent(problem: Problem, plan: Plan) -> int:
    """Returns what sensitive replicas lose beyond a tenth each, summed over nodes in percents of one replica's time."""
    sensitive: Counter[str] = Counter()
    lost: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    nodes = {node.name: node for node in problem.nodes}
    for item, demand, asked, _, used in used_nodes(problem, plan):
        kinds = contended_amounts(demand, asked)
        for kind in kinds:
            rate = demand.slowdown // 1000 // len(kinds)
            lost[item.node][kind] += rate * (used[kind] - taken_amounts(asked)[kind])
        sensitive[item.node] += bool(kinds) and demand.slowdown // 1000 // len(kinds) > 0
    by_node = {
        name: sum(amount // max(1, offered_amounts(nodes[name])[kind]) for kind, amount in kinds.items())
        for name, kinds in lost.items()
    }
    return sum(max(0, thousandths - 100 * sensitive[name]) // 10 for name, thousandths in by_node.items())


def any_sensitive(problem: Problem, plan: Plan) -> bool:
    """Checks whether interference counts in the plan: a demand loses a thousandth of its time on a full node."""
    chosen = {item.workload: item.variant for item in plan.placements}
    for demand in problem.demands:
        first = demand.variants[0].name if demand.variants else ""
        kinds = contended_amounts(demand, requested(demand, chosen.get(demand.workload, first)))
        if kinds and demand.slowdown // 1000 // len(kinds):
            return True
    return False


def used_nodes(
    problem: Problem, plan: Plan
) -> Iterator[tuple[Placement, Demand, Resources, Supply, Mapping[str, int]]]:
    """Yields each replica with its demand, its request, its node and all that is used of the node.

    Room for updates is no replica and slows none down: nothing runs in it until a service is updated.
    """
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands if not demand.room}
    known = [item for item in plan.placements if item.workload in demands and item.node in nodes]
    used: dict[str, dict[str, int]] = {}
    for item in known:
        if item.node not in used:
            node = nodes[item.node]
            shared = [device for device in node.devices if not device.exclusive]
            used[item.node] = {
                "cpu": min(node.cpu, node.cpu_used),
                "memory": min(node.rss // 2**20, node.rss_used // 2**20),
                "accelerator": min(sum(device.capacity for device in shared), sum(device.used for device in shared)),
            }
        for kind, amount in taken_amounts(requested(demands[item.workload], item.variant)).items():
            used[item.node][kind] += amount
    for item in known:
        demand = demands[item.workload]
        yield item, demand, requested(demand, item.variant), nodes[item.node], used[item.node]


def taken_amounts(asked: Resources) -> dict[str, int]:
    """Returns what a replica asks for of what neighbours share: millicores, MiB and basis points."""
    shares = sum(request.share for request in asked.devices)
    return {"cpu": asked.cpu, "memory": asked.rss // 2**20, "accelerator": shares}


def offered_amounts(node: Supply) -> dict[str, int]:
    """Returns what a node has to share; accelerators that are given out whole are not shared."""
    shared = sum(device.capacity for device in node.devices if not device.exclusive)
    return {"cpu": node.cpu, "memory": node.rss // 2**20, "accelerator": shared}


def contended_amounts(demand: Demand, asked: Resources) -> list[str]:
    """Returns what a replica's speed depends on; cpu where its sensitivity says nothing."""
    named = [kind for kind in demand.sensitivity.split("+") if kind in ("cpu", "memory", "accelerator")]
    if not named:
        return ["cpu"]
    return [kind for kind in named if kind != "accelerator" or any(request.share for request in asked.devices)]
