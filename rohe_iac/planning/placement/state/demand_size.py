"""The size of a demand relative to all that the inventory has; orders the queue."""

from __future__ import annotations

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.state.index import IndexedProblem


def sizes_of(indexed: IndexedProblem) -> list[int]:
    """How much of everything there is each demand's replica takes: its shares of the supply, summed, in billionths."""
    kinds = [
        (indexed.nodes[node], number)
        for node, number in zip(indexed.node_classes.representative, indexed.node_classes.size, strict=True)
    ]
    cpu = max(1, sum(node.cpu * number for node, number in kinds))
    rss = max(1, sum(node.rss * number for node, number in kinds))
    cores = max(1, sum(sum(node.cores) * number for node, number in kinds))
    devices: dict[str, int] = {}
    for node, number in kinds:
        for device in node.devices:
            devices[device.type] = devices.get(device.type, 0) + device.capacity * number
    found = []
    for asked in indexed.resources:
        size = asked.cpu * 1000 * MILLION // cpu + asked.rss * 1000 * MILLION // rss
        size += sum(asked.cores) * 1000 * MILLION // cores
        for request in asked.devices:
            amount = request.share + request.count * 10_000
            size += amount * 1000 * MILLION // max(1, devices.get(request.type, 0))
        found.append(size)
    return found
