"""Dual feasible functions: what every plan has to respect, whatever it does; the arguments of which bounds are made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rohe_iac.foundation.once import once
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.placement.state.amounts import EXTRAS
from rohe_iac.planning.placement.state.index import IndexedProblem

STEPPED_LIMIT = 300
"""Nodes, and demands, up to which rounding functions and sums are tried."""


@dataclass(frozen=True, slots=True)
class DualFeasibleFunction:
    """Sizes of replicas and capacities of nodes: whatever fits on a node has sizes of no more than its capacity.

    The identities are the amounts themselves. Others round (Lueker 1983; Martello and Toth 1990; Fekete and Schepers,
    "New classes of fast lower bounds for bin packing problems", Mathematical Programming 91, 2001; survey: Clautiaux,
    Alves and Valério de Carvalho, Annals of Operations Research 179, 2010): how often an amount holds a step, rounded
    down on both sides, is one for any step; so is counting an amount above the rest of the largest as all of it and one
    below that rest as nothing. Sums of such functions are such functions.

    Attributes:
        name: The argument for people: volume, cores, accelerators, or two of them.
        sizes: Size of a replica, by demand.
        capacities: Capacity, by node.
    """

    name: str
    sizes: tuple[int, ...]
    capacities: tuple[int, ...]


@once
def dual_feasible_functions(indexed: IndexedProblem) -> tuple[DualFeasibleFunction, ...]:
    """Returns the identities, and for few nodes and demands the rounding functions."""
    identities = identity_functions(indexed)
    if len(indexed.nodes) > STEPPED_LIMIT or len(indexed.demands) > STEPPED_LIMIT:
        return tuple(identities)
    found = [*identities, *_rounding_functions(indexed)]
    return tuple(dict.fromkeys(function for function in found if any(function.sizes)))


def identity_functions(indexed: IndexedProblem) -> list[DualFeasibleFunction]:
    """Returns the functions that are amounts, or count what shares no core or device."""
    return [function for function in _identities(indexed) if any(function.sizes)]


def pairwise_sums(functions: Sequence[DualFeasibleFunction]) -> Iterator[DualFeasibleFunction]:
    """Yields the sum of each two of the functions.

    Each is multiplied by what all nodes have of the other, so that both weigh the same.
    """
    totals = [sum(function.capacities) for function in functions]
    for number, (first, whole) in enumerate(zip(functions, totals, strict=True)):
        for second, more in zip(functions[number + 1 :], totals[number + 1 :], strict=True):
            if whole and more:
                yield DualFeasibleFunction(
                    first.name if first.name == second.name else f"{first.name} with {second.name}",
                    tuple([a * more + b * whole for a, b in zip(first.sizes, second.sizes, strict=True)]),
                    tuple([a * more + b * whole for a, b in zip(first.capacities, second.capacities, strict=True)]),
                )


def _representatives(indexed: IndexedProblem) -> list[Supply]:
    """Returns a node of each class: capacities are equal within a class."""
    return [indexed.nodes[node] for node in indexed.node_classes.representative]


def _function(
    indexed: IndexedProblem, name: str, sizes: Iterable[int], capacities: Iterable[int]
) -> DualFeasibleFunction:
    """Returns the function with these capacities of each node class."""
    return DualFeasibleFunction(name, tuple(sizes), tuple(indexed.node_classes.per_node(tuple(capacities))))


def _identities(indexed: IndexedProblem) -> Iterator[DualFeasibleFunction]:
    resources, nodes, ratio = indexed.resources, _representatives(indexed), indexed.settings.vms_ratio
    cpu = [max(0, node.cpu - node.cpu_used) for node in nodes]
    rss = [max(0, node.rss - node.rss_used) for node in nodes]
    yield _function(indexed, "volume", [asked.cpu for asked in resources], cpu)
    yield _function(indexed, "volume", [asked.rss for asked in resources], rss)
    sizes = [asked.vms or 0 for asked in resources]
    total = sum(size * demand.replicas for size, demand in zip(sizes, indexed.demands, strict=True))
    # A node that does not limit virtual memory holds all of it.
    vms = [total if (free := node.free_vms(ratio)) is None else max(0, free) for node in nodes]
    yield _function(indexed, "volume", sizes, vms)
    for name in EXTRAS if indexed.has_extras else ():
        yield _extra_function(indexed, name)
    free_cores = _free_cores(indexed)
    yield _function(indexed, "cores", [sum(asked.cores) for asked in resources], [sum(row) for row in free_cores])
    # Of chunks of more than half of the largest core, a core holds one.
    half = max((free for row in free_cores for free in row), default=0) // 2 + 1
    yield _function(
        indexed,
        "cores",
        [sum(chunk >= half for chunk in asked.cores) for asked in resources],
        [sum(free >= half for free in row) for row in free_cores],
    )
    for device_type in indexed.device_types:
        yield from _device_functions(indexed, device_type, (1,))
        if indexed.memory_offset:
            yield _device_memory_function(indexed, device_type)


def _extra_function(indexed: IndexedProblem, name: str) -> DualFeasibleFunction:
    """Returns the function of disk or network; a node where it is not checked holds all that is asked for."""
    sizes = [getattr(asked, name) for asked in indexed.resources]
    total = sum(size * demand.replicas for size, demand in zip(sizes, indexed.demands, strict=True))
    offered = [(getattr(node, name), getattr(node, f"{name}_used")) for node in _representatives(indexed)]
    free = [total if amount is None else max(0, amount - used) for amount, used in offered]
    return _function(indexed, "volume", sizes, free)


def _device_memory_function(indexed: IndexedProblem, device_type: str) -> DualFeasibleFunction:
    """Returns the function of the memory of one type of device; a device without a limit holds all that is asked."""
    sizes = [
        sum(request.memory * max(1, request.count) for request in asked.devices if request.type == device_type)
        for asked in indexed.resources
    ]
    total = sum(size * demand.replicas for size, demand in zip(sizes, indexed.demands, strict=True))
    capacities = [
        sum(
            total if device.memory is None else max(0, device.memory - device.memory_used)
            for device in node.devices
            if device.type == device_type
        )
        for node in _representatives(indexed)
    ]
    return _function(indexed, "accelerators", sizes, capacities)


def _free_cores(indexed: IndexedProblem) -> list[Sequence[int]]:
    """Returns the free millicores of each core, by node class."""
    return [
        [max(0, size - used) for size, used in zip_longest(node.cores, node.cores_used, fillvalue=0)]
        if node.cores_used
        else node.cores
        for node in _representatives(indexed)
    ]


def _device_functions(
    indexed: IndexedProblem, device_type: str, steps: Iterable[int]
) -> Iterator[DualFeasibleFunction]:
    """Yields a function for each step of a share, and one that counts devices.

    A request for whole devices counts all of their shares, and a share takes an exclusive device whole.
    """
    requests = [[request for request in asked.devices if request.type == device_type] for asked in indexed.resources]
    devices = [[device for device in node.devices if device.type == device_type] for node in _representatives(indexed)]
    largest = max((device.capacity for row in devices for device in row), default=0)
    smallest = min((device.capacity for row in devices for device in row), default=0)
    for step in steps:
        # A count takes at least the smallest device, and may take the largest.
        sizes = [sum(request.share // step + request.count * (smallest // step) for request in row) for row in requests]
        most = max(sizes, default=0)
        capacities = [
            sum(
                (0 if device.used else min(device.capacity // step, most))
                if device.exclusive
                else (device.capacity - device.used) // step
                for device in row
            )
            for row in devices
        ]
        yield _function(indexed, "accelerators", sizes, capacities)
    # Of requests for more than half of the largest device, and of whole ones, each needs a device of its own.
    counts = [
        sum(max(1, request.count) for request in row if request.share * 2 > largest or request.count)
        for row in requests
    ]
    if any(counts):
        less_than_half_used = [sum(device.used * 2 < device.capacity for device in row) for row in devices]
        yield _function(indexed, "accelerators", counts, less_than_half_used)


def _rounding_functions(indexed: IndexedProblem) -> Iterator[DualFeasibleFunction]:
    resources, nodes = indexed.resources, _representatives(indexed)
    for sizes, capacities in (
        ([asked.cpu for asked in resources], [max(0, node.cpu - node.cpu_used) for node in nodes]),
        ([asked.rss for asked in resources], [max(0, node.rss - node.rss_used) for node in nodes]),
    ):
        largest = max(capacities, default=0)
        for step in _steps(sizes, largest):
            yield _function(
                indexed, "volume", [size // step for size in sizes], [capacity // step for capacity in capacities]
            )
        for rest in _rests(sizes, largest):
            yield _function(
                indexed,
                "volume",
                [_raised_size(size, largest, rest) for size in sizes],
                [_raised_capacity(capacity, largest, rest) for capacity in capacities],
            )
    free_cores = _free_cores(indexed)
    largest = max((free for row in free_cores for free in row), default=0)
    chunks = [chunk for asked in resources for chunk in asked.cores]
    for step in _steps(chunks, largest):
        yield _function(
            indexed,
            "cores",
            [sum(chunk // step for chunk in asked.cores) for asked in resources],
            [sum(free // step for free in row) for row in free_cores],
        )
    for rest in _rests(chunks, largest):
        yield _function(
            indexed,
            "cores",
            [sum(_raised_size(chunk, largest, rest) for chunk in asked.cores) for asked in resources],
            [sum(_raised_capacity(free, largest, rest) for free in row) for row in free_cores],
        )
    for device_type in indexed.device_types:
        shares = [request.share for asked in resources for request in asked.devices if request.type == device_type]
        capacities = [device.capacity for node in nodes for device in node.devices if device.type == device_type]
        yield from _device_functions(indexed, device_type, _steps(shares, max(capacities, default=0)))


def _raised_size(size: int, largest: int, rest: int) -> int:
    """Returns a size as all of the largest capacity where it leaves less than the rest, as nothing below the rest."""
    return largest if size > largest - rest else size if size >= rest else 0


def _raised_capacity(capacity: int, largest: int, rest: int) -> int:
    """Returns the capacity, or the largest where it leaves less than the rest."""
    return largest if capacity > largest - rest else capacity


def _steps(sizes: Iterable[int], largest: int) -> list[int]:
    """Returns the sizes, and just more than a half, a third and a quarter of the largest capacity."""
    return sorted({*(size for size in sizes if size > 1), *(largest // part + 1 for part in (2, 3, 4) if largest)})


def _rests(sizes: Iterable[int], largest: int) -> list[int]:
    """Returns the rests at which the rounding of some size changes, up to half of the largest capacity."""
    return sorted({rest for size in sizes for rest in (size, largest - size + 1) if 1 < rest <= largest // 2})
