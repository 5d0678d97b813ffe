"""Size of a demand relative to all that the inventory has; orders the queue and the insertions of a search."""

from __future__ import annotations

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.state.index import IndexedProblem

BILLION = 1000 * MILLION
"""The unit of sizes: shares in billionths."""

COUNTED_SHARE = 10_000
"""Basis points that each whole device of a request counts."""


def sizes_of(indexed: IndexedProblem) -> list[int]:
    """Returns for each demand what one replica takes: its shares of the whole supply, summed, in billionths."""
    classes = indexed.node_classes
    nodes = [(indexed.nodes[node], number) for node, number in zip(classes.representative, classes.size, strict=True)]
    cpu = max(1, sum(node.cpu * number for node, number in nodes))
    rss = max(1, sum(node.rss * number for node, number in nodes))
    cores = max(1, sum(sum(node.cores) * number for node, number in nodes))
    devices: dict[str, int] = {}
    for node, number in nodes:
        for device in node.devices:
            devices[device.type] = devices.get(device.type, 0) + device.capacity * number
    sizes = []
    for asked in indexed.resources:
        size = asked.cpu * BILLION // cpu + asked.rss * BILLION // rss
        size += sum(asked.cores) * BILLION // cores
        for request in asked.devices:
            share = request.share + request.count * COUNTED_SHARE
            size += share * BILLION // max(1, devices.get(request.type, 0))
        sizes.append(size)
    return sizes
