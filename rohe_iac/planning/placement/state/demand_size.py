"""Size of a demand relative to all that the inventory has; orders the queue and the insertions of a search."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.planning.model.demand import DeviceRequest
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
    memories: dict[str, int] = {}
    for node, number in nodes:
        for device in node.devices:
            devices[device.type] = devices.get(device.type, 0) + device.capacity * number
            memories[device.type] = memories.get(device.type, 0) + (device.memory or 0) * number
    sizes = []
    for asked in indexed.resources:
        size = asked.cpu * BILLION // cpu + asked.rss * BILLION // rss
        size += sum(asked.cores) * BILLION // cores
        for request in asked.devices:
            size += devices_asked((request,)) * BILLION // max(1, devices.get(request.type, 0))
            if request.memory and memories.get(request.type):
                size += request.memory * (request.count or 1) * BILLION // memories[request.type]
        sizes.append(size)
    return sizes


def devices_asked(requests: Iterable[DeviceRequest]) -> int:
    """Returns the basis points of devices that requests ask for; a whole device counts COUNTED_SHARE."""
    return sum(request.share + request.count * COUNTED_SHARE for request in requests)


def memory_is_scarcer_than_devices(indexed: IndexedProblem) -> bool:
    """Checks whether all replicas ask for at least as large a share of the inventory's memory as of its devices."""
    _, memory, devices = asked_shares(indexed)
    return memory >= devices


def asked_shares(indexed: IndexedProblem) -> tuple[int, int, int]:
    """Returns what all replicas ask for of the inventory's cpu, memory and devices, in millionths of all there is."""
    classes = indexed.node_classes
    nodes = [(indexed.nodes[node], number) for node, number in zip(classes.representative, classes.size, strict=True)]
    wanted = [(asked, item.replicas) for asked, item in zip(indexed.resources, indexed.demands, strict=True)]
    cpu = sum(node.cpu * number for node, number in nodes)
    memory = sum(node.rss * number for node, number in nodes)
    devices = sum(device.capacity * number for node, number in nodes for device in node.devices)
    return (
        sum(asked.cpu * replicas for asked, replicas in wanted) * MILLION // max(1, cpu),
        sum(asked.rss * replicas for asked, replicas in wanted) * MILLION // max(1, memory),
        sum(devices_asked(asked.devices) * replicas for asked, replicas in wanted) * MILLION // max(1, devices),
    )
