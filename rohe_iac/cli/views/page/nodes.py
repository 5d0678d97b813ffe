"""Nodes of a plan as boxes for a page: what each dimension is filled with, replica by replica."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rohe_iac.foundation.quantities import shown_bytes, shown_cpu, shown_share
from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Device, Supply

COLOURS = 12
"""How many fills there are; a fill also carries the workload's number, so that none needs to be told by colour."""


OTHERS = -1
"""The fill of what others than the plan use."""


MOST_REPLICAS = 200
"""Replicas that one box lists; the rest is counted."""


MOST_CORES = 128


MOST_GROUPS = 100


ALL = "all"
"""Stands for every zone, or every device type, in a group."""

Show = Callable[[int], str]


class Keys:
    """A number for each workload, by address, and its short name."""

    def __init__(self, workloads: Sequence[str]) -> None:
        self._numbers = {address: number for number, address in enumerate(sorted(workloads), start=1)}
        pipelines = {address.partition(":")[0] for address in workloads if address.startswith("service/")}
        self._single = len(pipelines) == 1

    def number(self, workload: str) -> int:
        """From 1; 0 for a workload that the problem does not have any more."""
        return self._numbers.get(workload, 0)

    def name(self, workload: str) -> str:
        """The address without its kind, and without the pipeline where there is but one."""
        if not workload.startswith("service/"):
            return workload
        text = workload.removeprefix("service/")
        return text.partition(":")[2] if self._single else text


@dataclass(frozen=True, slots=True)
class Fill:
    """A part of a bar: its width in percent of the bar, its workload's number (OTHERS: not of the plan), what it is."""

    percent: float
    key: int
    title: str

    @property
    def colour(self) -> str:
        """Its CSS class."""
        return "o" if self.key == OTHERS else f"f{self.key % COLOURS}"


@dataclass(frozen=True, slots=True)
class Bar:
    """One dimension of a node: how much of it is taken, in words and as fills."""

    name: str
    told: str
    percent: int
    fills: tuple[Fill, ...]


@dataclass(frozen=True, slots=True)
class Occupant:
    """A replica in a box: number and name of its workload, and what it takes in words. state: moved from where, or "".

    reason: why it is there. points: by which scores, and what the next node would have had; "" where nothing tells.
    """

    key: int
    name: str
    takes: str
    state: str
    reason: str
    points: str


@dataclass(frozen=True, slots=True)
class Card:
    """One node as a box."""

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
class Group:
    """All nodes of one device type in one zone."""

    kind: str
    zone: str
    nodes: int
    used: int
    replicas: int
    bars: tuple[Bar, ...]


def cards_of(problem: Problem, plan: Plan, keys: Keys, *, fullest: int | None) -> tuple[Card, ...]:
    """A box for every node, those with replicas first; with `fullest`, only for so many of the fullest."""
    resources = _resources(problem)
    homes = _by_node(plan)
    loads = _loads(homes, resources)
    if fullest is None:
        nodes = sorted(problem.nodes, key=lambda node: (node.name not in homes, node.name))
    else:
        nodes = sorted(
            (node for node in problem.nodes if node.name in homes),
            key=lambda node: (-_fullness(node, *loads[node.name]), node.name),
        )[:fullest]
    return tuple(_card(node, homes.get(node.name, ()), resources, keys) for node in nodes)


def bars_of(problem: Problem, plan: Plan, keys: Keys, names: Sequence[str]) -> dict[str, tuple[Bar, ...]]:
    """The cpu and memory bars of the named nodes, those that the problem has."""
    resources = _resources(problem)
    homes = _by_node(plan)
    wanted = set(names)
    return {
        node.name: _card(node, homes.get(node.name, ()), resources, keys).bars[:2]
        for node in problem.nodes
        if node.name in wanted
    }


def groups_of(problem: Problem, plan: Plan) -> tuple[Group, ...]:
    """The nodes by device type and zone; by each of the two alone where there are many pairs of them."""
    loads = _loads(_by_node(plan), _resources(problem))
    counts = {name: len(places) for name, places in _by_node(plan).items()}
    zoned: dict[tuple[str, str], list[Supply]] = defaultdict(list)
    for node in problem.nodes:
        zoned[node.device_type or "no device type", dict(node.labels).get("zone", "")].append(node)
    if len(zoned) > MOST_GROUPS // 2:
        merged: dict[tuple[str, str], list[Supply]] = defaultdict(list)
        for (kind, zone), nodes in zoned.items():
            merged[kind, ALL] += nodes
            merged[ALL, zone] += nodes
        zoned = merged
    found = []
    for (kind, zone), nodes in sorted(zoned.items(), key=lambda item: (item[0][0] == ALL, item[0]))[:MOST_GROUPS]:
        cpu = sum(node.cpu_used + loads[node.name][0] for node in nodes)
        rss = sum(node.rss_used + loads[node.name][1] for node in nodes)
        found.append(
            Group(
                kind,
                zone or "no zone",
                len(nodes),
                sum(node.name in counts for node in nodes),
                sum(counts.get(node.name, 0) for node in nodes),
                (
                    _plain_bar("cpu", cpu, sum(node.cpu for node in nodes), shown_cpu),
                    _plain_bar("memory", rss, sum(node.rss for node in nodes), shown_bytes),
                ),
            )
        )
    return tuple(found)


