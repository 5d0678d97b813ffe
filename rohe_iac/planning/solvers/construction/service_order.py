"""Queue: in which order services are served, from two lanes."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.planning.placement.state.demand_size import sizes_of
from rohe_iac.planning.placement.state.index import IndexedProblem


def service_order(indexed: IndexedProblem) -> list[int]:
    """Positions of the demands in the order in which they are served.

    What the stack runs for itself comes first. Then the lane of the services with the priority sensitivity; after
    `queue_balance` of them one of the others; either lane is served alone when the other is empty. Within a lane:
    larger priority, larger demand of the lane's resource, name. A service that must be near another follows it; so does
    one that wishes to be, unless the other's priority is less.
    """
    settings = indexed.settings
    sizes = sizes_of(indexed)
    system, first, second = [], [], []
    for position, demand in enumerate(indexed.demands):
        if demand.system:
            system.append(position)
        elif demand.sensitivity == settings.queue_priority:
            first.append(position)
        else:
            second.append(position)

    def key(position: int, resource: str) -> tuple[int, int, str]:
        demand, asked = indexed.demands[position], indexed.resources[position]
        size = {"cpu": asked.cpu, "memory": asked.rss}.get(resource, sizes[position])
        return (-demand.priority, -size, demand.workload)

    system.sort(key=lambda position: key(position, "none"))
    first.sort(key=lambda position: key(position, settings.queue_priority))
    second.sort(key=lambda position: key(position, "none"))
    return _after_neighbours(indexed, [*system, *_merged(first, second, settings.queue_balance)])


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


def _after_neighbours(indexed: IndexedProblem, queue: list[int]) -> list[int]:
    waits = [_leaders(indexed, position) for position in range(len(indexed.demands))]
    if not any(waits):
        return queue
    done: dict[int, None] = {}
    for first in queue:
        if first in done:
            continue
        # Depth first, without recursion: chains of neighbours may be as long as the blueprint.
        path, waiting = [(first, iter(waits[first]))], {first}
        while path:
            position, leaders = path[-1]
            leader = next((one for one in leaders if one not in done and one not in waiting), None)
            if leader is not None:
                path.append((leader, iter(waits[leader])))
                waiting.add(leader)
            else:
                path.pop()
                waiting.discard(position)
                done[position] = None
    return list(done)


def _leaders(indexed: IndexedProblem, position: int) -> list[int]:
    """Whom a service follows: those it must be near, then those it wishes to be near."""
    leaders = [other for others, _ in indexed.near[position] for other in others]
    mine = indexed.demands[position]
    for rule in mine.near:
        for other in () if rule.required else rule.workloads:
            at = indexed.index.get(other)
            if at is not None and (indexed.demands[at].system or indexed.demands[at].priority >= mine.priority):
                leaders.append(at)
    return leaders
