"""Deployment: one a replica, whose pod keeps the name and the node that the plan gave the replica."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from rohe_iac.blueprint.language.pipeline import Service
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests.kubernetes.labels import ADDRESS, INSTANCE, NODE, RECEIVES, STACK, UNREACHABLE
from rohe_iac.manifests.kubernetes.pod.once import end_notes
from rohe_iac.planning.model.plan import ROOM, Placement, Plan

RECREATE: dict[str, Any] = {"type": "Recreate"}
"""The old pod ends before the new one starts: two pods of one instance would share its name at the broker."""

SURGE: dict[str, Any] = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
"""The new pod is ready before the old one ends: only where the plan keeps room for both on the node."""


def strategies_of(plan: Plan) -> dict[str, dict[str, Any]]:
    """Returns how the pod of each replica is replaced, by instance.

    A replica surges where the plan reserved room for it on the replica's own node. All changed replicas of a service
    are replaced at once, so each room on a node serves one replica there, the first ones by index.
    """
    rooms = Counter((room.workload.removeprefix(f"{ROOM}/"), room.node) for room in plan.reserved)
    strategies = {}
    for placement in sorted(plan.placements, key=lambda placement: placement.index):
        place = (placement.workload.partition("/")[2], placement.node)
        strategies[placement.instance] = SURGE if rooms[place] > 0 and not placement.system else RECREATE
        rooms[place] -= 1
    return strategies


def selector_of(stack: str, placement: Placement) -> dict[str, str]:
    """Returns the labels by which a Deployment finds the pod of its replica; they never change."""
    return {STACK: stack, INSTANCE: placement.instance}


def ordered(placements: Iterable[Placement]) -> list[Placement]:
    """Returns placements in the order of their workloads, and of their index in these."""
    return sorted(placements, key=lambda placement: (placement.workload, placement.index))


def unreachable_nodes(blueprint: Blueprint) -> dict[str, str]:
    """Returns what a node that does not answer means, by node; waiting is left out."""
    target = blueprint.stack.spec.target.kubernetes
    default = target.unreachable if target is not None else "wait"
    policies = {node.name: node.unreachable or default for node in blueprint.inventory.spec.nodes}
    return {name: policy for name, policy in policies.items() if policy != "wait"}


def notes_of(
    service: Service, placement: Placement, unreachable: Mapping[str, str], *, receives: bool
) -> dict[str, str]:
    """Returns the annotations of a replica's Deployment or Job.

    Args:
        service: The service, with the fields of the variant that the plan chose.
        placement: The replica.
        unreachable: What a node that does not answer means, by node.
        receives: Whether it is an agent that receives reports for another one.
    """
    notes = {ADDRESS: placement.replica, NODE: placement.node}
    if placement.node in unreachable:
        notes[UNREACHABLE] = unreachable[placement.node]
    return notes | ({RECEIVES: service.name} if receives else {}) | end_notes(service)
