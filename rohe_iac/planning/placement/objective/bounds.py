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
from rohe_iac.planning.placement.objective.preferences import Preferences
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.objective.terms import worth_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands, enumerate_nodes

BOUNDED_TERMS = frozenset(("placed", "slack", "stable", "interference", "nodes"))
"""Terms that a blueprint can name and `ideal_point` bounds."""


def bound(indexed: IndexedProblem, placed: Sequence[Sequence[NodeIndex]]) -> Bound:
    """Returns a lower bound on the nodes used.

    The arguments are volume (cpu, rss and vms summed against the largest nodes), cores (millicores, and chunks that
    share no core), accelerators (shares and whole devices by type), spread (replicas by domain), and sums of two of
    them, which are named by both.

    Args:
        indexed: The problem.
        placed: Nodes of each demand's replicas.
    """
    used = {node for nodes in placed for node in nodes}
    counts = [len(nodes) for nodes in placed]
    # A node that is not running may hold what was there before, and nothing else.
    closed = {position for position, node in enumerate_nodes(indexed.nodes) if node.status != "running"} - used
    found = _least_nodes(dual_feasible_functions(indexed), counts, closed)
    if max(len(indexed.nodes), len(indexed.demands)) <= STEPPED_LIMIT:
        for name, least in _least_nodes(pairwise_sums(identity_functions(indexed)), counts, closed).items():
            found[name] = max(found.get(name, 0), least)
    found["volume"] = max(found.get("volume", 0), int(any(counts)))
    found["spread"] = _least_by_spread(indexed, counts)
    least = max(found.values())
    tight = [name for name, value in found.items() if value == least and least]
    # Where one argument is enough, sums of two are not named.
    arguments = [name for name in tight if " with " not in name] or tight[:1]
    order = ("volume", "cores", "accelerators", "spread")
    arguments.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    return Bound(len(used), least, tuple(arguments), proven=len(used) == least)


def needed(total: int, capacities: Iterable[int]) -> int:
    """Returns the fewest capacities, largest first, that sum up to the total; all of them where they do not."""
    if total <= 0:
        return 0
    sums = list(accumulate(sorted([capacity for capacity in capacities if capacity > 0], reverse=True)))
    return min(bisect_left(sums, total) + 1, len(sums))


def _least_nodes(
    functions: Iterable[DualFeasibleFunction], counts: Sequence[int], closed: set[NodeIndex]
) -> dict[str, int]:
    """Returns by argument how many nodes so many replicas of each demand need at least, without the closed nodes."""
    found: dict[str, int] = {}
    for function in functions:
        total = sum(size * count for size, count in zip(function.sizes, counts, strict=True))
        capacities = function.capacities
        if closed:
            capacities = tuple(capacity for node, capacity in enumerate_nodes(capacities) if node not in closed)
        found[function.name] = max(found.get(function.name, 0), needed(total, capacities))
    return found


