"""Queue: in which order services are served, from two lanes."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.planning.layout import Layout

MILLION = 1_000_000


def order(layout: Layout) -> list[int]:
    """Positions of the demands in the order in which they are served.

    What the stack runs for itself comes first. Then the lane of the services with the priority sensitivity; after
    `queue_balance` of them one of the others; either lane is served alone when the other is empty. Within a lane:
    larger priority, larger demand of the lane's resource, name. A service that must be near another follows it.
    """
    settings = layout.settings
    sizes = sizes_of(layout)
    system, first, second = [], [], []
    for position, demand in enumerate(layout.demands):
        if demand.system:
            system.append(position)
        elif demand.sensitivity == settings.queue_priority:
            first.append(position)
        else:
            second.append(position)

    def key(position: int, resource: str) -> tuple[int, int, str]:
        demand, asked = layout.demands[position], layout.resources[position]
        size = {"cpu": asked.cpu, "memory": asked.rss}.get(resource, sizes[position])
        return (-demand.priority, -size, demand.workload)

    system.sort(key=lambda position: key(position, "none"))
    first.sort(key=lambda position: key(position, settings.queue_priority))
    second.sort(key=lambda position: key(position, "none"))
    return _after_neighbours(layout, [*system, *_merged(first, second, settings.queue_balance)])


def _merged(first: list[int], second: list[int], balance: int) -> Iterable[int]:
    served = 0
    waiting = iter(second)
    for position in first:
        if served == balance:
            served = 0
            yield from _one(waiting)
        yield position
        served += 1
    yield from waiting


def _one(waiting: Iterable[int]) -> Iterable[int]:
    for position in waiting:
        yield position
        return


def _after_neighbours(layout: Layout, queue: list[int]) -> list[int]:
    if not any(layout.near):
        return queue
    done: dict[int, None] = {}

    def serve(position: int, waiting: frozenset[int]) -> None:
        if position in done or position in waiting:
            return
        for others, _ in layout.near[position]:
            for other in others:
                serve(other, waiting | {position})
        done[position] = None

    for position in queue:
        serve(position, frozenset())
    return list(done)


def sizes_of(layout: Layout) -> list[int]:
    """How much of everything there is each demand's replica takes: its shares of the supply, summed, in billionths."""
    cpu = max(1, sum(node.cpu for node in layout.nodes))
    rss = max(1, sum(node.rss for node in layout.nodes))
    cores = max(1, sum(sum(node.cores) for node in layout.nodes))
    devices: dict[str, int] = {}
    for node in layout.nodes:
        for device in node.devices:
            devices[device.type] = devices.get(device.type, 0) + device.capacity
    found = []
    for asked in layout.resources:
        size = asked.cpu * 1000 * MILLION // cpu + asked.rss * 1000 * MILLION // rss
        size += sum(asked.cores) * 1000 * MILLION // cores
        for request in asked.devices:
            amount = request.share + request.count * 10_000
            size += amount * 1000 * MILLION // max(1, devices.get(request.type, 0))
        found.append(size)
    return found
