"""The room that services ask for to be updated, as verification counts it: like replicas of workloads of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.requests import requested


def with_room(problem: Problem, plan: Plan) -> tuple[Problem, Plan]:
    """Returns a problem whose demands include the room, and a plan whose placements do."""
    chosen = {item.workload: item.variant for item in plan.placements}
    held = {item.workload for item in plan.reserved}
    left_out = {gang.pipeline for gang in plan.left_out}
    rooms = [
        replace(
            _room(demand, chosen.get(demand.workload, ""), held),
            replicas=0 if demand.pipeline in left_out else demand.update_room,
        )
        for demand in problem.demands
        if demand.update_room and demand.replicas and not demand.system
    ]
    if not rooms and not plan.reserved:
        return problem, plan
    placements = sorted((*plan.placements, *plan.reserved), key=_address)
    return (
        replace(problem, demands=(*problem.demands, *rooms)),
        replace(plan, placements=tuple(placements), reserved=()),
    )


def _room(demand: Demand, variant: str, held: Collection[str]) -> Demand:
    """Returns the demand for the room of a service: bound by amounts and by rules about the node alone.

    Args:
        demand: the demand of the service.
        variant: the variant that its replicas run; "" where none is placed, and what the room asks for is not known.
        held: workloads of all room that the plan has.
    """
    workload = f"update/{demand.workload.partition('/')[2]}"
    unknown = not variant and workload not in held
    return Demand(
        workload, f"update/{demand.replica.partition('/')[2]}", f"{demand.slug}-update", demand.pipeline,
        demand.service, demand.member, demand.update_room, requested(demand, variant), arch=demand.arch,
        priority=demand.priority, selector=demand.selector, tolerations=demand.tolerations, room=True,
        matches=demand.matches, variants=demand.variants if unknown else (),
    )  # fmt: skip


def _address(item: Placement) -> tuple[str, int]:
    head, _, index = item.replica.rpartition("/")
    return head, int(index) if index.isdecimal() else -1
