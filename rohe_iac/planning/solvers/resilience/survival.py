"""Survival: the plan that survives the failures that the stack asks for without leaving out a replica for it.

`survive` spreads the replicas of every service and keeps a node free. Neither may cost a replica its place: where the
spread would, it is relaxed to fewer failures, and the plan lists the services.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Protocol

from rohe_iac.planning.model.keys import ZONE_KEY
from rohe_iac.planning.model.plan import SPARE_LIMIT, Loss, Plan, Relaxed
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import most_on_a_node
from rohe_iac.planning.solvers.resilience.failure_audit import audit

ZONE = "zone/"
"""How the address of a zone begins."""

SPARES = 6
"""How many nodes are tried as the one that is kept free."""

RESTORED = 6
"""How many services with a relaxed spread are tried with the spread that the stack asks for again."""


class Replan(Protocol):
    """Plans the problem under conditions; the plan does not list them."""

    def __call__(self, spare: Collection[str], relaxed: Mapping[str, int], /) -> Plan:
        """Returns a plan.

        Args:
            spare: names of nodes that are kept free.
            relaxed: number of failures that a service is spread for, by workload; the others as the stack asks.
        """
        ...


def surviving_plan(problem: Problem, replan: Replan, plugins: Plugins) -> Plan:
    """Returns a plan that survives the failures that the stack asks for, with a node kept free where that helps.

    Where no such plan is found, the plan without a free node is returned with the losses that it does not survive.
    """
    plan = replan((), {})
    settings = problem.settings
    if not settings.survive and not settings.survive_zones:
        return plan
    plan, failures = _relax(problem, replan, plan) if plan.unplaced else (plan, {})
    relaxed = tuple([Relaxed(workload, number) for workload, number in sorted(failures.items())])
    if len(problem.nodes) > SPARE_LIMIT:
        return replace(plan, relaxed=relaxed)
    losses = _losses(problem, plan, plugins)
    # A service that is spread for no failure may lose all its replicas at once, whichever node is kept free.
    helps = settings.survive and all(failures.values()) and any(not _is_zone(loss) for loss in losses)
    for node in _spare_candidates(problem, plan) if helps else ():
        with_spare = replan((node,), failures)
        if _placed_by_rank(problem, with_spare) >= _placed_by_rank(problem, plan):
            left = _losses(problem, with_spare, plugins)
            if all(map(_is_zone, left)):
                return replace(with_spare, losses=left, relaxed=relaxed, spare=node)
    return replace(plan, losses=losses, relaxed=relaxed)


def _relax(problem: Problem, replan: Replan, plan: Plan) -> tuple[Plan, dict[str, int]]:
    """Relaxes the spread of services until no more replicas can be placed.

    Services with unplaced replicas are relaxed first. Then, in inventories of at most SPARE_LIMIT nodes, all services
    are, because the spread of one may take the room of another.

    Returns:
        The plan, and the failures that each relaxed service is spread for; the plan given and none where relaxing
        places no more replicas.
    """
    replicas = {demand.workload: demand.replicas for demand in problem.demands if demand.replicas > 1}
    best, relaxed = plan, dict[str, int]()
    tried, candidate = relaxed, plan
    # A step may place no more and the next one may: the first gives up only the spread over zones.
    while more := _one_step_further(problem, candidate, replicas, tried):
        tried = {**tried, **more}
        candidate = replan((), tried)
        if _placed_by_rank(problem, candidate) > _placed_by_rank(problem, best):
            best, relaxed = candidate, tried
    if best.unplaced and len(problem.nodes) <= SPARE_LIMIT:
        candidate = replan((), dict.fromkeys(replicas, 0))
        if _placed_by_rank(problem, candidate) > _placed_by_rank(problem, best):
            best, relaxed = _widest(problem, replan, candidate, replicas)
    return _restore(problem, replan, plan, best, relaxed)


def _one_step_further(
    problem: Problem, plan: Plan, replicas: Mapping[str, int], relaxed: Mapping[str, int]
) -> dict[str, int]:
    """Returns the failures that the services are spread for next of which the spread keeps replicas out.

    Args:
        problem: the problem.
        plan: the plan with `relaxed`.
        replicas: number of replicas, by workload; of those that have several.
        relaxed: failures by workload.
    """
    return {
        workload: fewer
        for workload in _kept_out_by_spread(plan) & replicas.keys()
        if (fewer := _relaxed_further(problem, replicas[workload], relaxed.get(workload))) is not None
    }


def _widest(
    problem: Problem, replan: Replan, narrowest: Plan, replicas: Mapping[str, int]
) -> tuple[Plan, dict[str, int]]:
    """Returns the plan with all services spread for the most failures that places as much as that for none.

    Args:
        problem: the problem.
        replan: makes plans.
        narrowest: the plan with no service spread.
        replicas: number of replicas, by workload; of those that have several.
    """
    relaxed: dict[str, int] = {}
    while any((relaxed := _all_further(problem, replicas, relaxed)).values()):
        candidate = replan((), relaxed)
        if _placed_by_rank(problem, candidate) >= _placed_by_rank(problem, narrowest):
            return candidate, relaxed
    return narrowest, dict.fromkeys(replicas, 0)


def _all_further(problem: Problem, replicas: Mapping[str, int], relaxed: Mapping[str, int]) -> dict[str, int]:
    """Returns the failures that all services are spread for next, 0 for those that are spread for none already."""
    return {
        workload: _relaxed_further(problem, number, relaxed.get(workload)) or 0 for workload, number in replicas.items()
    }


def _restore(
    problem: Problem, replan: Replan, first: Plan, best: Plan, relaxed: dict[str, int]
) -> tuple[Plan, dict[str, int]]:
    """Takes services out of `relaxed` as long as no replica loses its place.

    All services that are spread as the stack asks anyway are taken out first; then the others one by one, the highest
    priority first.

    Args:
        problem: the problem.
        replan: makes plans.
        first: the plan without any relaxed service.
        best: the plan with `relaxed`.
        relaxed: failures by workload.

    Returns:
        The plan and the failures that each service that stays relaxed is spread for.
    """
    there = Counter((placement.workload, placement.node) for placement in best.placements)
    most, in_zone = _fullest(there), _fullest(_by_zone(problem, best))
    survive, zones = problem.settings.survive, problem.settings.survive_zones
    crowded = [
        demand.workload
        for demand in sorted(problem.demands, key=lambda demand: (not demand.system, -demand.priority, demand.workload))
        if demand.workload in relaxed
        and (
            most[demand.workload] > most_on_a_node(demand.replicas, survive)
            or in_zone[demand.workload] > most_on_a_node(demand.replicas, zones)
        )
    ]
    for workloads in [relaxed.keys() - set(crowded), *({workload} for workload in crowded[:RESTORED])]:
        fewer = {workload: failures for workload, failures in relaxed.items() if workload not in workloads}
        if len(fewer) == len(relaxed):
            continue
        candidate = replan((), fewer) if fewer else first
        if _placed_by_rank(problem, candidate) >= _placed_by_rank(problem, best):
            best, relaxed = candidate, fewer
    return best, relaxed


def _fullest(counts: Mapping[tuple[str, str], int]) -> Counter[str]:
    """Returns the most replicas of each workload in one place, of numbers by workload and place."""
    most: Counter[str] = Counter()
    for (workload, _), number in counts.items():
        most[workload] = max(most[workload], number)
    return most


def _by_zone(problem: Problem, plan: Plan) -> Counter[tuple[str, str]]:
    """Returns the number of replicas by workload and zone; a node without a zone is one by itself."""
    zones = {node.name: node.label(ZONE_KEY, f"node/{node.name}") for node in problem.nodes}
    return Counter((placement.workload, zones[placement.node]) for placement in plan.placements)


def _relaxed_further(problem: Problem, replicas: int, relaxed: int | None) -> int | None:
    """Returns for how many failures of nodes a workload is spread next: first as asked, but for no failure of a zone.

    Args:
        problem: the problem.
        replicas: how many the workload has.
        relaxed: for how many it is spread now; None where it is not relaxed.

    Returns:
        None where it is spread for none already.
    """
    asked = problem.settings.survive
    if relaxed is None and problem.settings.survive_zones:
        return asked
    failures = asked if relaxed is None else relaxed
    return _fewer_failures(replicas, failures) if failures else None


def _kept_out_by_spread(plan: Plan) -> set[str]:
    """Returns the workloads that have unplaced replicas and are refused by a node for their spread."""
    unplaced = {replica.workload for replica in plan.unplaced}
    # A pipeline that is left out for what some of its replicas lack is refused by that rule alone.
    lacking = [refusals for gang in plan.left_out for refusals in gang.refusals]
    return {
        refusals.workload
        for refusals in (*plan.refusals, *lacking)
        if refusals.workload in unplaced and "spread" in dict(refusals.by_rule)
    }


def _fewer_failures(replicas: int, failures: int) -> int:
    """Returns half as many failures, halved further until more replicas may share a node."""
    fewer = failures // 2
    while fewer and most_on_a_node(replicas, fewer) == most_on_a_node(replicas, failures):
        fewer //= 2
    return fewer


def _placed_by_rank(problem: Problem, plan: Plan) -> list[int]:
    """Returns how many replicas are placed, by priority, system services and then the highest priority first."""
    rank = {demand.workload: demand.rank for demand in problem.demands}
    priority = {(demand.pipeline, demand.service): demand.priority for demand in problem.demands}
    counts = Counter(rank[placement.workload] for placement in plan.placements)
    # Of one priority, room for updates counts after the replicas.
    counts.update(2 * priority[room.pipeline, room.service] for room in plan.reserved)
    levels = {*rank.values(), *(2 * demand.priority for demand in problem.demands if demand.update_room)}
    return [counts[level] for level in sorted(levels, reverse=True)]


def _losses(problem: Problem, plan: Plan, plugins: Plugins) -> tuple[Loss, ...]:
    """Returns the nodes and zones whose failure the plan does not survive though it has to, and what each breaks."""
    settings = problem.settings
    losses = [
        Loss(impact.what.removeprefix("node/"), impact.unplaceable, impact.outages)
        for impact in audit(problem, plan, plugins, zones_too=bool(settings.survive_zones))
        if not impact.survived and (settings.survive or impact.what.startswith(ZONE))
    ]
    return tuple(sorted(losses, key=lambda loss: loss.node))


def _is_zone(loss: Loss) -> bool:
    """Checks whether a zone fails, and not a node."""
    return loss.node.startswith(ZONE)


def _spare_candidates(problem: Problem, plan: Plan) -> list[str]:
    """Returns the names of nodes to try as the one that is kept free: unused ones first, then the largest."""
    used = {placement.node for placement in plan.placements}
    running = [node for node in problem.nodes if node.status == "running"]
    running.sort(key=lambda node: (node.name in used, -node.cpu, -node.rss, node.name))
    return [node.name for node in running[:SPARES]]
