"""How much of each accelerator a node lacks for one replica."""

from __future__ import annotations

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def device_missing(indexed: IndexedProblem, free: Row, node: int, request: DeviceRequest) -> int:
    """Whole devices, or basis points in the best device, that a request lacks where so much of each is free."""
    idle, best = 0, 0
    for position, device in enumerate(indexed.nodes[node].devices):
        if device.type == request.type and (not request.models or device.model in request.models):
            untouched = free[position] == device.capacity
            idle += untouched
            if untouched or not device.exclusive:
                best = max(best, free[position])
    return max(0, request.count - idle if request.count else request.share - best)


def devices_missing(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> int:
    """What all requests for devices lack on the node, over what they ask for, in millionths."""
    return sum(
        device_missing(indexed, ledger.devices[node], node, request) * MILLION // (request.count or request.share)
        for request in indexed.resources[demand].devices
    )
