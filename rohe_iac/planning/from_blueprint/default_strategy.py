"""The strategy of a stack that names none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.supply import Supply

SCARCE = 50
"""Percent of the free accelerators of one type; where services ask for more, leftovers too small for any service make
replicas unplaceable."""


def default_strategy(nodes: Iterable[Supply], demands: Iterable[Demand]) -> str:
    """Returns `fragmentation` where accelerators are scarce, else `best-fit`: it opens fewer nodes and is quicker."""
    offered: Counter[str] = Counter()
    largest: Counter[str] = Counter()
    for node in nodes:
        for device in node.devices:
            offered[device.type] += device.capacity - device.used
            largest[device.type] = max(largest[device.type], device.capacity)
    requested: Counter[str] = Counter()
    for demand in demands:
        resources = demand.variants[0].resources if demand.variants else demand.resources
        for request in resources.devices:
            requested[request.type] += demand.replicas * (request.share or request.count * largest[request.type])
    scarce = any(100 * requested[kind] > SCARCE * offered[kind] for kind in offered)
    return "fragmentation" if scarce else "best-fit"
