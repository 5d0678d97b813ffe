"""Mending: the smallest edits of links, flows and contracts that would let a replica's flows reach its peers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from rohe_iac.foundation.quantities import exact_milliseconds
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.travel import overspent

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Mend:
    """An edit of one field of a link, a flow or a contract. words: for people; edit: for `--what-if`, or "".

    change: how large it is relative to what the field is now, in millionths.
    """

    words: str
    change: int
    edit: str
    problem: Callable[[Problem], Problem]


def mends(layout: Layout, ledger: Ledger, demand: int, node: int) -> Iterator[list[Mend]]:
    """For each link and way that keeps the replica off the node its ways out; an empty list where there is no link."""
    far: dict[int, int] = {}
    for peer, limit, _ in layout.edges[demand]:
        for other in sorted(ledger.placed[peer]):
            route = layout.route(node, other)
            if route is None:
                yield []
                return
            if limit is not None and route[0] > limit:
                far[route[1]] = min(limit, far.get(route[1], limit))
    for wire, limit in sorted(far.items()):
        yield [_faster(layout, wire, limit)]
    for wire, load in sorted(ledger.loads(demand, node).items()):
        if load > ledger.bandwidth[wire]:
            yield [_wider(layout, wire, load - ledger.bandwidth[wire])]
    if not far and layout.ways[demand]:
        yield from _within(layout, ledger, demand, node)


def _faster(layout: Layout, wire: int, latency: int) -> Mend:
    name, had = layout.wires[wire].name, layout.wires[wire].latency or 0
    return Mend(
        f"link/{name}.latency down to {exact_milliseconds(latency)}",
        (had - latency) * MILLION // max(had, 1),
        f"link/{name}.latency={latency}us",
        lambda problem: _with_wire(problem, name, latency=latency),
    )


def _wider(layout: Layout, wire: int, lacking: int) -> Mend:
    name, had = layout.wires[wire].name, layout.wires[wire].bandwidth or 0
    return Mend(
        f"link/{name}.bandwidth up to {had + lacking}bps",
        lacking * MILLION // max(had, 1),
        f"link/{name}.bandwidth={had + lacking}bps",
        lambda problem: _with_wire(problem, name, bandwidth=had + lacking),
    )


def _with_wire(problem: Problem, name: str, **changes: int) -> Problem:
    wires = tuple(replace(one, **changes) if one.name == name else one for one in problem.wires)  # type: ignore[arg-type]
    return replace(problem, wires=wires)


def _within(layout: Layout, ledger: Ledger, demand: int, node: int) -> Iterator[list[Mend]]:
    """The contract's limit up, or the latency down of a link to a neighbour on the way, all that a way lacks."""
    found = overspent(layout, ledger, demand, node)
    if found is None:
        return
    budget, over = found
    promise = budget.promise
    limit = promise.limit + over + max(0, promise.answering - promise.limit)
    ways = [
        Mend(
            f"contract/{promise.objective.replace('/', '.', 1)} up to {exact_milliseconds(limit)}",
            (limit - promise.limit) * MILLION // max(promise.limit, 1),
            "",
            lambda problem: replace(
                problem,
                promises=tuple(
                    replace(one, limit=limit) if one.objective == promise.objective else one for one in problem.promises
                ),
            ),
        )
    ]
    wires: Counter[int] = Counter()
    for peer, _, _ in layout.edges[demand]:
        routes = [route for other in ledger.placed[peer] if (route := layout.route(node, other)) is not None]
        farthest = max(routes, default=(0, -1))
        if farthest[1] >= 0:
            wires[farthest[1]] += 1
    for wire, times in sorted(wires.items()):
        less, had = -(-over // times), layout.wires[wire].latency or 0
        if less <= had:
            ways.append(_faster(layout, wire, had - less))
    yield ways
