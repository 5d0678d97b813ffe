"""Types of the amounts that are free on a node."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.planning.model.demand import Demand, Resources

Row = tuple[int, ...]
"""Amounts by core or by device of one node."""

EXTRAS = ("disk", "network")
"""Amounts that few stacks ask for, in the order of a node's row; the row is empty where no demand asks for any."""

Free = tuple[int, int, int, Row, Row, Row]
"""What is free on a node: cpu, rss, vms, cores (largest first), devices and extras.

A `NodeAmounts` is one. Values that are made by the ten thousand to look something up (states of the vectorized
evaluator, loads of the search) stay plain tuples: with named ones a search takes about 5 % longer.
"""

Share = tuple[int, int]
"""An amount that is taken: position of the core, device or link, and how much of it."""

CoreStep = tuple[tuple[Share, ...], Row, Row]
"""Cores that a request gets, then the free cores after that, by number and with the largest first."""


def asks_for_memory(demands: Iterable[Demand]) -> bool:
    """Checks whether any demand, in any variant, asks for memory of devices."""
    return any(request.memory for asked in _requests(demands) for request in asked.devices)


def asks_for_extras(demands: Iterable[Demand]) -> bool:
    """Checks whether any demand, in any variant, asks for disk or network."""
    return any(asked.disk or asked.network for asked in _requests(demands))


def _requests(demands: Iterable[Demand]) -> Iterable[Resources]:
    for demand in demands:
        yield demand.resources
        yield from (variant.resources for variant in demand.variants)
