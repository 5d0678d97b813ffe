"""Checks which lost replicas a plan says fit nowhere else: those that must be listed, and those that cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import SPARE_LIMIT, Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.reasons import first_static_rule
from rohe_iac.planning.verification.requests import requested
from rohe_iac.planning.verification.statements.coupling import coupled_workloads
from rohe_iac.planning.verification.statements.room import Room, lacks, room_of

Resident = tuple[Placement, Demand]


def unplaceable_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each lost replica that fits on no other node and is not listed, or is listed and fits.

    Replicas of other nodes stay where they are. In which order lost replicas are placed again is the planner's choice,
    so that a listed one counts as fitting only where one node holds all that is lost.
    """
    settings = problem.settings
    if not (settings.survive or settings.survive_zones) or len(problem.nodes) > SPARE_LIMIT:
        return
    zone_of = {node.name: f"zone/{label}" for node in problem.nodes if (label := node.label("zone"))}
    demands = {demand.workload: demand for demand in problem.demands}
    residents: dict[str, list[Resident]] = defaultdict(list)
    for item in plan.placements:
        if item.workload in demands:
            resident = item, demands[item.workload]
            if settings.survive:
                residents[item.node].append(resident)
            if settings.survive_zones and item.node in zone_of:
                residents[zone_of[item.node]].append(resident)
    there: dict[str, list[Resident]] = defaultdict(list)
    for item in plan.placements:
        if item.workload in demands:
            there[item.node].append((item, demands[item.workload]))
    rooms = [
        _NodeWithRoom(node, room_of(node, there[node.name], settings.vms_ratio))
        for node in problem.nodes
        if node.status == "running"
    ]
    listed = {loss.node: set(loss.unplaceable) for loss in plan.losses}
    addresses = {item.replica for item in plan.placements}
    for loss in plan.losses:
        if loss.node not in residents:
            yield Fault("losses", _address(loss.node), "is listed, and has no replica")
        for replica in loss.unplaceable:
            if replica not in addresses:
                yield Fault("losses", _address(loss.node), f"{replica or 'a replica without a name'} is not placed")
    for name in sorted(residents):
        others = [other for other in rooms if name not in (other.node.name, zone_of.get(other.node.name))]
        stated = listed.get(name, set())
        for item, demand in residents[name]:
            if demand.node_share:
                continue  # it goes with its node, or another node takes its place in the part of the nodes
            if item.replica not in stated and not any(other.fits(item, demand) for other in others):
                yield Fault("losses", _address(name), f"{item.replica} fits on no other node, and is not listed")
        if (
            stated
            and residents[name]
            and _free_of_rules(problem, residents[name])
            and _one_holds_all(others, residents[name])
        ):
            yield Fault("losses", _address(name), "one node holds all that is lost, and replicas are listed")


def _address(name: str) -> str:
    """Returns the address of a node, or of a zone, which is named by it."""
    return name if name.startswith("zone/") else f"node/{name}"


@dataclass(frozen=True, slots=True)
class _NodeWithRoom:
    """A node that takes replicas, and what is free on it."""

    node: Supply
    room: Room

    def fits(self, item: Placement, demand: Demand) -> bool:
        """Checks whether rules about the node alone, and amounts, allow the replica there."""
        if first_static_rule(demand, self.node):
            return False
        return next(lacks(self.room, requested(demand, item.variant)), None) is None


def _free_of_rules(problem: Problem, lost: Sequence[Resident]) -> bool:
    """Checks whether nothing but amounts and rules about nodes alone decides where the lost replicas fit."""
    coupled = coupled_workloads(problem)
    return not problem.settings.filters and not any(
        demand.workload in coupled or demand.spread or demand.skews or any(port.host for port in demand.ports)
        for _, demand in lost
    )


def _one_holds_all(others: Sequence[_NodeWithRoom], lost: Sequence[Resident]) -> bool:
    """Checks whether one node has cpu and memory for all that is lost, which asks for nothing else."""
    requests = [requested(demand, item.variant) for item, demand in lost]
    if any(request.cores or request.devices or request.disk or request.network for request in requests):
        return False
    cpu, rss = sum(request.cpu for request in requests), sum(request.rss for request in requests)
    vms = sum(request.vms or 0 for request in requests)
    return any(
        cpu <= other.room.cpu
        and rss <= other.room.rss
        and (other.room.vms is None or vms <= other.room.vms)
        and not any(first_static_rule(demand, other.node) for _, demand in lost)
        for other in others
    )
