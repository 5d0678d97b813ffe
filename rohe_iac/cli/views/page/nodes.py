"""Nodes of a plan as cards for a page: what each dimension is filled with, replica by replica."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rohe_iac.cli.views.page.bars import Bar, plain_bar, replica_name, segmented_bar
from rohe_iac.cli.views.page.keys import WorkloadKeys
from rohe_iac.cli.views.plans.node_usage import (
    EXTRAS,
    NodeUsage,
    device_type,
    occupied,
    peak_of,
    placements_by_node,
    requests_by_variant,
    usage_by_node,
)
from rohe_iac.cli.views.plans.sentences import (
    NOT_SLOWED,
    best_other_node,
    core_amounts,
    score_words,
    shown_use,
)
from rohe_iac.foundation.quantities import bytes_alike, cpu_alike, shares_alike, shown_bytes, shown_cpu
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
        name: the address of the replica without its kind.
        takes: what only this replica takes of the node, in words: its cores, devices and ports.
    """

    name: str
    takes: str


@dataclass(frozen=True, slots=True)
class OccupantGroup:
    """Equal replicas on a card: of one workload and variant, there for the same reason.

    Attributes:
        key: the number of their workload.
        name: the address of the replica without its kind, of several that of their workload; with the variant.
        takes: what each of them takes of the node, in words.
        state: where they were moved from; empty where they were not moved.
        reason: why they are on this node.
        points: the score by scorer and that of the best other node, of the first; empty where the plan has none.
        replicas: the replicas.
    """

    key: int
    name: str
    takes: str
    state: str
    reason: str
    points: str
    replicas: tuple[Occupant, ...]


@dataclass(frozen=True, slots=True)
class IdleNodes:
    """Nodes without replicas that are equal in all that the page shows of them.

    Attributes:
        names: the names of the nodes.
        kind: their device type; empty where they declare none.
        zone: their zone; empty where they are in none.
        status: their status; empty where they are running.
        cpu: the cpu in use and in all, in words.
        rss: the memory in use and in all, in words.
    """

    names: tuple[str, ...]
    kind: str
    zone: str
    status: str
    cpu: str
    rss: str


@dataclass(frozen=True, slots=True)
class NodeCard:
    """One node as a box of a page.

    Attributes:
        name: the name of the node.
        kind: its device type; empty where it declares none.
        zone: its zone; empty where it is in none.
        status: its status; empty where it is running.
        bars: cpu, memory and devices.
        cores: a bar for each core, at most MAX_CORES; none where no core is taken.
        cores_more: how many cores are left out.
        peaks: what is taken of all cores together at the replicas' peaks, in words.
        groups: its replicas, at most MAX_REPLICAS, equal ones together.
        replicas: how many replicas it has.
        occupants_more: how many replicas are left out.
    """

    name: str
    kind: str
    zone: str
    status: str
    bars: tuple[Bar, ...]
    cores: tuple[Bar, ...]
    cores_more: int
    peaks: str
    groups: tuple[OccupantGroup, ...]
    replicas: int
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


def cards_of(
    problem: Problem,
    plan: Plan,
    keys: WorkloadKeys,
    *,
    fullest: int | None,
    slowdowns: Mapping[str, str] = NOT_SLOWED,
) -> tuple[NodeCard, ...]:
    """Returns a card for every node with replicas, by name; or only for the `fullest` of them.

    Args:
        problem: the problem.
        plan: the plan.
        keys: the numbers of workloads.
        fullest: how many nodes are shown; None: all.
        slowdowns: by address of a replica, how its neighbours slow it down.
    """
    requests = requests_by_variant(problem)
    placements = placements_by_node(plan)
    if fullest is None:
        nodes = sorted((node for node in problem.nodes if node.name in placements), key=lambda node: node.name)
    else:
        usage = usage_by_node(problem, plan)
        nodes = sorted(
            (node for node in problem.nodes if node.name in placements),
            key=lambda node: (-_fullness(node, usage[node.name]), node.name),
        )[:fullest]
    return tuple(_card(node, placements.get(node.name, ()), requests, keys, slowdowns) for node in nodes)


def idle_of(problem: Problem, plan: Plan) -> tuple[IdleNodes, ...]:
    """Returns the nodes without replicas, equal ones together, by the first name of each group."""
    placements = placements_by_node(plan)
    groups: dict[tuple[str, str, str, str, str], list[str]] = defaultdict(list)
    for node in sorted(problem.nodes, key=lambda node: node.name):
        if node.name not in placements:
            status = "" if node.status == "running" else node.status
            cpu = " of ".join(cpu_alike(node.cpu_used, node.cpu))
            rss = " of ".join(bytes_alike(node.rss_used, node.rss))
            groups[node.device_type, zone_of(node), status, cpu, rss].append(node.name)
    return tuple(IdleNodes(tuple(names), *group) for group, names in groups.items())


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
            plain_bar("cpu", sum(cpu for cpu, _ in taken), sum(node.cpu for node in nodes), cpu_alike),
            plain_bar("memory", sum(rss for _, rss in taken), sum(node.rss for node in nodes), bytes_alike),
        ),
    )


def _fullness(node: Supply, usage: NodeUsage) -> float:
    """Returns the larger of the parts of cpu and memory that are taken."""
    cpu, rss = occupied(node, usage)
    return max(cpu / max(node.cpu, 1), rss / max(node.rss, 1))


