"""Nodes of a plan as cards for a page: what each dimension is filled with, replica by replica."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rohe_iac.cli.views.page.bars import Bar, plain_bar, replica_name, segmented_bar
from rohe_iac.cli.views.page.keys import WorkloadKeys
from rohe_iac.cli.views.plans.node_usage import (
    NodeUsage,
    device_type,
    occupied,
    placements_by_node,
    requests_by_variant,
    usage_by_node,
)
from rohe_iac.foundation.quantities import shown_bytes, shown_cpu, shown_share
from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Device, Supply

MAX_REPLICAS = 200
"""Replicas that one card lists; the others are counted."""

MAX_CORES = 128
"""Cores that one card shows; the others are counted."""

MAX_GROUPS = 100
"""Groups of nodes that a page shows."""

ALL = "all"
"""Stands for every zone, or every device type, in a group."""


@dataclass(frozen=True, slots=True)
class Occupant:
    """A replica on a card.

    Attributes:
        key: the number of its workload.
        name: the address of the replica without its kind, with the variant where it has one.
        takes: what the replica takes of the node, in words.
        state: where the replica was moved from; empty where it was not moved.
        reason: why the replica is on this node.
        points: the points by scorer and those of the next best node; empty where the plan has none.
    """

    key: int
    name: str
    takes: str
    state: str
    reason: str
    points: str


@dataclass(frozen=True, slots=True)
class NodeCard:
    """One node as a box of a page.

    Attributes:
        name: the name of the node.
        kind: its device type; empty where it declares none.
        zone: its zone; empty where it is in none.
        status: its status; empty where it is running.
        bars: cpu, memory and devices.
        cores: a bar for each core, at most MAX_CORES.
        cores_more: how many cores are left out.
        occupants: its replicas, at most MAX_REPLICAS.
        occupants_more: how many replicas are left out.
    """

    name: str
    kind: str
    zone: str
    status: str
    bars: tuple[Bar, ...]
    cores: tuple[Bar, ...]
    cores_more: int
    occupants: tuple[Occupant, ...]
    occupants_more: int


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """All nodes of one device type in one zone.

    Attributes:
        kind: the device type, or ALL.
        zone: the zone, or ALL.
        nodes: how many nodes there are.
        used: how many of the nodes have replicas.
        replicas: how many replicas are on the nodes.
        bars: cpu and memory of all the nodes together.
    """

    kind: str
    zone: str
    nodes: int
    used: int
    replicas: int
    bars: tuple[Bar, ...]


def cards_of(problem: Problem, plan: Plan, keys: WorkloadKeys, *, fullest: int | None) -> tuple[NodeCard, ...]:
    """Returns a card for every node, those with replicas first; or only for the `fullest` nodes with replicas."""
    requests = requests_by_variant(problem)
    placements = placements_by_node(plan)
    if fullest is None:
        nodes = sorted(problem.nodes, key=lambda node: (node.name not in placements, node.name))
    else:
        usage = usage_by_node(problem, plan)
        nodes = sorted(
            (node for node in problem.nodes if node.name in placements),
            key=lambda node: (-_fullness(node, usage[node.name]), node.name),
        )[:fullest]
    return tuple(_card(node, placements.get(node.name, ()), requests, keys) for node in nodes)


def bars_of(problem: Problem, plan: Plan, keys: WorkloadKeys, names: Sequence[str]) -> dict[str, tuple[Bar, ...]]:
    """Returns the cpu and memory bars of the named nodes, without names that the problem does not have."""
    requests = requests_by_variant(problem)
    placements = placements_by_node(plan)
    wanted = set(names)
    return {
        node.name: _card(node, placements.get(node.name, ()), requests, keys).bars[:2]
        for node in problem.nodes
        if node.name in wanted
    }


def groups_of(problem: Problem, plan: Plan) -> tuple[NodeGroup, ...]:
    """Returns the nodes by device type and zone; by each of the two alone where they have many pairs."""
    groups: dict[tuple[str, str], list[Supply]] = defaultdict(list)
    for node in problem.nodes:
        groups[device_type(node), zone_of(node)].append(node)
    if len(groups) > MAX_GROUPS // 2:
        merged: dict[tuple[str, str], list[Supply]] = defaultdict(list)
        for (kind, zone), nodes in groups.items():
            merged[kind, ALL] += nodes
            merged[ALL, zone] += nodes
        groups = merged
    usage = usage_by_node(problem, plan)
    ordered = sorted(groups.items(), key=lambda item: (item[0][0] == ALL, item[0]))[:MAX_GROUPS]
    return tuple(_group(kind, zone, nodes, usage) for (kind, zone), nodes in ordered)


def zone_of(node: Supply) -> str:
    """Returns the zone that a node's labels name; empty where they name none."""
    return dict(node.labels).get("zone", "")


