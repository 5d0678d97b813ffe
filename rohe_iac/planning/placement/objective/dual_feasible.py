"""Measures: what every plan has to respect, whatever it does; the arguments of which bounds are made.

A measure gives each replica a size and each node a capacity, so that whatever fits on a node has sizes that sum up to
no more than its capacity. The plain ones are the amounts themselves. Others round (dual feasible functions: Lueker
1983; Martello and Toth 1990; Fekete and Schepers 2001): how often an amount holds a step, rounded down on both sides,
is such a measure for any step; so is counting what is more than the rest of the largest as all of it and less than that
rest as nothing. Sums of measures are measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rohe_iac.foundation.once import once
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.placement.state.index import IndexedProblem

STEPPED_LIMIT = 300
"""Nodes, and classes, up to which rounded measures and sums are tried."""


@dataclass(frozen=True, slots=True)
class DualFeasibleFunction:
    """name: the argument that it is. sizes: by class; capacities: by node."""

    name: str
    sizes: tuple[int, ...]
    capacities: tuple[int, ...]


@once
def dual_feasible_functions(indexed: IndexedProblem) -> tuple[DualFeasibleFunction, ...]:
    """The measures of a layout: plain ones, and for few nodes and classes rounded ones and sums of two."""
    plain = identity_functions(indexed)
    if len(indexed.nodes) > STEPPED_LIMIT or len(indexed.demands) > STEPPED_LIMIT:
        return tuple(plain)
    found = [*plain, *_rounded(indexed)]
    return tuple(dict.fromkeys(measure for measure in found if any(measure.sizes)))


def identity_functions(indexed: IndexedProblem) -> list[DualFeasibleFunction]:
    """The measures that are amounts, or count what shares no core or device."""
    return [measure for measure in _plain(indexed) if any(measure.sizes)]


def pairwise_sums(measures: Sequence[DualFeasibleFunction]) -> Iterator[DualFeasibleFunction]:
    """The sum of each two of the measures, each times what all nodes have of the other, so that both weigh the same."""
    totals = [sum(measure.capacities) for measure in measures]
    for number, (one, whole) in enumerate(zip(measures, totals, strict=True)):
        for other, more in zip(measures[number + 1 :], totals[number + 1 :], strict=True):
            if whole and more:
                yield DualFeasibleFunction(
                    one.name if one.name == other.name else f"{one.name} with {other.name}",
                    tuple([a * more + b * whole for a, b in zip(one.sizes, other.sizes, strict=True)]),
                    tuple([a * more + b * whole for a, b in zip(one.capacities, other.capacities, strict=True)]),
                )


def _examples(indexed: IndexedProblem) -> list[Supply]:
    """A node of each kind: all that a measure asks of a node is the same for those of one kind."""
    return [indexed.nodes[example] for example in indexed.node_classes.representative]


def _measure(
    indexed: IndexedProblem, name: str, sizes: tuple[int, ...], rooms: tuple[int, ...]
) -> DualFeasibleFunction:
    """The measure with these rooms of each kind of node."""
    return DualFeasibleFunction(name, sizes, tuple(indexed.node_classes.per_node(rooms)))


def _plain(indexed: IndexedProblem) -> Iterator[DualFeasibleFunction]:
    asked, nodes, ratio = indexed.resources, _examples(indexed), indexed.settings.vms_ratio
    yield _measure(
        indexed, "volume", tuple(one.cpu for one in asked), tuple(max(0, node.cpu - node.cpu_used) for node in nodes)
    )
    yield _measure(
        indexed, "volume", tuple(one.rss for one in asked), tuple(max(0, node.rss - node.rss_used) for node in nodes)
    )
    sizes = tuple(one.vms or 0 for one in asked)
    total = sum(size * demand.replicas for size, demand in zip(sizes, indexed.demands, strict=True))
    yield _measure(
        indexed,
        "volume",
        sizes,
        # A node that does not limit virtual memory holds all of it.
        tuple(total if (free := node.free_vms(ratio)) is None else max(0, free) for node in nodes),
    )
    free_cores = _free_cores(indexed)
    yield _measure(indexed, "cores", tuple(sum(one.cores) for one in asked), tuple(sum(row) for row in free_cores))
    # Of more than half of the largest core, a core holds one.
    half = max((room for row in free_cores for room in row), default=0) // 2 + 1
    yield _measure(
        indexed,
        "cores",
        tuple(sum(chunk >= half for chunk in one.cores) for one in asked),
        tuple(sum(room >= half for room in row) for row in free_cores),
    )
    for kind in indexed.device_types:
        yield from _devices(indexed, kind, (1,))


def _free_cores(indexed: IndexedProblem) -> list[Sequence[int]]:
    return [
        [max(0, size - used) for size, used in zip_longest(node.cores, node.cores_used, fillvalue=0)]
        if node.cores_used
        else node.cores
        for node in _examples(indexed)
    ]


def _devices(indexed: IndexedProblem, kind: str, steps: Iterable[int]) -> Iterator[DualFeasibleFunction]:
    """By steps of a share; whole devices count as all of theirs, and a share takes an exclusive one whole."""
    requests = [[one for one in asked.devices if one.type == kind] for asked in indexed.resources]
    devices = [[one for one in node.devices if one.type == kind] for node in _examples(indexed)]
    capacity = max((one.capacity for row in devices for one in row), default=0)
    least = min((one.capacity for row in devices for one in row), default=0)
    for step in steps:
        # A count takes at least the smallest device, and may take the largest.
        sizes = tuple(sum(one.share // step + one.count * (least // step) for one in row) for row in requests)
        largest = max(sizes, default=0)
        rooms = tuple(
            sum(
                (0 if one.used else min(one.capacity // step, largest))
                if one.exclusive
                else (one.capacity - one.used) // step
                for one in row
            )
            for row in devices
        )
        yield _measure(indexed, "accelerators", sizes, rooms)
    counted = tuple(sum(1 for one in row if one.share * 2 > capacity or one.count) for row in requests)
    if any(counted):
        counts = tuple(
            sum(max(1, one.count) for one in row if one.share * 2 > capacity or one.count) for row in requests
        )
        yield _measure(
            indexed, "accelerators", counts, tuple(sum(one.used * 2 < one.capacity for one in row) for row in devices)
        )


def _rounded(indexed: IndexedProblem) -> Iterator[DualFeasibleFunction]:
    asked, nodes = indexed.resources, _examples(indexed)
    for sizes, rooms in (
        ([one.cpu for one in asked], [max(0, node.cpu - node.cpu_used) for node in nodes]),
        ([one.rss for one in asked], [max(0, node.rss - node.rss_used) for node in nodes]),
    ):
        for step in _steps(sizes, max(rooms, default=0)):
            yield _measure(
                indexed, "volume", tuple(size // step for size in sizes), tuple(room // step for room in rooms)
            )
        for rest in _rests(sizes, max(rooms, default=0)):
            top = max(rooms)
            yield _measure(
                indexed,
                "volume",
                tuple(_raised(size, top, rest) for size in sizes),
                tuple(top if room > top - rest else room for room in rooms),
            )
    free = _free_cores(indexed)
    top = max((room for row in free for room in row), default=0)
    chunks = [chunk for one in asked for chunk in one.cores]
    for step in _steps(chunks, top):
        yield _measure(
            indexed,
            "cores",
            tuple(sum(chunk // step for chunk in one.cores) for one in asked),
            tuple(sum(room // step for room in row) for row in free),
        )
    for rest in _rests(chunks, top):
        yield _measure(
            indexed,
            "cores",
            tuple(sum(_raised(chunk, top, rest) for chunk in one.cores) for one in asked),
            tuple(sum(top if room > top - rest else room for room in row) for row in free),
        )
    for kind in indexed.device_types:
        shares = [one.share for each in asked for one in each.devices if one.type == kind]
        largest = max((one.capacity for node in nodes for one in node.devices if one.type == kind), default=0)
        yield from _devices(indexed, kind, _steps(shares, largest))


def _raised(size: int, top: int, rest: int) -> int:
    return top if size > top - rest else size if size >= rest else 0


def _steps(sizes: Iterable[int], top: int) -> list[int]:
    """Sizes that are asked for, and just more than a half, a third and a quarter of the largest capacity."""
    return sorted({*(size for size in sizes if size > 1), *(top // part + 1 for part in (2, 3, 4) if top)})


def _rests(sizes: Iterable[int], top: int) -> list[int]:
    return sorted({rest for size in sizes for rest in (size, top - size + 1) if 1 < rest <= top // 2})