def _least_by_spread(indexed: IndexedProblem, counts: Sequence[int]) -> int:
    """Returns how many domains so many replicas of each demand need at least."""
    least = 0
    for position, (count, demand) in enumerate_demands(zip(counts, indexed.demands, strict=True)):
        for rule in demand.spread:
            least = max(least, -(-count // rule.limit))
        if count and (position, NODE_KEY) in indexed.avoid[position]:
            least = max(least, count)
    return least


@once
def max_replicas(indexed: IndexedProblem) -> tuple[int, ...]:
    """Returns how many replicas of each demand fit at most, with nothing else placed."""
    functions = dual_feasible_functions(indexed)
    found = []
    for position, demand in enumerate_demands(indexed.demands):
        room = _room_on_nodes(indexed, functions, position)
        for rule in demand.spread:
            _limit_domains(indexed, room, rule.key, rule.limit)
        for other, key in indexed.avoid[position]:
            if other == position:
                _limit_domains(indexed, room, key, 1)
        found.append(min(demand.replicas, sum(room)))
    return tuple(found)


def _room_on_nodes(
    indexed: IndexedProblem, functions: Sequence[DualFeasibleFunction], position: DemandIndex
) -> list[int]:
    """Returns how many replicas of a demand each node could hold, by amounts and the rules about nodes alone."""
    replicas = indexed.demands[position].replicas
    sizes = [(function.sizes[position], function.capacities) for function in functions if function.sizes[position]]
    room = []
    # Capacities and static rules are equal within a node class, so one representative is enough.
    for node, rule in zip(indexed.node_classes.representative, indexed.static_by_class(position), strict=True):
        status = indexed.nodes[node].status
        if status == "down" or (rule not in ("", "spare") and status == "running"):
            room.append(0)
            continue
        room.append(min([replicas, *[capacities[node] // size for size, capacities in sizes]]))
    return indexed.node_classes.per_node(room)


def _limit_domains(indexed: IndexedProblem, room: list[int], key: str, limit: int) -> None:
    """Lowers the room of nodes until no domain of the key has more than the limit; to 0 without the label."""
    left: dict[int, int] = {}
    for node, domain in enumerate_nodes(indexed.domains[key]):
        rest = left.setdefault(domain, limit if domain >= 0 else 0)
        room[node] = min(room[node], rest)
        left[domain] = rest - room[node]


def _max_together(
    indexed: IndexedProblem,
    functions: Sequence[DualFeasibleFunction],
    most: Sequence[int],
    demands: Sequence[DemandIndex],
) -> int:
    """Returns how many replicas of these demands fit together at most.

    For each function the smallest are taken until it is full; of those that ask for one type of accelerator no more
    than fit by themselves.

    Args:
        indexed: The problem.
        functions: Dual feasible functions.
        most: Replicas of each demand that fit at most.
        demands: The demands.
    """
    type_of: dict[DemandIndex, str] = {
        demand: indexed.resources[demand].devices[0].type for demand in demands if indexed.resources[demand].devices
    }
    limits: dict[str, int] = {}
    for device_type in sorted(set(type_of.values())):
        asking = [demand for demand in demands if type_of.get(demand) == device_type]
        limits[device_type] = min((fitting(function, most, asking) for function in functions), default=0)
    total = sum(most[demand] for demand in demands)
    return min((fitting(function, most, demands, type_of, limits) for function in functions), default=total)


@once
def max_placeable(indexed: IndexedProblem) -> tuple[int, ...]:
    """Returns how many replicas fit at most by level of priority, the largest first, each without the others."""
    functions, most = _all_functions(indexed), max_replicas(indexed)
    return tuple([_max_together(indexed, functions, most, demands) for demands in PriorityLevels(indexed).demands])


@once
def _all_functions(indexed: IndexedProblem) -> tuple[DualFeasibleFunction, ...]:
    """Returns the dual feasible functions, and for few nodes and demands the sums of two."""
    if max(len(indexed.nodes), len(indexed.demands)) > STEPPED_LIMIT:
        return dual_feasible_functions(indexed)
    return (*dual_feasible_functions(indexed), *pairwise_sums(identity_functions(indexed)))


def fitting(
    function: DualFeasibleFunction,
    most: Sequence[int],
    demands: Iterable[DemandIndex],
    group_of: dict[DemandIndex, str] | None = None,
    limits: dict[str, int] | None = None,
) -> int:
    """Returns how many replicas, the smallest first, all nodes together hold by one function.

    Args:
        function: The function.
        most: Replicas of each demand that are there.
        demands: The demands to take from.
        group_of: Group of a demand; absent: none.
        limits: Replicas of each group that are taken at most.
    """
    left, number = sum(function.capacities), 0
    room = dict(limits or {})
    for demand in sorted(demands, key=lambda demand: (function.sizes[demand], demand)):
        size, count = function.sizes[demand], most[demand]
        group = (group_of or {}).get(demand, "")
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
    """Returns a worth that no assignment exceeds, or None where some term is not bounded.

    Args:
        indexed: The problem.
        limited: Whether moves above a limit are the first term.
        floored: Whether losses come before what is placed, level by level.
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
        """Returns 0, for no assignment moves fewer; nothing without a limit."""
        return [0] if self._limited else []

    def placed(self) -> list[int]:
        """Returns what each level of priority could place without the others, and with floors no loss before it."""
        return [
            value for level in max_placeable(self._indexed) for value in ((0, level) if self._floored else (level,))
        ]

    def moves(self) -> list[int]:
        """Returns 0: no assignment moves fewer."""
        return [0]

    def slack(self) -> list[int]:
        """Returns the slack with every service alone on its node and no time on links."""
        return [LatencySlack(self._indexed).best]

    def nodes(self) -> list[int]:
        """Returns the fewest nodes that hold as many replicas as could be placed."""
        indexed = self._indexed
        return [_fewest_nodes(indexed, _all_functions(indexed), max_replicas(indexed), sum(max_placeable(indexed)))]

    def cost(self) -> list[int]:
        """Returns nothing, for cost has no bound here."""
        return []

    def balance(self) -> list[int]:
        """Returns nothing, for balance has no bound here."""
        return []

    def preferences(self) -> list[int]:
        """Returns the weight of all preferences, as if every one held, in millionths."""
        preferred = Preferences(self._indexed)
        return [preferred.best] if preferred.any else []

    def interference(self) -> list[int]:
        """Returns 0, as if every sensitive replica were alone; nothing without any."""
        return [0] if self._indexed.interference.any else []


def _fewest_nodes(
    indexed: IndexedProblem, functions: Sequence[DualFeasibleFunction], most: Sequence[int], number: int
) -> int:
    """Returns the fewest nodes that hold so many replicas, whichever they are; `most` of each demand."""
    closed = {position for position, node in enumerate_nodes(indexed.nodes) if node.status == "down"}
    least = int(number > 0)
    for function in functions:
        counts, left = [0] * len(most), number
        for demand in sorted(indexed.demand_indices, key=lambda demand: (function.sizes[demand], demand)):
            counts[demand] = min(most[demand], left)
            left -= counts[demand]
        least = max(least, *_least_nodes([function], counts, closed).values())
    if number == sum(demand.replicas for demand in indexed.demands):
        least = max(least, _least_by_spread(indexed, [demand.replicas for demand in indexed.demands]))
    return least
