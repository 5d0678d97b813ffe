"""Room: what is free on one node, and what of a request does not fit into it, in the words of plans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from rohe_iac.foundation.quantities import bandwidths_alike, bytes_alike, counted, cpu_alike, shown_share
from rohe_iac.planning.model.demand import Demand, DeviceRequest, Resources
from rohe_iac.planning.model.plan import Placement
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Device, Supply
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.verification.requests import requested


@dataclass(frozen=True, slots=True)
class Lack:
    """What a node lacks by one rule: its name, the words of plans, and missing over asked in millionths."""

    rule: str
    words: str
    part: int


@dataclass(frozen=True, slots=True)
class Room:
    """What is free on a node.

    Attributes:
        cpu, rss: millicores, and bytes.
        vms: bytes that may still be promised; None where they are not checked.
        cores: millicores of each core, the largest first.
        devices: each device with its free basis points, and free bytes of its memory; None where they are not checked.
        disk, network: bytes, and bits a second; None where they are not checked.
    """

    cpu: int
    rss: int
    vms: int | None
    cores: tuple[int, ...]
    devices: tuple[tuple[Device, int, int | None], ...]
    disk: int | None = None
    network: int | None = None


def room_of(node: Supply, items: Iterable[tuple[Placement, Demand]], vms_ratio: int) -> Room:
    """Returns what the replicas leave free on the node; `vms_ratio` in millionths."""
    cores = [size - used for size, used in zip(node.cores, (*node.cores_used, *[0] * len(node.cores)), strict=False)]
    devices = {device.name: device.capacity - device.used for device in node.devices}
    memory = {device.name: (device.memory or 0) - device.memory_used for device in node.devices}
    cpu, rss, vms = node.cpu - node.cpu_used, node.rss - node.rss_used, node.vms_used
    taken_disk = taken_network = 0
    for item, demand in items:
        request = requested(demand, item.variant)
        cpu, rss, vms = cpu - request.cpu, rss - request.rss, vms + (request.vms or 0)
        taken_disk, taken_network = taken_disk + request.disk, taken_network + request.network
        for use in item.cores:
            cores[use.core] -= use.amount
        for device_use in item.devices:
            devices[device_use.device] -= device_use.amount
            memory[device_use.device] -= device_use.memory
    promised = None if node.vms is None else node.vms * vms_ratio // MILLION - vms
    free_devices = tuple(
        (device, devices[device.name], None if device.memory is None else memory[device.name])
        for device in node.devices
    )
    disk = None if node.disk is None else node.disk - node.disk_used - taken_disk
    network = None if node.network is None else node.network - node.network_used - taken_network
    return Room(cpu, rss, promised, tuple(sorted(cores, reverse=True)), free_devices, disk, network)


@dataclass(frozen=True, slots=True)
class NodeKind:
    """Nodes that no rule about amounts and about the node alone tells apart while they are empty.

    Attributes:
        node: one of them.
        room: what is free on it without any replica of the plan.
        number: how many there are.
    """

    node: Supply
    room: Room
    number: int


def node_kinds(problem: Problem) -> tuple[NodeKind, ...]:
    """Returns the kinds of the nodes of a problem; a fleet of thousands has few."""
    alike: dict[Supply, list[Supply]] = defaultdict(list)
    matches = [match for demand in problem.demands for match in demand.matches]
    named = {name for match in matches if match.key == "node" for name in match.values}
    for node in problem.nodes:
        name = node.name if node.name in named else ""
        alike[replace(node, name=name, cost=0, frequency=0, device_type="")].append(node)
    ratio = problem.settings.vms_ratio
    return tuple([NodeKind(nodes[0], room_of(nodes[0], (), ratio), len(nodes)) for nodes in alike.values()])


def lacks(room: Room, request: Resources) -> Iterator[Lack]:
    """Yields what does not fit of a request, by the rules about amounts, in the order in which plans list them."""
    if request.cpu > room.cpu:
        yield _amount("cpu", "cpu", request.cpu, room.cpu, *cpu_alike(request.cpu, max(room.cpu, 0)))
    chunks = request.cores
    if len(chunks) > len(room.cores):
        words = f"cores: needs {len(chunks)} distinct cores, the node has {len(room.cores)}"
        yield Lack("cores", words, (len(chunks) - len(room.cores)) * MILLION // len(chunks))
    elif missing := sum(max(0, chunk - free) for chunk, free in zip(chunks, room.cores, strict=False)):
        where = f"{len(chunks)} distinct cores" if len(chunks) > 1 else "one core"
        needed, lacking = cpu_alike(sum(chunks), missing)
        words = f"cores: needs {needed} on {where}, {lacking} of it does not fit"
        yield Lack("cores", words, missing * MILLION // sum(chunks))
    for rule, asked, free in (("rss", request.rss, room.rss), ("vms", request.vms, room.vms)):
        if asked is not None and free is not None and asked > free:
            yield _amount(rule, f"memory.{rule}", asked, free, *bytes_alike(asked, max(free, 0)))
    if request.disk and room.disk is not None and request.disk > room.disk:
        yield _amount("disk", "disk", request.disk, room.disk, *bytes_alike(request.disk, max(room.disk, 0)))
    if request.network and room.network is not None and request.network > room.network:
        shown = bandwidths_alike(request.network, max(room.network, 0))
        yield _amount("network", "network", request.network, room.network, *shown)
    for device_request in request.devices:
        yield from _device_lacks(room, device_request)


def _amount(rule: str, title: str, asked: int, free: int, needs: str, left: str) -> Lack:
    part = (asked - free) * MILLION // max(asked, 1)
    return Lack(rule, f"{title}: needs {needs}, {f'only {left}' if free > 0 else 'none'} is free", part)


def _serves(device: Device, request: DeviceRequest) -> bool:
    return device.type == request.type and (not request.models or device.model in request.models)


def _lacks_with_memory(room: Room, request: DeviceRequest) -> Iterator[Lack]:
    """Yields what a request for memory of devices lacks: of shares, in the device that lacks the least in all."""
    name = f"{request.type} ({' or '.join(request.models)})" if request.models else request.type
    found: list[tuple[int, int, int, str]] = []
    idle = suitable = 0
    for device, free, memory in room.devices:
        if not _serves(device, request):
            continue
        suitable += 1
        untouched = free == device.capacity
        short = 0 if memory is None else max(0, request.memory - memory)
        wanted, left = bytes_alike(request.memory, max(0, memory or 0))
        words = f"{request.type} memory: {wanted} asked, {left} free on {device.name}"
        if request.count:
            idle += untouched and not short
            found += [(short, len(found), 0, words)] if untouched and short else []
            continue
        share = max(0, request.share - (free if untouched or not device.exclusive else 0))
        part = share * MILLION // request.share + short * MILLION // request.memory
        found.append((part, len(found), share, words if short else ""))
    if request.count:
        missing, only = request.count - idle, f"only {idle}" if idle else "none"
        needs = f"needs {counted(request.count, f'whole {name} device')}, {only} is idle"
        words = (min(found)[3] if found else needs) if suitable else f"the node has no {name}"
        if missing > 0:
            yield Lack("accelerators", f"accelerators: {words}", missing * MILLION // request.count)
        return
    part, _, share, words = min([*found, (MILLION, len(found), request.share, "")])
    needs = f"needs {shown_share(request.share)} {name} in one device, {shown_share(share)} of it does not fit"
    # A few bytes are less than a millionth of the request, and lacking all the same.
    if all(lacking or missing for _, _, lacking, missing in found):
        both = [*([needs] if share else []), *([words] if words else [])] if suitable else [f"the node has no {name}"]
        yield Lack("accelerators", f"accelerators: {', and '.join(both)}", part)


def _device_lacks(room: Room, request: DeviceRequest) -> Iterator[Lack]:
    if request.memory:
        yield from _lacks_with_memory(room, request)
        return
    suitable = [(device, free) for device, free, _ in room.devices if _serves(device, request)]
    idle = [free for device, free in suitable if free == device.capacity]
    best = max([free for device, free in suitable if free == device.capacity or not device.exclusive], default=0)
    name = f"{request.type} ({' or '.join(request.models)})" if request.models else request.type
    absent = f"accelerators: the node has no {name}"
    if request.count > len(idle):
        missing = request.count - len(idle)
        only = f"only {len(idle)}" if idle else "none"
        words = f"accelerators: needs {counted(request.count, f'whole {name} device')}, {only} is idle"
        yield Lack("accelerators", words if suitable else absent, missing * MILLION // request.count)
    elif not request.count and request.share > max(best, 0):
        missing = request.share - max(best, 0)
        words = (
            f"accelerators: needs {shown_share(request.share)} {name} in one device,"
            f" {shown_share(missing)} of it does not fit"
        )
        yield Lack("accelerators", words if suitable else absent, missing * MILLION // request.share)
