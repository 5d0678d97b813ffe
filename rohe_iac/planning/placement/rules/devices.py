"""The rule `accelerators`: a share in one device, or a number of idle devices, of the type and models asked for."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.foundation.quantities import counted, shown_share
from rohe_iac.planning.model.demand import DeviceRequest
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


def device_missing(indexed: IndexedProblem, free: Row, node: NodeIndex, request: DeviceRequest) -> int:
    """Returns the whole devices, or the basis points in the best device, that a request lacks on a node."""
    idle, best = 0, 0
    for position, device in enumerate(indexed.nodes[node].devices):
        if request.accepts(device):
            untouched = free[position] == device.capacity
            idle += untouched
            if untouched or not device.exclusive:
                best = max(best, free[position])
    return max(0, request.count - idle if request.count else request.share - best)


def missing_devices_part(indexed: IndexedProblem, free: Row, node: NodeIndex, requests: Sequence[DeviceRequest]) -> int:
    """Returns what each request lacks over what it asks for, summed, in millionths."""
    return sum(
        device_missing(indexed, free, node, request) * MILLION // (request.count or request.share)
        for request in requests
    )


def _lacks(indexed: IndexedProblem, demand: DemandIndex, node: NodeIndex, free: Free) -> Sequence[Lack]:
    lacks = []
    for request in indexed.resources[demand].devices:
        missing = device_missing(indexed, free[4], node, request)
        if missing:
            asked = request.count or request.share
            named = f"{request.type} ({' or '.join(request.models)})" if request.models else request.type
            if not any(request.accepts(device) for device in indexed.nodes[node].devices):
                amounts = f"the node has no {named}"
            elif request.count:
                idle = f"only {asked - missing}" if missing < asked else "none"
                amounts = f"needs {counted(asked, f'whole {named} device')}, {idle} is idle"
            else:
                amounts = f"needs {shown_share(asked)} {named} in one device, {shown_share(missing)} of it does not fit"
            lacks.append((f"accelerators: {amounts}", missing * MILLION // asked))
    return lacks


ACCELERATORS = NodeRule("accelerators", _lacks, ("devices",))
