"""Assigns a device request to devices of a node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.plan import DeviceUse
from rohe_iac.planning.model.supply import Device, Supply
from rohe_iac.planning.placement.state.amounts import Row, Share
from rohe_iac.planning.placement.state.core_assignment import changed
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import NodeIndex


def free_devices(node: Supply, memory_offset: int) -> Row:
    """Returns what others leave free of a node's devices: basis points, and from `memory_offset` on bytes of memory.

    Between the two is -1 for each device that the node has less than others. Memory that is not checked is UNLIMITED.
    """
    shares = tuple([device.capacity - device.used for device in node.devices])
    if not memory_offset or not shares:
        return shares
    memory = [UNLIMITED if device.memory is None else device.memory - device.memory_used for device in node.devices]
    return (*shares, *(-1,) * (memory_offset - len(shares)), *memory)


def device_step(
    indexed: IndexedProblem, row: Row, node: NodeIndex, requests: tuple[DeviceRequest, ...]
) -> tuple[tuple[Share, ...], Row] | None:
    """Returns the devices of a row that the requests get and the row after that; None where they do not fit."""
    taken: list[Share] = []
    for request in requests:
        found = choose_devices(indexed, row, node, request)
        if found is None:
            return None
        row = changed(row, tuple(found), -1)
        taken += found
    return tuple(taken), row


def choose_devices(
    indexed: IndexedProblem, free: Sequence[int], node: NodeIndex, request: DeviceRequest
) -> list[Share] | None:
    """Returns devices for one request, each with the amounts taken of it; None where they do not fit.

    A share goes to the fullest shared device that holds it, else it takes an idle exclusive one whole; a count takes
    idle devices of the named models, the smallest first. Each device has to have the memory free that is asked for.

    Args:
        indexed: The problem.
        free: What is free of the node's devices, as in the ledger.
        node: The node, or another of its class.
        request: What is asked for.
    """
    devices = indexed.nodes[node].devices
    memory, offset = request.memory, indexed.memory_offset
    if request.count:
        idle = [
            (device.capacity, position)
            for position, device in enumerate(devices)
            if request.accepts(device)
            and free[position] == device.capacity
            and (not memory or memory <= free[offset + position])
        ]
        if len(idle) < request.count:
            return None
        chosen = [(position, capacity) for capacity, position in sorted(idle)[: request.count]]
        return with_memory(chosen, memory, offset) if memory else chosen
    best: tuple[int, int, int, int] | None = None
    for position, device in enumerate(devices):
        if not request.accepts(device) or (memory and memory > free[offset + position]):
            continue
        left = free[position]
        if device.exclusive:
            fits = left == device.capacity and request.share <= left
            amount = device.capacity
        else:
            fits = request.share <= left
            amount = request.share
        if fits and (best is None or (int(device.exclusive), left, position) < best[:3]):
            best = (int(device.exclusive), left, position, amount)
    if best is None:
        return None
    return with_memory([(best[2], best[3])], memory, offset) if memory else [(best[2], best[3])]


def with_memory(shares: Sequence[Share], memory: int, offset: int) -> list[Share]:
    """Returns shares of devices, each followed by as many bytes of the device's memory."""
    return [part for position, amount in shares for part in ((position, amount), (offset + position, memory))]


def taken_by(uses: Sequence[DeviceUse], numbers: Mapping[str, int], offset: int) -> tuple[Share, ...]:
    """Returns what a placement takes of a row of devices, -1 for the position of a device that the node does not have.

    Args:
        uses: Devices of the placement.
        numbers: Positions of the node's devices, by name.
        offset: Where memory begins in the row; 0: the problem knows none.
    """
    taken: list[Share] = []
    for use in uses:
        number = numbers.get(use.device, -1)
        taken.append((number, use.amount))
        if offset and use.memory:
            taken.append((offset + number, use.memory))
    return tuple(taken)


def uses_of(devices: Sequence[Device], taken: Sequence[Share], offset: int) -> tuple[DeviceUse, ...]:
    """Returns what is taken of a row of devices as plans say it."""
    memory = {position - offset: amount for position, amount in taken if position >= offset} if offset else {}
    return tuple(
        [
            DeviceUse(devices[number].type, devices[number].name, amount, memory.get(number, 0))
            for number, amount in taken
            if not offset or number < offset
        ]
    )


def devices_serve(
    devices: Sequence[Device], taken: Sequence[Share], requests: tuple[DeviceRequest, ...], offset: int = 0
) -> bool:
    """Checks whether what is taken of devices, in the order of the requests, is exactly what the requests ask for.

    Args:
        devices: The devices of the node.
        taken: Device position (-1 for one that the node does not have) and basis points; the memory after each device.
        requests: What is asked for.
        offset: Where memory begins in a row of devices; 0: the problem knows none.
    """
    memory = {position - offset: amount for position, amount in taken if position >= offset} if offset else {}
    left = [(position, amount) for position, amount in taken if not offset or position < offset]
    for request in requests:
        wanted = request.count or 1
        taken, left = left[:wanted], left[wanted:]
        if any(memory.get(position, 0) != request.memory for position, _ in taken):
            return False
        if len({position for position, _ in taken}) < wanted:
            return False
        for position, amount in taken:
            if not 0 <= position < len(devices) or not request.accepts(devices[position]):
                return False
            device = devices[position]
            whole = bool(request.count) or device.exclusive
            if amount != (device.capacity if whole else request.share):
                return False
    return not left
