"""Defaults: the strategy of a stack that names none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.supply import Supply

SCARCE = 50
"""Percent of the accelerators of one type; where more is asked for, pieces that nobody can use cost places."""


def default_strategy(nodes: Iterable[Supply], demands: Iterable[Demand]) -> str:
    """`fragmentation` where accelerators are scarce, else `best-fit`, which opens fewer nodes and is quicker."""
    offered: Counter[str] = Counter()
    largest: Counter[str] = Counter()
    for node in nodes:
        for device in node.devices:
            offered[device.type] += device.capacity - device.used
            largest[device.type] = max(largest[device.type], device.capacity)
    asked: Counter[str] = Counter()
    for demand in demands:
        resources = demand.variants[0].resources if demand.variants else demand.resources
        for request in resources.devices:
            asked[request.type] += demand.replicas * (request.share or request.count * largest[request.type])
    scarce = any(100 * asked[kind] > SCARCE * offered[kind] for kind in offered)
    return "fragmentation" if scarce else "best-fit"
