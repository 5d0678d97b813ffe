"""Service order: the order in which services are placed (the QueueSort of kube-scheduler), from two lanes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from rohe_iac.planning.placement.state.demand_size import sizes_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, enumerate_demands


def service_order(indexed: IndexedProblem) -> list[DemandIndex]:
    """Returns the positions of the demands in the order in which they are placed.

    System services come first. The others wait in two lanes: services with the sensitivity `queue_priority`, and the
    rest. After `queue_balance` services of the first lane comes one of the second; a lane whose other is empty is
    served alone. Within a lane: higher priority, larger demand of the lane's resource, name. A service that has to be
    near another follows it; a service that prefers to be near another does so unless the other's priority is lower.
    """
    settings = indexed.settings
    sizes = sizes_of(indexed)
    system, first, second = [], [], []
    for position, demand in enumerate_demands(indexed.demands):
        if demand.system:
            system.append(position)
        elif demand.sensitivity == settings.queue_priority:
            first.append(position)
        else:
            second.append(position)

    def key(position: DemandIndex, resource: str) -> tuple[int, int, str]:
        demand, asked = indexed.demands[position], indexed.resources[position]
        size = {"cpu": asked.cpu, "memory": asked.rss}.get(resource, sizes[position])
        return (-demand.rank, -size, demand.workload)

    system.sort(key=lambda position: key(position, "none"))
    first.sort(key=lambda position: key(position, settings.queue_priority))
    second.sort(key=lambda position: key(position, "none"))
    return _after_leaders(indexed, [*system, *_merge(first, second, settings.queue_balance)])


def _merge(first: list[DemandIndex], second: list[DemandIndex], balance: int) -> Iterator[DemandIndex]:
    """Yields both lanes, one of the second after every `balance` of the first, then the rest of the second."""
    waiting = iter(second)
    served = 0
    for position in first:
        if served == balance:
            served = 0
            yield from islice(waiting, 1)
        yield position
        served += 1
    yield from waiting


def _after_leaders(indexed: IndexedProblem, queue: list[DemandIndex]) -> list[DemandIndex]:
    """Returns the queue with every service after its leaders, except where services lead each other in a circle."""
    leaders_of = [_leaders(indexed, position) for position in indexed.demand_indices]
    if not any(leaders_of):
        return queue
    ordered: dict[DemandIndex, None] = {}
    for first in queue:
        if first in ordered:
            continue
        # Depth first, with a stack of its own: a chain of leaders may be as long as the blueprint.
        path, on_path = [(first, iter(leaders_of[first]))], {first}
        while path:
            position, leaders = path[-1]
            leader = next((leader for leader in leaders if leader not in ordered and leader not in on_path), None)
            if leader is not None:
                path.append((leader, iter(leaders_of[leader])))
                on_path.add(leader)
            else:
                path.pop()
                on_path.discard(position)
                ordered[position] = None
    return list(ordered)


def _leaders(indexed: IndexedProblem, position: DemandIndex) -> list[DemandIndex]:
    """Returns the services that a service follows: those that it has to be near, then those that it prefers."""
    leaders = [other for others, _ in indexed.near[position] for other in others]
    demand = indexed.demands[position]
    for rule in demand.near:
        for workload in () if rule.required else rule.workloads:
            other = indexed.index.get(workload)
            if other is None:
                continue
            leader = indexed.demands[other]
            if leader.system or leader.priority >= demand.priority:
                leaders.append(other)
    return leaders
