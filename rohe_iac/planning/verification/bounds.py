"""Bound verification: how many nodes a plan's replicas need at least, derived anew with arithmetic of its own.

An argument is a function of requests and one of nodes; what fits on a node never sums up to more than the node's.
Nothing here is shared with the planner's bounds: a bound that cannot be derived here is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction

from rohe_iac.planning.model.demand import Resources
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply

Argument = tuple[str, Callable[[Resources], int], Callable[[Supply], int]]

MANY = 300
"""Nodes or workloads above which rounded amounts and sums of two are left out, as the planner does."""


def derived_bounds(problem: Problem, plan: Plan) -> dict[str, int]:
    """By argument how many nodes are needed at least."""
    placed = Counter((item.workload, item.variant) for item in plan.placements)
    asked = {
        demand.workload: {"": demand.resources, **{one.name: one.resources for one in demand.variants}}
        for demand in problem.demands
    }
    counts = [
        (asked[workload].get(variant, asked[workload][""]), number)
        for (workload, variant), number in placed.items()
        if workload in asked
    ]
    chosen = {workload: variant for workload, variant in placed if variant}
    requests = [
        next(
            (one.resources for one in demand.variants if one.name == chosen.get(demand.workload)),
            demand.variants[0].resources if demand.variants else demand.resources,
        )
        for demand in problem.demands
    ]
    used = {item.node for item in plan.placements}
    nodes = [node for node in problem.nodes if node.status == "running" or node.name in used]
    plain = list(_plain(problem, requests))
    found: Counter[str] = Counter()
    found["volume"] = int(bool(counts))
    few = len(problem.nodes) <= MANY and len(problem.demands) <= MANY
    for name, size, room in [*plain, *(_rounded(problem, requests) if few else ())]:
        total = sum(size(one) * number for one, number in counts)
        found[name] = max(found[name], _fewest(Fraction(total), [Fraction(room(node)) for node in nodes]))
    if few:
        for name, least in _sums(problem, plain, counts, nodes):
            found[name] = max(found[name], least)
    survive = problem.settings.survive
    for demand in problem.demands:
        number = sum(times for (workload, _), times in placed.items() if workload == demand.workload)
        limits = [rule.limit for rule in demand.spread]
        failures = next((one.failures for one in plan.relaxed if one.workload == demand.workload), survive)
        if failures > 0 and demand.replicas > 1:
            limits.append(max(1, (demand.replicas - 1) // failures))
        if any(rule.required and rule.key == "node" and demand.workload in rule.workloads for rule in demand.avoid):
            limits.append(1)
        found["spread"] = max([found["spread"], *(-(-number // limit) for limit in limits)])
    return dict(found)


def _fewest(total: Fraction, rooms: list[Fraction]) -> int:
    held, number = Fraction(0), 0
    for room in sorted(rooms, reverse=True):
        if held >= total or room <= 0:
            break
        held += room
        number += 1
    return number


def _sums(
    problem: Problem, plain: list[Argument], counts: list[tuple[Resources, int]], nodes: list[Supply]
) -> Iterator[tuple[str, int]]:
    """Each two plain arguments, both divided by what all nodes together have."""
    shares = []
    for name, size, room in plain:
        whole = sum(room(node) for node in problem.nodes)
        if whole > 0:
            total = Fraction(sum(size(one) * number for one, number in counts), whole)
            shares.append((name, total, [Fraction(room(node), whole) for node in nodes]))
    for position, (name, total, rooms) in enumerate(shares):
        for other, more, further in shares[position + 1 :]:
            joined = [a + b for a, b in zip(rooms, further, strict=True)]
            yield name if name == other else f"{name} with {other}", _fewest(total + more, joined)


def _cores(node: Supply) -> list[int]:
    used = dict(enumerate(node.cores_used))
    return [max(0, size - used.get(core, 0)) for core, size in enumerate(node.cores)]


def _plain(problem: Problem, requests: list[Resources]) -> Iterator[Argument]:
    ratio = problem.settings.vms_ratio
    every = sum((one.vms or 0) * demand.replicas for one, demand in zip(requests, problem.demands, strict=True))
    yield "volume", lambda one: one.cpu, lambda node: max(0, node.cpu - node.cpu_used)
    yield "volume", lambda one: one.rss, lambda node: max(0, node.rss - node.rss_used)
    yield (
        "volume",
        lambda one: one.vms or 0,
        lambda node: every if node.vms is None else max(0, node.vms * ratio // 1_000_000 - node.vms_used),
    )
    yield "cores", lambda one: sum(one.cores), lambda node: sum(_cores(node))
    over = max((room for node in problem.nodes for room in _cores(node)), default=0) // 2
    yield (
        "cores",
        lambda one: len([chunk for chunk in one.cores if chunk > over]),
        lambda node: len([room for room in _cores(node) if room > over]),
    )
    for kind in _kinds(problem):
        yield _share(problem, requests, kind, 1)
        yield _most_of_one(problem, kind)


def _kinds(problem: Problem) -> list[str]:
    return sorted({device.type for node in problem.nodes for device in node.devices})


def _share(problem: Problem, requests: list[Resources], kind: str, step: int) -> Argument:
    """Steps of shares of devices; a whole one counts as the smallest, and an exclusive one holds one request."""
    smallest = min(device.capacity for node in problem.nodes for device in node.devices if device.type == kind)

    def size(one: Resources) -> int:
        return sum(
            asked.count * (smallest // step) if asked.count else asked.share // step
            for asked in one.devices
            if asked.type == kind
        )

    largest = max((size(one) for one in requests), default=0)

    def room(node: Supply) -> int:
        total = 0
        for device in node.devices:
            if device.type == kind and not device.exclusive:
                total += (device.capacity - device.used) // step
            elif device.type == kind and not device.used:
                total += min(device.capacity // step, largest)
        return total

    return "accelerators", size, room


def _most_of_one(problem: Problem, kind: str) -> Argument:
    """Requests of which a device holds one: whole devices and more than half of the largest."""
    largest = max(device.capacity for node in problem.nodes for device in node.devices if device.type == kind)
    return (
        "accelerators",
        lambda one: sum(asked.count or int(2 * asked.share > largest) for asked in one.devices if asked.type == kind),
        lambda node: sum(device.type == kind and 2 * device.used < device.capacity for device in node.devices),
    )


def _rounded(problem: Problem, requests: list[Resources]) -> Iterator[Argument]:
    nodes = problem.nodes
    amounts: list[tuple[str, Callable[[Resources], list[int]], Callable[[Supply], list[int]]]] = [
        ("volume", lambda one: [one.cpu], lambda node: [max(0, node.cpu - node.cpu_used)]),
        ("volume", lambda one: [one.rss], lambda node: [max(0, node.rss - node.rss_used)]),
        ("cores", lambda one: list(one.cores), _cores),
    ]
    for name, sizes, rooms in amounts:
        asked = {size for one in requests for size in sizes(one)}
        top = max((room for node in nodes for room in rooms(node)), default=0)
        for step in _steps(asked, top):
            yield name, _in_steps(sizes, step), _in_steps(rooms, step)
        for rest in {rest for size in asked for rest in (size, top - size + 1) if 2 <= rest <= top // 2}:
            yield name, _raised(sizes, top, rest), _raised_room(rooms, top, rest)
    for kind in _kinds(problem):
        asked = {one.share for each in requests for one in each.devices if one.type == kind}
        top = max(device.capacity for node in nodes for device in node.devices if device.type == kind)
        for step in _steps(asked, top):
            yield _share(problem, requests, kind, step)


def _steps(asked: Iterable[int], top: int) -> set[int]:
    return {size for size in asked if size >= 2} | ({top // part + 1 for part in (2, 3, 4)} if top else set())


def _in_steps(amounts: Callable[..., list[int]], step: int) -> Callable[..., int]:
    return lambda one: sum(amount // step for amount in amounts(one))


def _raised(amounts: Callable[[Resources], list[int]], top: int, rest: int) -> Callable[[Resources], int]:
    """More than all but the rest counts as all, less than the rest as nothing."""
    return lambda one: sum(top if amount + rest > top else amount if amount >= rest else 0 for amount in amounts(one))


def _raised_room(amounts: Callable[[Supply], list[int]], top: int, rest: int) -> Callable[[Supply], int]:
    return lambda node: sum(top if amount + rest > top else amount for amount in amounts(node))
