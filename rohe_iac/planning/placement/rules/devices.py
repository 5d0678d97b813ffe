"""The rule `accelerators`: a share of one device, or some idle devices, of the type, models and memory asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rohe_iac.foundation.quantities import bytes_alike, counted, shown_share
from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.rule import Lack, NodeRule
from rohe_iac.planning.placement.state.amounts import Free, Row
from rohe_iac.planning.placement.state.device_assignment import choose_devices
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def devices_fit(indexed: IndexedProblem, free: Row, node: NodeIndex, requests: Sequence[DeviceRequest]) -> bool:
    """Checks whether the devices of a node serve all requests of one demand.

    Args:
        free: basis points that are free of each device of the node.
        requests: of distinct types, so that they never compete for a device.
    """
    return all(choose_devices(indexed, free, node, request) is not None for request in requests)


class DeviceShortage(NamedTuple):
    """What one request for devices lacks on a node.

    Attributes:
        missing: whole devices, or basis points in the best device.
        memory: bytes of memory that the best device lacks; of whole devices, the one that lacks least of it.
        device: position of that device; -1 where memory is not what is missing.
    """

    missing: int = 0
    memory: int = 0
    device: int = -1

    def part(self, request: DeviceRequest) -> int:
        """Returns what is missing over what is asked, in millionths."""
        part = self.missing * MILLION // (request.count or request.share)
        # Devices without enough memory are missing devices already.
        return part if request.count or not self.memory else part + self.memory * MILLION // request.memory


def device_shortage(indexed: IndexedProblem, free: Row, node: NodeIndex, request: DeviceRequest) -> DeviceShortage:
    """Returns what a request lacks on a node, of shares in the device that lacks the least share and memory together.

    Where no device has any of what is asked for, the whole share is missing, and memory is not looked at.
    """
    if request.memory:
        return _shortage_with_memory(indexed, free, node, request)
    idle, best = 0, 0
    for position, device in enumerate(indexed.nodes[node].devices):
        if request.accepts(device):
            untouched = free[position] == device.capacity
            idle += untouched
            if untouched or not device.exclusive:
                best = max(best, free[position])
    return DeviceShortage(max(0, request.count - idle if request.count else request.share - best))


def _shortage_with_memory(
    indexed: IndexedProblem, free: Row, node: NodeIndex, request: DeviceRequest
) -> DeviceShortage:
    offset, closest, lowest = indexed.memory_offset, DeviceShortage(request.share), MILLION + 1
    idle, serving, least = 0, 0, (UNLIMITED, -1)
    for position, device in enumerate(indexed.nodes[node].devices):
        if not request.accepts(device):
            continue
        untouched = free[position] == device.capacity
        memory = max(0, request.memory - free[offset + position])
        if request.count:
            idle += untouched
            serving += untouched and not memory
            least = min(least, (memory, position)) if untouched and memory else least
            continue
        share = free[position] if untouched or not device.exclusive else 0
        found = DeviceShortage(max(0, request.share - share), memory, position if memory else -1)
        if found.part(request) < lowest:
            closest, lowest = found, found.part(request)
    if not request.count:
        return closest
    missing = max(0, request.count - serving)
    return DeviceShortage(missing, *least) if missing and idle > serving else DeviceShortage(missing)


def missing_devices_part(indexed: IndexedProblem, free: Row, node: NodeIndex, requests: Sequence[DeviceRequest]) -> int:
    """Returns what each request lacks over what it asks for, summed, in millionths."""
    return sum(device_shortage(indexed, free, node, request).part(request) for request in requests)


def _lacks(indexed: IndexedProblem, demand: DemandIndex, node: NodeIndex, free: Free) -> Sequence[Lack]:
    lacks = []
    for request in indexed.resources[demand].devices:
        found = device_shortage(indexed, free[4], node, request)
        missing = found.missing
        if missing or found.memory:
            asked = request.count or request.share
            named = f"{request.type} ({' or '.join(request.models)})" if request.models else request.type
            if not any(request.accepts(device) for device in indexed.nodes[node].devices):
                amounts = f"the node has no {named}"
            elif request.count:
                idle = f"only {asked - missing}" if missing < asked else "none"
                amounts = f"needs {counted(asked, f'whole {named} device')}, {idle} is idle"
            else:
                amounts = f"needs {shown_share(asked)} {named} in one device, {shown_share(missing)} of it does not fit"
            if found.memory:
                device = indexed.nodes[node].devices[found.device].name
                free_bytes = max(0, free[4][indexed.memory_offset + found.device])
                wanted, left = bytes_alike(request.memory, free_bytes)
                memory = f"{request.type} memory: {wanted} asked, {left} free on {device}"
                amounts = f"{amounts}, and {memory}" if missing and not request.count else memory
            lacks.append((f"accelerators: {amounts}", found.part(request)))
    return lacks


ACCELERATORS = NodeRule("accelerators", _lacks, ("devices",))