def _group(kind: str, zone: str, nodes: Sequence[Supply], usage: Mapping[str, NodeUsage]) -> NodeGroup:
    taken = [occupied(node, usage[node.name]) for node in nodes]
    replicas = [usage[node.name].replicas for node in nodes]
    return NodeGroup(
        kind,
        zone or "no zone",
        len(nodes),
        sum(count > 0 for count in replicas),
        sum(replicas),
        (
            plain_bar("cpu", sum(cpu for cpu, _ in taken), sum(node.cpu for node in nodes), shown_cpu),
            plain_bar("memory", sum(rss for _, rss in taken), sum(node.rss for node in nodes), shown_bytes),
        ),
    )


def _fullness(node: Supply, usage: NodeUsage) -> float:
    """Returns the larger of the parts of cpu and memory that are taken."""
    cpu, rss = occupied(node, usage)
    return max(cpu / max(node.cpu, 1), rss / max(node.rss, 1))


def _card(
    node: Supply, placements: Sequence[Placement], requests: Mapping[tuple[str, str], Resources], keys: WorkloadKeys
) -> NodeCard:
    pairs = [(placement, requests[placement.workload, placement.variant]) for placement in placements]
    cpu = [(placement, request.cpu) for placement, request in pairs]
    rss = [(placement, request.rss) for placement, request in pairs]
    return NodeCard(
        name=node.name,
        kind=node.device_type,
        zone=zone_of(node),
        status="" if node.status == "running" else node.status,
        bars=(
            segmented_bar("cpu", node.cpu, node.cpu_used, cpu, keys, shown_cpu),
            segmented_bar("memory", node.rss, node.rss_used, rss, keys, shown_bytes),
            *(_device_bar(device, placements, keys) for device in node.devices),
        ),
        cores=tuple(_core_bars(node, placements, keys)),
        cores_more=max(0, len(node.cores) - MAX_CORES),
        occupants=tuple(_occupant(placement, request, keys) for placement, request in pairs[:MAX_REPLICAS]),
        occupants_more=max(0, len(pairs) - MAX_REPLICAS),
    )


def _core_bars(node: Supply, placements: Sequence[Placement], keys: WorkloadKeys) -> list[Bar]:
    bars = []
    for core, capacity in enumerate(node.cores[:MAX_CORES]):
        taken = [
            (placement, sum(use.amount for use in placement.cores if use.core == core)) for placement in placements
        ]
        used = node.cores_used[core] if core < len(node.cores_used) else 0
        bars.append(segmented_bar(f"core {core}", capacity, used, taken, keys, shown_cpu))
    return bars


def _device_bar(device: Device, placements: Sequence[Placement], keys: WorkloadKeys) -> Bar:
    taken = [
        (
            placement,
            sum(use.amount for use in placement.devices if use.device == device.name and use.type == device.type),
        )
        for placement in placements
    ]
    name = f"{device.name} ({device.type}{', ' + device.model if device.model else ''})"
    return segmented_bar(name, device.capacity, device.used, taken, keys, shown_share)


def _occupant(placement: Placement, request: Resources, keys: WorkloadKeys) -> Occupant:
    cores = " ".join(f"{use.core}:{shown_cpu(use.amount)}" for use in placement.cores)
    takes = [f"cpu {shown_cpu(request.cpu)}"] if request.cpu else []
    takes += [f"memory {shown_bytes(request.rss)}"] if request.rss else []
    takes += [f"cores {cores}"] if cores else []
    takes += [f"{use.device} {shown_share(use.amount)}" for use in placement.devices]
    takes += [f"port {port.name} {port.number}" for port in placement.ports]
    state = "" if placement.was == placement.node else f"moved from {placement.was}" if placement.was else ""
    name = replica_name(placement) + (f" ({placement.variant})" if placement.variant else "")
    parts = ", ".join(f"{part.scorer} {part.points:,}" for part in placement.parts)
    points = f"{placement.points:,} points ({parts})" if parts else ""
    second = placement.runner_up
    if second is not None:
        points += f"{'; n' if points else 'N'}ext would have been {second.node} with {second.points:,}"
    return Occupant(keys.number(placement.workload), name, ", ".join(takes), state, placement.reason, points)
