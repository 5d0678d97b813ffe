"""Survival: of the plans that can be made, the one that survives what it is asked to and yet places what has a place.

`survive` spreads the replicas of a service and keeps a node free. Neither may cost a replica its place: where the
spread would, it is for fewer failures, and the plan says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Protocol

from rohe_iac.planning.model.plan import SPARE_LIMIT, Loss, Plan, Relaxed
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import most_on_a_node
from rohe_iac.planning.solvers.resilience.failure_audit import audit

SPARES = 6
"""How many nodes are tried as the one that is kept free."""

RESTORED = 6
"""How many workloads that are spread for fewer failures are tried with the spread that is asked for again."""


class Make(Protocol):
    """Plans with these nodes kept free and these workloads spread for fewer failures; the plan tells neither."""

    def __call__(self, spare: Collection[str], eased: Mapping[str, int], /) -> Plan:
        """spare: names of nodes. eased: failures by workload."""
        ...


def surviving_plan(problem: Problem, make: Make, plugins: Plugins) -> Plan:
    """A plan that survives what it is asked to, with a node kept free where that helps; else the usual one."""
    found = make((), {})
    if not problem.settings.survive:
        return found
    found, eased = _eased(problem, make, found) if found.unplaced else (found, {})
    told = tuple([Relaxed(workload, failures) for workload, failures in sorted(eased.items())])
    if len(problem.nodes) > SPARE_LIMIT:
        return replace(found, relaxed=told)
    losses = _losses(problem, found, plugins)
    # Of a service that is spread for no failure nothing may be left, whichever node is kept free.
    for name in _spares(problem, found) if losses and all(eased.values()) else ():
        other = make((name,), eased)
        if _served(problem, other) >= _served(problem, found) and not _losses(problem, other, plugins):
            return replace(other, relaxed=told, spare=name)
    return replace(found, losses=losses, relaxed=told)


def _eased(problem: Problem, make: Make, found: Plan) -> tuple[Plan, dict[str, int]]:
    """A plan with more replicas that have a place, and who is spread for how many failures instead; or the same plan.

    First those without a place are; then, in inventories that are not too large for it, whoever may have taken the
    room of others by being spread.
    """
    replicas = {demand.workload: demand.replicas for demand in problem.demands if demand.replicas > 1}
    best, eased = found, dict[str, int]()
    while True:
        more = {
            name: _fewer(replicas[name], failures)
            for name in _apart(best) & replicas.keys()
            if (failures := eased.get(name, problem.settings.survive))
        }
        other = make((), {**eased, **more}) if more else best
        if _served(problem, other) <= _served(problem, best):
            break
        best, eased = other, {**eased, **more}
    if best.unplaced and len(problem.nodes) <= SPARE_LIMIT:
        other = make((), dict.fromkeys(replicas, 0))
        if _served(problem, other) > _served(problem, best):
            best, eased = other, dict.fromkeys(replicas, 0)
    return _restored(problem, make, found, best, eased)


def _restored(
    problem: Problem, make: Make, first: Plan, best: Plan, eased: dict[str, int]
) -> tuple[Plan, dict[str, int]]:
    """The same with fewer of them: all that are spread as asked anyway, then one by one, the largest priority first."""
    there = Counter((item.workload, item.node) for item in best.placements)
    most: Counter[str] = Counter()
    for (workload, _), number in there.items():
        most[workload] = max(most[workload], number)
    survive = problem.settings.survive
    over = [
        demand.workload
        for demand in sorted(problem.demands, key=lambda one: (not one.system, -one.priority, one.workload))
        if demand.workload in eased and most[demand.workload] > most_on_a_node(demand.replicas, survive)
    ]
    for names in [eased.keys() - set(over), *({name} for name in over[:RESTORED])]:
        fewer = {name: failures for name, failures in eased.items() if name not in names}
        if len(fewer) == len(eased):
            continue
        other = make((), fewer) if fewer else first
        if _served(problem, other) >= _served(problem, best):
            best, eased = other, fewer
    return best, eased


def _apart(found: Plan) -> set[str]:
    """Workloads that lack a place and are kept from a node by being spread."""
    waiting = {item.workload for item in found.unplaced}
    return {item.workload for item in found.refusals if item.workload in waiting and "spread" in dict(item.by_rule)}


def _fewer(replicas: int, failures: int) -> int:
    """Half as many failures, and so on until more replicas may share a node."""
    fewer = failures // 2
    while fewer and most_on_a_node(replicas, fewer) == most_on_a_node(replicas, failures):
        fewer //= 2
    return fewer


def _served(problem: Problem, found: Plan) -> list[int]:
    """How many replicas have a place, by priority, the largest first."""
    rank = {demand.workload: demand.rank for demand in problem.demands}
    counts = Counter(rank[item.workload] for item in found.placements)
    return [counts[one] for one in sorted(set(rank.values()), reverse=True)]


def _losses(problem: Problem, found: Plan, plugins: Plugins) -> tuple[Loss, ...]:
    drops = audit(problem, found, plugins, zones_too=False)
    return tuple(
        Loss(drop.what.removeprefix("node/"), drop.unplaceable, drop.outages) for drop in drops if not drop.survived
    )


def _spares(problem: Problem, found: Plan) -> list[str]:
    """Nodes that could be kept free: idle ones first, then the largest."""
    used = {item.node for item in found.placements}
    running = [node for node in problem.nodes if node.status == "running"]
    running.sort(key=lambda node: (node.name in used, -node.cpu, -node.rss, node.name))
    return [node.name for node in running[:SPARES]]
