"""Assigns a device request to devices of a node."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.supply import Device
from rohe_iac.planning.placement.state.amounts import Row, Share
from rohe_iac.planning.placement.state.core_assignment import changed
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import NodeIndex


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
    """Returns devices for one request, each with the basis points taken of it; None where they do not fit.

    A share goes to the fullest shared device that holds it, else it takes an idle exclusive one whole; a count takes
    idle devices of the named models, the smallest first.

    Args:
        indexed: The problem.
        free: Free basis points of the node's devices.
        node: The node, or another of its class.
        request: What is asked for.
    """
    devices = indexed.nodes[node].devices
    if request.count:
        idle = [
            (device.capacity, position)
            for position, device in enumerate(devices)
            if request.accepts(device) and free[position] == device.capacity
        ]
        if len(idle) < request.count:
            return None
        return [(position, capacity) for capacity, position in sorted(idle)[: request.count]]
    best: tuple[int, int, int, int] | None = None
    for position, device in enumerate(devices):
        if not request.accepts(device):
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
    return None if best is None else [(best[2], best[3])]


def devices_serve(devices: Sequence[Device], shares: Sequence[Share], requests: tuple[DeviceRequest, ...]) -> bool:
    """Checks whether shares, in the order of the requests, are exactly what the requests ask for.

    Args:
        devices: The devices of the node.
        shares: Device position (-1 for one that the node does not have) and basis points.
        requests: What is asked for.
    """
    left = list(shares)
    for request in requests:
        wanted = request.count or 1
        taken, left = left[:wanted], left[wanted:]
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
