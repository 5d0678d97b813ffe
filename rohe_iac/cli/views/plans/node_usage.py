"""Node usage: what of each node the replicas of a plan take."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rohe_iac.foundation.quantities import bandwidths_alike, bytes_alike
from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply


@dataclass
class NodeUsage:
    """What the replicas of a plan take of one node.

    Attributes:
        replicas: how many they are.
        cpu: millicores.
        rss: bytes of resident memory.
        disk: bytes of disk.
        network: bits a second of the network interface.
        kept_cpu, kept_rss: millicores and bytes of resident memory that are kept for updates; nothing runs in them.
    """

    replicas: int = 0
    cpu: int = 0
    rss: int = 0
    disk: int = 0
    network: int = 0
    kept_cpu: int = 0
    kept_rss: int = 0

    @property
    def used(self) -> bool:
        """Whether the plan needs the node: for a replica, or for room that is kept for updates."""
        return bool(self.replicas or self.kept_cpu or self.kept_rss)


def usage_by_node(problem: Problem, plan: Plan) -> Mapping[str, NodeUsage]:
    """Returns what the plan takes of each node, by name; nothing of a node without replicas."""
    requests = requests_by_variant(problem)
    found: dict[str, NodeUsage] = defaultdict(NodeUsage)
    for placement in plan.placements:
        request = requests[placement.workload, placement.variant]
        usage = found[placement.node]
        usage.replicas += 1
        usage.cpu += request.cpu
        usage.rss += request.rss
        usage.disk += request.disk
        usage.network += request.network
    services = {workload.partition("/")[2]: workload for workload, _ in requests if workload.startswith("service/")}
    for room in plan.reserved:
        request = requests[services[room.workload.partition("/")[2]], room.variant]
        found[room.node].kept_cpu += request.cpu
        found[room.node].kept_rss += request.rss
    return found


EXTRAS: Mapping[str, Callable[..., tuple[str, ...]]] = {"disk": bytes_alike, "network": bandwidths_alike}
"""Amounts that are shown only where a replica asks for them, and how they are compared."""


def extras_asked(problem: Problem) -> tuple[str, ...]:
    """Returns which of the amounts that few stacks ask for a replica of this one asks for."""
    requests = requests_by_variant(problem).values()
    return tuple(name for name in EXTRAS if any(getattr(request, name) for request in requests))


def requests_by_variant(problem: Problem) -> dict[tuple[str, str], Resources]:
    """Returns what one replica asks for, by workload and variant; the variant is empty where it has none."""
    found = {}
    for demand in problem.demands:
        found[demand.workload, ""] = demand.resources
        for variant in demand.variants:
            found[demand.workload, variant.name] = variant.resources
    return found


def placements_by_node(plan: Plan) -> dict[str, Sequence[Placement]]:
    """Returns the placements on each node that has any, by the node's name."""
    found: dict[str, list[Placement]] = defaultdict(list)
    for placement in plan.placements:
        found[placement.node].append(placement)
    return dict(found)


def nodes_by_workload(problem: Problem, plan: Plan) -> Mapping[str, Counter[str]]:
    """Returns how many replicas of each workload are on each node; nodes that the problem lacks are left out."""
    names = {node.name for node in problem.nodes}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for placement in plan.placements:
        if placement.node in names:
            found[placement.workload][placement.node] += 1
    return found


def nodes_by_device_type(nodes: Sequence[Supply]) -> dict[str, list[Supply]]:
    """Returns the nodes of each device type, sorted by its name."""
    found: dict[str, list[Supply]] = defaultdict(list)
    for node in nodes:
        found[device_type(node)].append(node)
    return dict(sorted(found.items()))


def device_type(node: Supply) -> str:
    """Returns the device type of a node, or words that say that it declares none."""
    return node.device_type or "no device type"


def peak_of(node: Supply, placements: Iterable[Placement]) -> int:
    """Returns the millicores that others and these replicas take of a node's cores, each at its peak.

    `cpu` is what replicas take on average, `cores` what they take of single cores at their peaks.
    """
    return sum(node.cores_used) + sum(use.amount for placement in placements for use in placement.cores)


def occupied(node: Supply, usage: NodeUsage) -> tuple[int, int]:
    """Returns the millicores and the bytes of memory that others and the plan's replicas take of a node together."""
    return node.cpu_used + usage.cpu, node.rss_used + usage.rss
