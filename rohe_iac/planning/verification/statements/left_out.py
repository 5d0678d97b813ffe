"""Checks what a plan says of pipelines that are placed whole or not at all, and are not placed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from operator import attrgetter

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import LeftOutGang, Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.gangs import members_of
from rohe_iac.planning.verification.reasons import first_static_rule
from rohe_iac.planning.verification.statements.coupling import coupled_workloads
from rohe_iac.planning.verification.statements.room import room_of


def left_out_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each pipeline that is left out and not listed, or of which the plan does not say the truth."""
    placed = Counter(item.pipeline for item in plan.placements if not item.system)
    stated = {gang.pipeline: gang for gang in plan.left_out}
    for name in sorted({*problem.gangs, *stated}):
        members = members_of(problem, name)
        wanted = sum(demand.replicas for demand in members)
        if name in stated and (name not in problem.gangs or placed[name] or not wanted):
            message = f"is listed as left out, and {placed[name]} of its {wanted} replicas are placed"
            yield Fault("refusals", f"pipeline/{name}", message)
        if name not in stated and wanted and not placed[name]:
            yield Fault("refusals", f"pipeline/{name}", "is left out, and that is not listed")
        if name in stated:
            for message in _statement_faults(problem, plan, stated[name], members):
                yield Fault("refusals", f"pipeline/{name}", message)


def _statement_faults(problem: Problem, plan: Plan, gang: LeftOutGang, members: Sequence[Demand]) -> Iterator[str]:
    wanted = sum(demand.replicas for demand in members)
    if gang.replicas != wanted:
        yield f"is said to have {gang.replicas} replicas, it has {wanted}"
    workloads = {f"{demand.replica}/{index}": demand for demand in members for index in demand.replica_indices}
    for address in gang.missing:
        if address not in workloads:
            yield f"{address} is listed as missing, and is none of its replicas"
    lacking = {workloads[address].workload for address in gang.missing if address in workloads}
    refused = [refusals.workload for refusals in gang.refusals]
    if sorted(refused) != sorted(lacking):
        yield f"refusals are of {', '.join(refused) or 'nothing'}, missing are {', '.join(sorted(lacking)) or 'none'}"
    for refusals in gang.refusals:
        number = sum(count for _, count in refusals.by_rule)
        if number != len(problem.nodes):
            yield f"{refusals.workload} has no room, and {number} of {len(problem.nodes)} nodes refuse it"
    if not gang.missing and plan.strategy != "exact" and problem.settings.max_moves is None:
        yield "is left out, and no replica is said to have no room"


def room_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each pipeline that is left out although one node has room for all of it.

    Only pipelines are looked at of which nothing but cpu, memory and the node itself decides where replicas fit.
    """
    settings = problem.settings
    if not plan.left_out or plan.strategy == "exact":
        return
    if settings.survive or settings.survive_zones or settings.filters or settings.max_moves is not None:
        return
    demands = {demand.workload: demand for demand in problem.demands}
    there: dict[str, list[tuple[Placement, Demand]]] = defaultdict(list)
    for item in plan.placements:
        there[item.node].append((item, demands[item.workload]))
    rooms = [(node, room_of(node, there[node.name], settings.vms_ratio)) for node in problem.nodes]
    coupled = coupled_workloads(problem)
    for gang in plan.left_out:
        members = members_of(problem, gang.pipeline)
        if any(demand.workload in coupled or _has_rules(demand) for demand in members):
            continue
        cpu, rss, vms = (
            sum(demand.replicas * (amount(demand.resources) or 0) for demand in members)
            for amount in (attrgetter("cpu"), attrgetter("rss"), attrgetter("vms"))
        )
        for node, room in rooms:
            enough = cpu <= room.cpu and rss <= room.rss and (room.vms is None or vms <= room.vms)
            if enough and not any(first_static_rule(demand, node) for demand in members):
                yield Fault("gang", f"pipeline/{gang.pipeline}", f"is left out, and {node.name} has room for all of it")
                break


def _has_rules(demand: Demand) -> bool:
    """Checks whether more than cpu, memory and the node itself decides where replicas fit."""
    asked = demand.resources
    more = asked.cores or asked.devices or asked.disk or asked.network
    return bool(demand.variants or demand.spread or demand.skews or demand.ports or more)
