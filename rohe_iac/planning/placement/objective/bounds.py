"""Bounds: how few nodes could hold the placed replicas at all, and how many replicas fit at most, whatever the plan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from rohe_iac.foundation.once import once
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Bound
from rohe_iac.planning.placement.objective.dual_feasible import STEPPED_LIMIT, Measure, measures_of, plain_of, summed
from rohe_iac.planning.placement.objective.latency_slack import Slack
from rohe_iac.planning.placement.objective.preferred_affinity import Wishes
from rohe_iac.planning.placement.state.index import Layout


def bound(layout: Layout, placed: Sequence[Sequence[int]]) -> Bound:
    """Lower bounds on the nodes used, by the nodes (positions) that each demand's replicas have.

    volume: cpu, rss and vms summed against the largest nodes. cores: millicores, and chunks that share no core.
    accelerators: shares and whole devices by type. spread: replicas by domain. Sums of two are named by both.
    """
    used = {node for nodes in placed for node in nodes}
    counts = [len(nodes) for nodes in placed]
    # A node that is not running may hold what was there before, and nothing else.
    shut = {position for position, node in enumerate(layout.nodes) if node.status != "running"} - used
    measures = measures_of(layout)
    found = _least_nodes(measures, counts, shut)
    if max(len(layout.nodes), len(layout.demands)) <= STEPPED_LIMIT:
        for name, least in _least_nodes(list(summed(plain_of(layout))), counts, shut).items():
            found[name] = max(found.get(name, 0), least)
    found["volume"] = max(found.get("volume", 0), int(any(counts)))
    found["spread"] = _spread(layout, counts)
    least = max(found.values())
    named = [name for name, value in found.items() if value == least and least]
    # What one argument tells is not told of two.
    arguments = [name for name in named if " with " not in name] or named[:1]
    order = ("volume", "cores", "accelerators", "spread")
    arguments.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    return Bound(len(used), least, tuple(arguments), proven=len(used) == least)


def needed(total: int, offers: Iterable[int]) -> int:
    """The smallest number of offers, largest first, that sum up to the total; all of them where they do not."""
    if total <= 0:
        return 0
    sums = list(accumulate(sorted([offer for offer in offers if offer > 0], reverse=True)))
    return min(bisect_left(sums, total) + 1, len(sums))


def _least_nodes(measures: Iterable[Measure], counts: Sequence[int], shut: set[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for measure in measures:
        total = sum(size * count for size, count in zip(measure.sizes, counts, strict=True))
        offers = measure.capacities
        if shut:
            offers = tuple(offer for node, offer in enumerate(offers) if node not in shut)
        found[measure.name] = max(found.get(measure.name, 0), needed(total, offers))
    return found


def _spread(layout: Layout, counts: list[int]) -> int:
    best = 0
    for count, demand in zip(counts, layout.demands, strict=True):
        for rule in demand.spread:
            best = max(best, -(-count // rule.limit))
        own = layout.index[demand.workload]
        if count and (own, NODE_KEY) in layout.avoid[own]:
            best = max(best, count)
    return best


@once
def ceilings(layout: Layout) -> tuple[int, ...]:
    """How many replicas of each demand fit at most, with nothing else placed."""
    measures = measures_of(layout)
    found = []
    for position, demand in enumerate(layout.demands):
        rooms = _rooms(layout, measures, position)
        for rule in demand.spread:
            _limit(layout, rooms, rule.key, rule.limit)
        for other, key in layout.avoid[position]:
            if other == position:
                _limit(layout, rooms, key, 1)
        found.append(min(demand.replicas, sum(rooms)))
    return tuple(found)


def _rooms(layout: Layout, measures: Sequence[Measure], position: int) -> list[int]:
    """How many replicas of a demand each node could hold, by amounts and the rules about nodes alone."""
    wanted = layout.demands[position].replicas
    sizes = [(measure.sizes[position], measure.capacities) for measure in measures if measure.sizes[position]]
    rooms = []
    # Measures are of kinds of nodes, as those rules are.
    for node, rule in zip(layout.kinds.examples, layout.static_kinds(position), strict=True):
        status = layout.nodes[node].status
        if status == "down" or (rule not in ("", "reserved") and status == "running"):
            rooms.append(0)
            continue
        rooms.append(min([wanted, *[capacities[node] // size for size, capacities in sizes]]))
    return layout.kinds.spread(rooms)


def _limit(layout: Layout, rooms: list[int], key: str, limit: int) -> None:
    """Leaves no domain of the key with more than the limit; without the label nothing fits."""
    left: dict[int, int] = {}
    for node, domain in enumerate(layout.domains[key]):
        rest = left.setdefault(domain, limit if domain >= 0 else 0)
        rooms[node] = min(rooms[node], rest)
        left[domain] = rest - rooms[node]


def _at_most(layout: Layout, measures: Sequence[Measure], most: Sequence[int], demands: Sequence[int]) -> int:
    """How many replicas of these demands fit together at most. most: ceilings of all demands.

    For each measure the smallest are taken until it is full; of those who ask for one type of accelerator no more than
    its own measures let pass.
    """
    groups: dict[int, str] = {
        demand: layout.resources[demand].devices[0].type for demand in demands if layout.resources[demand].devices
    }
    limits: dict[str, int] = {}
    for kind in sorted(set(groups.values())):
        mine = [demand for demand in demands if groups.get(demand) == kind]
        limits[kind] = min((fitting(measure, most, mine) for measure in measures), default=0)
    total = sum(most[demand] for demand in demands)
    return min((fitting(measure, most, demands, groups, limits) for measure in measures), default=total)


@once
def placeable(layout: Layout) -> tuple[int, ...]:
    """How many replicas fit at most by priority, the largest first, each without the others."""
    measures, most = _all_measures(layout), ceilings(layout)
    by_rank: dict[int, list[int]] = {}
    for position, demand in enumerate(layout.demands):
        by_rank.setdefault(1 << 40 if demand.system else demand.priority, []).append(position)
    return tuple([_at_most(layout, measures, most, mine) for _, mine in sorted(by_rank.items(), reverse=True)])


@once
def _all_measures(layout: Layout) -> tuple[Measure, ...]:
    """Measures, and for few nodes and classes the sums of two."""
    if max(len(layout.nodes), len(layout.demands)) > STEPPED_LIMIT:
        return measures_of(layout)
    return (*measures_of(layout), *summed(plain_of(layout)))


def fitting(
    measure: Measure,
    most: Sequence[int],
    demands: Iterable[int],
    groups: dict[int, str] | None = None,
    limits: dict[str, int] | None = None,
) -> int:
    """How many replicas, the smallest first, a measure holds, no more of a group than its limit."""
    left, number = sum(measure.capacities), 0
    room = dict(limits or {})
    for demand in sorted(demands, key=lambda one: (measure.sizes[one], one)):
        size, count = measure.sizes[demand], most[demand]
        group = (groups or {}).get(demand, "")
        if group:
            count = min(count, room[group])
        if size:
            count = min(count, left // size)
        left -= size * count
        number += count
        if group:
            room[group] -= count
    return number


def ideal(layout: Layout, *, limited: bool, floored: bool) -> tuple[int, ...] | None:
    """A worth that no assignment exceeds; None where bounds do not tell all of it.

    limited: moves are counted first. floored: losses come before what is placed, priority by priority.
    """
    names = layout.objective
    if not set(names) <= {"placed", "slack", "stable", "nodes"}:
        return None
    levels = placeable(layout)
    terms: list[int] = [0] if limited else []
    for name in names:
        if name == "placed":
            terms += [term for level in levels for term in ((0, level) if floored else (level,))]
        if name == "stable":
            terms.append(0)
        if name == "slack":
            terms.append(Slack(layout).best)
        if name == "nodes":
            terms.append(
                -_least_of(layout, _all_measures(layout), ceilings(layout), sum(levels)) if "placed" in names else 0
            )
    wishes = Wishes(layout)
    if wishes.any:
        terms.append(wishes.best)
    return tuple(terms)


def _least_of(layout: Layout, measures: Sequence[Measure], most: Sequence[int], number: int) -> int:
    """The fewest nodes that hold so many replicas, whichever they are."""
    shut = {position for position, node in enumerate(layout.nodes) if node.status == "down"}
    best = int(number > 0)
    for measure in measures:
        counts, left = [0] * len(most), number
        for demand in sorted(range(len(most)), key=lambda one: (measure.sizes[one], one)):
            counts[demand] = min(most[demand], left)
            left -= counts[demand]
        best = max(best, *_least_nodes([measure], counts, shut).values())
    if number == sum(demand.replicas for demand in layout.demands):
        best = max(best, _spread(layout, [demand.replicas for demand in layout.demands]))
    return best
