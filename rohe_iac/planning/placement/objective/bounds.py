"""Bounds: how few nodes could hold the placed replicas at all, and how many replicas fit at most, whatever the plan."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from rohe_iac.foundation.once import once
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Bound
from rohe_iac.planning.placement.objective.dual_feasible import (
    STEPPED_LIMIT,
    DualFeasibleFunction,
    dual_feasible_functions,
    identity_functions,
    pairwise_sums,
)
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.preferred_affinity import PreferredAffinity
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.objective.terms import worth_of
from rohe_iac.planning.placement.state.index import IndexedProblem

BOUNDED_TERMS = frozenset(("placed", "slack", "stable", "nodes"))
"""Terms that a blueprint can name and `ideal_point` bounds."""


def bound(indexed: IndexedProblem, placed: Sequence[Sequence[int]]) -> Bound:
    """Lower bounds on the nodes used, by the nodes (positions) that each demand's replicas have.

    volume: cpu, rss and vms summed against the largest nodes. cores: millicores, and chunks that share no core.
    accelerators: shares and whole devices by type. spread: replicas by domain. Sums of two are named by both.
    """
    used = {node for nodes in placed for node in nodes}
    counts = [len(nodes) for nodes in placed]
    # A node that is not running may hold what was there before, and nothing else.
    shut = {position for position, node in enumerate(indexed.nodes) if node.status != "running"} - used
    measures = dual_feasible_functions(indexed)
    found = _least_nodes(measures, counts, shut)
    if max(len(indexed.nodes), len(indexed.demands)) <= STEPPED_LIMIT:
        for name, least in _least_nodes(list(pairwise_sums(identity_functions(indexed))), counts, shut).items():
            found[name] = max(found.get(name, 0), least)
    found["volume"] = max(found.get("volume", 0), int(any(counts)))
    found["spread"] = _spread(indexed, counts)
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


def _least_nodes(measures: Iterable[DualFeasibleFunction], counts: Sequence[int], shut: set[int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for measure in measures:
        total = sum(size * count for size, count in zip(measure.sizes, counts, strict=True))
        offers = measure.capacities
        if shut:
            offers = tuple(offer for node, offer in enumerate(offers) if node not in shut)
        found[measure.name] = max(found.get(measure.name, 0), needed(total, offers))
    return found


def _spread(indexed: IndexedProblem, counts: list[int]) -> int:
    best = 0
    for count, demand in zip(counts, indexed.demands, strict=True):
        for rule in demand.spread:
            best = max(best, -(-count // rule.limit))
        own = indexed.index[demand.workload]
        if count and (own, NODE_KEY) in indexed.avoid[own]:
            best = max(best, count)
    return best


@once
def max_replicas(indexed: IndexedProblem) -> tuple[int, ...]:
    """How many replicas of each demand fit at most, with nothing else placed."""
    measures = dual_feasible_functions(indexed)
    found = []
    for position, demand in enumerate(indexed.demands):
        rooms = _rooms(indexed, measures, position)
        for rule in demand.spread:
            _limit(indexed, rooms, rule.key, rule.limit)
        for other, key in indexed.avoid[position]:
            if other == position:
                _limit(indexed, rooms, key, 1)
        found.append(min(demand.replicas, sum(rooms)))
    return tuple(found)


def _rooms(indexed: IndexedProblem, measures: Sequence[DualFeasibleFunction], position: int) -> list[int]:
    """How many replicas of a demand each node could hold, by amounts and the rules about nodes alone."""
    wanted = indexed.demands[position].replicas
    sizes = [(measure.sizes[position], measure.capacities) for measure in measures if measure.sizes[position]]
    rooms = []
    # Measures are of kinds of nodes, as those rules are.
    for node, rule in zip(indexed.node_classes.representative, indexed.static_by_class(position), strict=True):
        status = indexed.nodes[node].status
        if status == "down" or (rule not in ("", "reserved") and status == "running"):
            rooms.append(0)
            continue
        rooms.append(min([wanted, *[capacities[node] // size for size, capacities in sizes]]))
    return indexed.node_classes.per_node(rooms)


def _limit(indexed: IndexedProblem, rooms: list[int], key: str, limit: int) -> None:
    """Leaves no domain of the key with more than the limit; without the label nothing fits."""
    left: dict[int, int] = {}
    for node, domain in enumerate(indexed.domains[key]):
        rest = left.setdefault(domain, limit if domain >= 0 else 0)
        rooms[node] = min(rooms[node], rest)
        left[domain] = rest - rooms[node]


def _at_most(
    indexed: IndexedProblem, measures: Sequence[DualFeasibleFunction], most: Sequence[int], demands: Sequence[int]
) -> int:
    """How many replicas of these demands fit together at most. most: ceilings of all demands.

    For each measure the smallest are taken until it is full; of those who ask for one type of accelerator no more than
    its own measures let pass.
    """
    groups: dict[int, str] = {
        demand: indexed.resources[demand].devices[0].type for demand in demands if indexed.resources[demand].devices
    }
    limits: dict[str, int] = {}
    for kind in sorted(set(groups.values())):
        mine = [demand for demand in demands if groups.get(demand) == kind]
        limits[kind] = min((fitting(measure, most, mine) for measure in measures), default=0)
    total = sum(most[demand] for demand in demands)
    return min((fitting(measure, most, demands, groups, limits) for measure in measures), default=total)


@once
def max_placeable(indexed: IndexedProblem) -> tuple[int, ...]:
    """How many replicas fit at most by priority, the largest first, each without the others."""
    measures, most = _all_measures(indexed), max_replicas(indexed)
    return tuple([_at_most(indexed, measures, most, demands) for demands in PriorityLevels(indexed).demands])


@once
def _all_measures(indexed: IndexedProblem) -> tuple[DualFeasibleFunction, ...]:
    """Measures, and for few nodes and classes the sums of two."""
    if max(len(indexed.nodes), len(indexed.demands)) > STEPPED_LIMIT:
        return dual_feasible_functions(indexed)
    return (*dual_feasible_functions(indexed), *pairwise_sums(identity_functions(indexed)))


def fitting(
    measure: DualFeasibleFunction,
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


def ideal_point(indexed: IndexedProblem, *, limited: bool, floored: bool) -> tuple[int, ...] | None:
    """A worth that no assignment exceeds; None where bounds do not tell all of it.

    limited: moves are counted first. floored: losses come before what is placed, priority by priority.
    """
    if not set(indexed.objective) <= BOUNDED_TERMS:
        return None
    return worth_of(indexed, IdealMeasures(indexed, limited=limited, floored=floored))


class IdealMeasures:
    """The best that the terms of the objective could measure of any assignment, each by itself, see `Measures`.

    Cost and balance are not bounded.
    """

    def __init__(self, indexed: IndexedProblem, *, limited: bool, floored: bool) -> None:
        self._indexed, self._limited, self._floored = indexed, limited, floored

    def moves_over_limit(self) -> list[int]:
        """Returns none."""
        return [0] if self._limited else []

    def placed(self) -> list[int]:
        """Returns what each level of priority could place without the others, and with floors no loss before it."""
        return [
            value for level in max_placeable(self._indexed) for value in ((0, level) if self._floored else (level,))
        ]

    def moves(self) -> list[int]:
        """Returns none."""
        return [0]

    def slack(self) -> list[int]:
        """Returns the slack with every service alone on its node and no time on links."""
        return [LatencySlack(self._indexed).best]

    def nodes(self) -> list[int]:
        """Returns the fewest nodes that hold as many replicas as could be placed."""
        indexed = self._indexed
        return [_least_of(indexed, _all_measures(indexed), max_replicas(indexed), sum(max_placeable(indexed)))]

    def cost(self) -> list[int]:
        """Returns nothing."""
        return []

    def balance(self) -> list[int]:
        """Returns nothing."""
        return []

    def preferences(self) -> list[int]:
        """Returns all preferences."""
        preferred = PreferredAffinity(self._indexed)
        return [preferred.best] if preferred.any else []


def _least_of(
    indexed: IndexedProblem, measures: Sequence[DualFeasibleFunction], most: Sequence[int], number: int
) -> int:
    """The fewest nodes that hold so many replicas, whichever they are."""
    shut = {position for position, node in enumerate(indexed.nodes) if node.status == "down"}
    best = int(number > 0)
    for measure in measures:
        counts, left = [0] * len(most), number
        for demand in sorted(range(len(most)), key=lambda one: (measure.sizes[one], one)):
            counts[demand] = min(most[demand], left)
            left -= counts[demand]
        best = max(best, *_least_nodes([measure], counts, shut).values())
    if number == sum(demand.replicas for demand in indexed.demands):
        best = max(best, _spread(indexed, [demand.replicas for demand in indexed.demands]))
    return best
