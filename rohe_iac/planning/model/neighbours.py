"""How much longer requests take because of what else is on a node, from what its replicas ask for.

A sensitive workload has a slowdown: how much longer its requests take on a node whose other replicas ask for all of it,
in millionths of its time alone. On a node of which they ask for a part, it is that part of the slowdown: of cpu, of
memory, of shared accelerators, or of several in equal parts, as `sensitivity` says. What others than the stack use of a
node counts as asked for. The neighbours are those that are really there, each with all that it asks for.
"""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.units import MILLION

DIMENSIONS = ("cpu", "memory", "accelerator")
"""What a sensitivity names."""

MEBIBYTE_BITS = 20
"""Memory is compared in MiB."""

Amounts = tuple[int, int, int]
"""By dimension: millicores, MiB, and basis points of shared accelerators."""


def shared_amounts(asked: Resources) -> Amounts:
    """Returns what a replica asks for of what neighbours share; whole accelerators are not shared."""
    return asked.cpu, asked.rss >> MEBIBYTE_BITS, sum(request.share for request in asked.devices)


def shared_capacity(node: Supply) -> Amounts:
    """Returns what a node has to share; accelerators that are given out whole are not shared."""
    devices = sum(device.capacity for device in node.devices if not device.exclusive)
    return node.cpu, node.rss >> MEBIBYTE_BITS, devices


def used_by_others(node: Supply) -> Amounts:
    """Returns what others than the stack use of a node, no more than all of it."""
    cpu, memory, accelerator = shared_capacity(node)
    devices = sum(device.used for device in node.devices if not device.exclusive)
    return min(node.cpu_used, cpu), min(node.rss_used >> MEBIBYTE_BITS, memory), min(devices, accelerator)


def contended(sensitivity: str, asked: Resources) -> tuple[int, ...]:
    """Returns positions of the dimensions that slow a replica down: those of its sensitivity, cpu where it names none.

    A replica that asks for no share of an accelerator does not wait for one.
    """
    named = [position for position, name in enumerate(DIMENSIONS) if name in sensitivity]
    shares = any(request.share for request in asked.devices)
    found = tuple(position for position in named if shares or DIMENSIONS[position] != "accelerator")
    return found if named else (0,)


def crowding(sensitivity: str, asked: Resources, node: Supply, neighbours: Iterable[Resources]) -> int:
    """Returns the part of a node that the neighbours of a replica ask for, in millionths, 0 where it is alone.

    Args:
        sensitivity: What the replica's speed depends on: `cpu`, `memory`, `accelerator` or several joined by `+`.
        asked: What the replica itself asks for.
        node: The node.
        neighbours: What each other replica on the node asks for.
    """
    dimensions = contended(sensitivity, asked)
    used = list(used_by_others(node))
    for resources in neighbours:
        for position, amount in enumerate(shared_amounts(resources)):
            used[position] += amount
    capacity = shared_capacity(node)
    parts = [
        min(MILLION, used[position] * MILLION // capacity[position]) for position in dimensions if capacity[position]
    ]
    return sum(parts) // len(dimensions) if dimensions else 0


def slowdown_beside(demand: Demand, asked: Resources, node: Supply, neighbours: Iterable[Resources]) -> int:
    """Returns how much longer requests of a replica take beside these neighbours, in millionths of its time alone."""
    return demand.slowdown * crowding(demand.sensitivity, asked, node, neighbours) // MILLION if demand.slowdown else 0


def rates(sensitivity: str, slowdown: int, asked: Resources) -> Amounts:
    """Returns by dimension what neighbours that ask for all of it cost a replica, in thousandths of its time alone."""
    dimensions = contended(sensitivity, asked)
    each = slowdown // 1000 // len(dimensions) if dimensions else 0
    cpu, memory, accelerator = (each if position in dimensions else 0 for position in range(len(DIMENSIONS)))
    return cpu, memory, accelerator
