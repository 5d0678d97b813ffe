"""Derives how many nodes the replicas of a plan need at least, with arithmetic of its own.

An argument gives a size to each request and a room to each node so that requests which fit on a node never add up to
more than its room (dual feasible functions; Fekete and Schepers 2001). A bound that no argument derives is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.requests import requested

Argument = tuple[str, Callable[[Resources], int], Callable[[Supply], int]]
"""The name of an argument, the size that it gives to a request, and the room that it gives to a node."""

MANY = 300
"""Nodes or workloads above which rounded amounts and pairwise sums are left out, as the planner leaves them out."""


def derived_bounds(problem: Problem, plan: Plan) -> dict[str, int]:
    """Returns for each argument how many nodes the placed replicas need at least."""
    placed = Counter((item.workload, item.variant) for item in plan.placements)
    demands = {demand.workload: demand for demand in problem.demands}
    counts = [
        (requested(demands[workload], variant), number)
        for (workload, variant), number in placed.items()
        if workload in demands
    ]
    chosen = {workload: variant for workload, variant in placed if variant}
    requests = [
        requested(demand, chosen.get(demand.workload, demand.variants[0].name if demand.variants else ""))
        for demand in problem.demands
    ]
    used = {item.node for item in plan.placements}
    nodes = [node for node in problem.nodes if node.status == "running" or node.name in used]
    plain = list(_identity_arguments(problem, requests))
    found: Counter[str] = Counter()
    found["volume"] = int(bool(counts))
    few = len(problem.nodes) <= MANY and len(problem.demands) <= MANY
    for name, size, room in [*plain, *(_rounded_arguments(problem, requests) if few else ())]:
        total = sum(size(request) * number for request, number in counts)
        found[name] = max(found[name], _fewest(Fraction(total), [Fraction(room(node)) for node in nodes]))
    if few:
        for name, least in _pairwise_sums(problem, plain, counts, nodes):
            found[name] = max(found[name], least)
    survive, relaxed = problem.settings.survive, {item.workload: item.failures for item in plan.relaxed}
    for demand in problem.demands:
        number = sum(times for (workload, _), times in placed.items() if workload == demand.workload)
        limits = [rule.limit for rule in demand.spread]
        failures = relaxed.get(demand.workload, survive)
        if failures > 0 and demand.replicas > 1 and not demand.room:
            limits.append(max(1, (demand.replicas - 1) // failures))
        zones = 0 if demand.workload in relaxed else problem.settings.survive_zones
        if zones and demand.replicas > 1 and not demand.room:
            limits.append(max(1, (demand.replicas - 1) // zones))
        if any(rule.required and rule.key == "node" and demand.workload in rule.workloads for rule in demand.avoid):
            limits.append(1)
        found["spread"] = max([found["spread"], *(-(-number // max(1, limit)) for limit in limits)])
    return dict(found)


def _fewest(total: Fraction, rooms: list[Fraction]) -> int:
    held, number = Fraction(0), 0
    for room in sorted(rooms, reverse=True):
        if held >= total or room <= 0:
            break
        held += room
        number += 1
    return number


def _pairwise_sums(
    problem: Problem, plain: list[Argument], counts: list[tuple[Resources, int]], nodes: list[Supply]
) -> Iterator[tuple[str, int]]:
    """Yields the bound of each sum of two identity arguments, each divided by the room of all nodes together."""
    shares = []
    for name, size, room in plain:
        whole = sum(room(node) for node in problem.nodes)
        if whole > 0:
            total = Fraction(sum(size(request) * number for request, number in counts), whole)
            shares.append((name, total, [Fraction(room(node), whole) for node in nodes]))
    for position, (name, total, rooms) in enumerate(shares):
        for other, more, further in shares[position + 1 :]:
            joined = [a + b for a, b in zip(rooms, further, strict=True)]
            yield name if name == other else f"{name} with {other}", _fewest(total + more, joined)


def _free_cores(node: Supply) -> list[int]:
    used = dict(enumerate(node.cores_used))
    return [max(0, size - used.get(core, 0)) for core, size in enumerate(node.cores)]


def _identity_arguments(problem: Problem, requests: list[Resources]) -> Iterator[Argument]:
    ratio = problem.settings.vms_ratio
    unchecked = sum(
        (request.vms or 0) * demand.replicas for request, demand in zip(requests, problem.demands, strict=True)
    )
    yield "volume", lambda request: request.cpu, lambda node: max(0, node.cpu - node.cpu_used)
    yield "volume", lambda request: request.rss, lambda node: max(0, node.rss - node.rss_used)
    yield (
        "volume",
        lambda request: request.vms or 0,
        lambda node: unchecked if node.vms is None else max(0, node.vms * ratio // 1_000_000 - node.vms_used),
    )
    yield _extra_argument(problem, requests, "disk")
    yield _extra_argument(problem, requests, "network")
    yield "cores", lambda request: sum(request.cores), lambda node: sum(_free_cores(node))
    half = max((room for node in problem.nodes for room in _free_cores(node)), default=0) // 2
    yield (
        "cores",
        lambda request: len([chunk for chunk in request.cores if chunk > half]),
        lambda node: len([room for room in _free_cores(node) if room > half]),
    )
    for kind in _device_types(problem):
        yield _share_argument(problem, requests, kind, 1)
        yield _whole_device_argument(problem, kind)
        yield _device_memory_argument(problem, requests, kind)


def _extra_argument(problem: Problem, requests: list[Resources], name: str) -> Argument:
    """Returns the argument that sums disk or network; a node that states none holds all that is asked for."""
    everything = sum(
        getattr(request, name) * demand.replicas for request, demand in zip(requests, problem.demands, strict=True)
    )

    def room(node: Supply) -> int:
        offered: int | None = getattr(node, name)
        used: int = getattr(node, f"{name}_used")
        return everything if offered is None else max(0, offered - used)

    return "volume", lambda request: int(getattr(request, name)), room


def _device_types(problem: Problem) -> list[str]:
    return sorted({device.type for node in problem.nodes for device in node.devices})


def _share_argument(problem: Problem, requests: list[Resources], kind: str, step: int) -> Argument:
    """Returns the argument that counts shares of devices in steps of `step` basis points.

    A request for whole devices counts as the smallest device; an exclusive device holds one request.
    """
    smallest = min(device.capacity for node in problem.nodes for device in node.devices if device.type == kind)

    def size(request: Resources) -> int:
        return sum(
            asked.count * (smallest // step) if asked.count else asked.share // step
            for asked in request.devices
            if asked.type == kind
        )

    largest = max((size(request) for request in requests), default=0)

    def room(node: Supply) -> int:
        total = 0
        for device in node.devices:
            if device.type == kind and not device.exclusive:
                total += (device.capacity - device.used) // step
            elif device.type == kind and not device.used:
                total += min(device.capacity // step, largest)
        return total

    return "accelerators", size, room


def _whole_device_argument(problem: Problem, kind: str) -> Argument:
    """Returns the argument that counts requests for whole devices and for more than half of the largest device."""
    largest = max(device.capacity for node in problem.nodes for device in node.devices if device.type == kind)
    return (
        "accelerators",
        lambda request: sum(
            asked.count or int(2 * asked.share > largest) for asked in request.devices if asked.type == kind
        ),
        lambda node: sum(device.type == kind and 2 * device.used < device.capacity for device in node.devices),
    )


def _device_memory_argument(problem: Problem, requests: list[Resources], kind: str) -> Argument:
    """Returns the argument that sums the memory of devices; one whose memory is not stated holds all that is asked."""

    def size(request: Resources) -> int:
        return sum((asked.count or 1) * asked.memory for asked in request.devices if asked.type == kind)

    everything = sum(size(request) * demand.replicas for request, demand in zip(requests, problem.demands, strict=True))

    def room(node: Supply) -> int:
        mine = [device for device in node.devices if device.type == kind]
        return sum(
            everything if device.memory is None else max(0, device.memory - device.memory_used) for device in mine
        )

    return "accelerators", size, room


def _rounded_arguments(problem: Problem, requests: list[Resources]) -> Iterator[Argument]:
    nodes = problem.nodes
    amounts: list[tuple[str, Callable[[Resources], list[int]], Callable[[Supply], list[int]]]] = [
        ("volume", lambda request: [request.cpu], lambda node: [max(0, node.cpu - node.cpu_used)]),
        ("volume", lambda request: [request.rss], lambda node: [max(0, node.rss - node.rss_used)]),
        ("cores", lambda request: list(request.cores), _free_cores),
    ]
    for name, sizes, rooms in amounts:
        asked = {size for request in requests for size in sizes(request)}
        top = max((room for node in nodes for room in rooms(node)), default=0)
        for step in _steps(asked, top):
            yield name, _in_steps(sizes, step), _in_steps(rooms, step)
        for rest in {rest for size in asked for rest in (size, top - size + 1) if 2 <= rest <= top // 2}:
            yield name, _raised(sizes, top, rest), _raised_room(rooms, top, rest)
    for kind in _device_types(problem):
        asked = {share.share for request in requests for share in request.devices if share.type == kind}
        top = max(device.capacity for node in nodes for device in node.devices if device.type == kind)
        for step in _steps(asked, top):
            yield _share_argument(problem, requests, kind, step)


def _steps(asked: Iterable[int], top: int) -> set[int]:
    return {size for size in asked if size >= 2} | ({top // part + 1 for part in (2, 3, 4)} if top else set())


def _in_steps(amounts: Callable[..., list[int]], step: int) -> Callable[..., int]:
    return lambda subject: sum(amount // step for amount in amounts(subject))


def _raised(amounts: Callable[[Resources], list[int]], top: int, rest: int) -> Callable[[Resources], int]:
    """Returns the function that counts more than `top - rest` as `top`, and less than `rest` as nothing."""
    return lambda request: sum(
        top if amount + rest > top else amount if amount >= rest else 0 for amount in amounts(request)
    )


def _raised_room(amounts: Callable[[Supply], list[int]], top: int, rest: int) -> Callable[[Supply], int]:
    return lambda node: sum(top if amount + rest > top else amount for amount in amounts(node))