def _resources(problem: Problem) -> dict[tuple[str, str], Resources]:
    found = {}
    for demand in problem.demands:
        found[demand.workload, ""] = demand.resources
        for variant in demand.variants:
            found[demand.workload, variant.name] = variant.resources
    return found


def _by_node(plan: Plan) -> dict[str, tuple[Placement, ...]]:
    homes: dict[str, list[Placement]] = defaultdict(list)
    for place in plan.placements:
        homes[place.node].append(place)
    return {name: tuple(places) for name, places in homes.items()}


def _loads(
    homes: dict[str, tuple[Placement, ...]], resources: dict[tuple[str, str], Resources]
) -> dict[str, tuple[int, int]]:
    loads: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for name, places in homes.items():
        asked = [resources[place.workload, place.variant] for place in places]
        loads[name] = (sum(item.cpu for item in asked), sum(item.rss for item in asked))
    return loads


def _fullness(node: Supply, cpu: int, rss: int) -> float:
    return max((node.cpu_used + cpu) / max(node.cpu, 1), (node.rss_used + rss) / max(node.rss, 1))


def _card(node: Supply, places: Sequence[Placement], resources: dict[tuple[str, str], Resources], keys: Keys) -> Card:
    asked = [(place, resources[place.workload, place.variant]) for place in places]
    bars = [
        _bar("cpu", node.cpu, node.cpu_used, [(place, item.cpu) for place, item in asked], keys, shown_cpu),
        _bar("memory", node.rss, node.rss_used, [(place, item.rss) for place, item in asked], keys, shown_bytes),
        *(_device_bar(device, places, keys) for device in node.devices),
    ]
    cores = []
    for core, capacity in enumerate(node.cores[:MOST_CORES]):
        taken = [(place, sum(use.amount for use in place.cores if use.core == core)) for place in places]
        used = node.cores_used[core] if core < len(node.cores_used) else 0
        cores.append(_bar(f"core {core}", capacity, used, taken, keys, shown_cpu))
    return Card(
        name=node.name,
        kind=node.device_type,
        zone=dict(node.labels).get("zone", ""),
        status="" if node.status == "running" else node.status,
        bars=tuple(bars),
        cores=tuple(cores),
        cores_more=max(0, len(node.cores) - MOST_CORES),
        occupants=tuple(_occupant(place, item, keys) for place, item in asked[:MOST_REPLICAS]),
        occupants_more=max(0, len(asked) - MOST_REPLICAS),
    )


def _device_bar(device: Device, places: Sequence[Placement], keys: Keys) -> Bar:
    taken = [
        (place, sum(use.amount for use in place.devices if use.device == device.name and use.type == device.type))
        for place in places
    ]
    name = f"{device.name} ({device.type}{', ' + device.model if device.model else ''})"
    return _bar(name, device.capacity, device.used, taken, keys, shown_share)


def _bar(name: str, capacity: int, used: int, taken: Iterable[tuple[Placement, int]], keys: Keys, show: Show) -> Bar:
    parts = [(OTHERS, "in use already", used)] if used else []
    parts += [(keys.number(place.workload), _short(place), amount) for place, amount in taken if amount]
    total = sum(amount for _, _, amount in parts)
    # A bar is as long as what is taken where that is more than there is, so that no fill leaves it.
    scale = max(capacity, total, 1)
    fills = tuple(Fill(round(100 * amount / scale, 2), key, f"{label}: {show(amount)}") for key, label, amount in parts)
    return Bar(name, f"{show(total)} of {show(capacity)}", _percent(total, capacity), fills)


def _plain_bar(name: str, total: int, capacity: int, show: Show) -> Bar:
    percent = _percent(total, capacity)
    return Bar(name, f"{show(total)} of {show(capacity)}", percent, (Fill(min(percent, 100), 1, ""),))


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole) if whole else (100 if part else 0)


def _short(place: Placement) -> str:
    return place.replica.removeprefix("replica/")


def _occupant(place: Placement, asked: Resources, keys: Keys) -> Occupant:
    takes = [f"cpu {shown_cpu(asked.cpu)}"] if asked.cpu else []
    takes += [f"memory {shown_bytes(asked.rss)}"] if asked.rss else []
    takes += [f"cores {' '.join(f'{use.core}:{shown_cpu(use.amount)}' for use in place.cores)}"] if place.cores else []
    takes += [f"{use.device} {shown_share(use.amount)}" for use in place.devices]
    takes += [f"port {port.name} {port.number}" for port in place.ports]
    state = "" if place.was == place.node else f"moved from {place.was}" if place.was else ""
    name = _short(place) + (f" ({place.variant})" if place.variant else "")
    parts, second = ", ".join(f"{part.scorer} {part.points:,}" for part in place.parts), place.runner_up
    points = f"{place.points:,} points ({parts})" if parts else ""
    if second is not None:
        points += f"{'; n' if points else 'N'}ext would have been {second.node} with {second.points:,}"
    return Occupant(keys.number(place.workload), name, ", ".join(takes), state, place.reason, points)