def _card(
    node: Supply,
    placements: Sequence[Placement],
    requests: Mapping[tuple[str, str], Resources],
    keys: WorkloadKeys,
    slowdowns: Mapping[str, str] = NOT_SLOWED,
) -> NodeCard:
    pairs = [(placement, requests[placement.workload, placement.variant]) for placement in placements]
    cpu = [(placement, request.cpu) for placement, request in pairs]
    rss = [(placement, request.rss) for placement, request in pairs]
    cores = _core_bars(node, placements, keys)
    return NodeCard(
        name=node.name,
        kind=node.device_type,
        zone=zone_of(node),
        status="" if node.status == "running" else node.status,
        bars=(
            segmented_bar("cpu", node.cpu, node.cpu_used, cpu, keys, cpu_alike),
            segmented_bar("memory", node.rss, node.rss_used, rss, keys, bytes_alike),
            *_extra_bars(node, pairs, keys),
            *(bar for device in node.devices for bar in _device_bars(device, placements, keys)),
        ),
        cores=tuple(cores) if any(bar.segments for bar in cores) else (),
        cores_more=max(0, len(node.cores) - MAX_CORES),
        peaks=f"{' of '.join(cpu_alike(peak_of(node, placements), sum(node.cores)))} at the peaks",
        groups=_occupants(pairs[:MAX_REPLICAS], keys, slowdowns),
        replicas=len(pairs),
        occupants_more=max(0, len(pairs) - MAX_REPLICAS),
    )


def _core_bars(node: Supply, placements: Sequence[Placement], keys: WorkloadKeys) -> list[Bar]:
    bars = []
    for core, capacity in enumerate(node.cores[:MAX_CORES]):
        taken = [
            (placement, sum(use.amount for use in placement.cores if use.core == core)) for placement in placements
        ]
        used = node.cores_used[core] if core < len(node.cores_used) else 0
        bars.append(segmented_bar(f"core {core}", capacity, used, taken, keys, cpu_alike))
    return bars


def _extra_bars(node: Supply, pairs: Sequence[tuple[Placement, Resources]], keys: WorkloadKeys) -> Iterator[Bar]:
    """Yields bars of disk and network, where the node states them and a replica on it asks for some."""
    for name, shown in EXTRAS.items():
        capacity, taken = getattr(node, name), [(placement, getattr(request, name)) for placement, request in pairs]
        if capacity is not None and any(amount for _, amount in taken):
            yield segmented_bar(name, capacity, getattr(node, f"{name}_used"), taken, keys, shown)


def _device_bars(device: Device, placements: Sequence[Placement], keys: WorkloadKeys) -> Iterator[Bar]:
    """Yields the bar of a device's share, and of its memory where that is stated."""
    uses = [
        (placement, [use for use in placement.devices if use.device == device.name and use.type == device.type])
        for placement in placements
    ]
    name = f"{device.name} ({device.type}{', ' + device.model if device.model else ''})"
    shares = [(placement, sum(use.amount for use in mine)) for placement, mine in uses]
    yield segmented_bar(name, device.capacity, device.used, shares, keys, shares_alike)
    if device.memory is not None:
        memory = [(placement, sum(use.memory for use in mine)) for placement, mine in uses]
        yield segmented_bar(f"{device.name} memory", device.memory, device.memory_used, memory, keys, bytes_alike)


def _occupants(
    pairs: Sequence[tuple[Placement, Resources]], keys: WorkloadKeys, slowdowns: Mapping[str, str]
) -> tuple[OccupantGroup, ...]:
    """Returns the replicas with what each asks for, equal ones together, in their order."""
    equal: dict[tuple[str, ...], list[tuple[Placement, Resources]]] = defaultdict(list)
    for placement, request in pairs:
        equal[placement.workload, placement.variant, _state(placement), placement.reason].append((placement, request))
    return tuple(_occupant_group(members, keys, slowdowns) for members in equal.values())


def _occupant_group(
    members: Sequence[tuple[Placement, Resources]], keys: WorkloadKeys, slowdowns: Mapping[str, str]
) -> OccupantGroup:
    (first, request), number = members[0], len(members)
    takes = [f"cpu {shown_cpu(request.cpu)}"] if request.cpu else []
    takes += [f"memory {shown_bytes(request.rss)}"] if request.rss else []
    takes += [f"{name} {shown(amount)[0]}" for name, shown in EXTRAS.items() if (amount := getattr(request, name))]
    each = " each" if number > 1 and takes else ""
    name = replica_name(first) if number == 1 else f"{replica_name(first).rpartition('/')[0]} ×{number}"
    points = f"Score: {score_words(first)}. " if first.parts else ""
    if first.runner_up is not None:
        points += f"Best other node: {best_other_node(first)}."
    return OccupantGroup(
        keys.number(first.workload),
        name + (f" ({first.variant})" if first.variant else ""),
        ", ".join(takes) + each,
        _state(first),
        first.reason + (f"; {words}" if (words := slowdowns.get(first.replica)) else ""),
        points.strip(),
        tuple(Occupant(replica_name(placement), _own(placement)) for placement, _ in members),
    )


def _own(placement: Placement) -> str:
    """Returns the cores, devices and ports of one replica in words."""
    takes = (
        [f"cores {' '.join(f'{core}:{amount}' for core, amount in core_amounts(placement))}"] if placement.cores else []
    )
    takes += [f"{use.device} {shown_use(use)}" for use in placement.devices]
    takes += [f"port {port.name} {port.number}" for port in placement.ports]
    return ", ".join(takes)


def _state(placement: Placement) -> str:
    """Returns where a replica was moved from; nothing where it was not moved."""
    return "" if placement.was in ("", placement.node) else f"moved from {placement.was}"
