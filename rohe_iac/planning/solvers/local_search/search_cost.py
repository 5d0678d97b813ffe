"""Search cost: the lexicographic objective of an assignment given as items on nodes, and a surrogate to search by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rohe_iac.planning.model.node_interference import joined
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.objective import Worth
from rohe_iac.planning.placement.objective.preferences import Preferences
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.objective.terms import square_sum, term_order, worth_of
from rohe_iac.planning.placement.state.demand_size import sizes_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, ReplicaIndex, enumerate_nodes
from rohe_iac.planning.solvers.local_search.packing.node_load import Item, NodeLoad
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams

UNIT = 1000
"""The cost of one unit of the last term of the objective."""

SHARE = 1000
"""Thousandths of what a node offers."""

LOST_PERCENT = 10
"""Percent of one replica's time that count one unit of the term `interference`."""

PERCENT = 100
"""Basis points: one percent of slack counts one unit of its term."""


class SearchCost:
    """Rates assignments of items to nodes: `worth` as the objective does, `guide` as one number that leads to it.

    A lexicographic worth gives a search no direction: most changes leave it as it is. The surrogate adds up its terms
    with falling weights, and rewards steps towards the next improvement, such as a node that is nearly empty.

    Attributes:
        terms: The names of the objective's terms, the most important first.
        sizes: By demand, the share of the inventory that one replica takes, in billionths.
        had: By demand and node, how many replicas the plan before had there.
        limit: How many replicas may move at most, None: any.
        floors: By demand, how many replicas keep a place before more of their priority get one; or nothing.
        levels: The priority levels of the demands.
        preferred: The preferences.
        interference: The interference between replicas of a node.
        consolidates: Whether the objective gains by few nodes that are full.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        before: Mapping[ReplicaIndex, NodeIndex],
        limit: int | None,
        floors: Sequence[int] = (),
        params: SearchParams = DEFAULT_PARAMS,
    ) -> None:
        """Prepares the weights.

        Args:
            indexed: The problem.
            before: The node that each replica (demand, index) had, for those that had one.
            limit: How many replicas may move at most, None: any.
            floors: By demand, how many replicas keep a place before more of their priority get one; or nothing.
            params: The weights.
        """
        self.indexed, self._params = indexed, params
        self.limit, self.floors = limit, floors
        self.levels = PriorityLevels(indexed)
        self.had: dict[tuple[DemandIndex, NodeIndex], int] = {}
        # Replicas that had no node, of each demand.
        self._new = [demand.replicas for demand in indexed.demands]
        for (position, _), node in before.items():
            self.had[position, node] = self.had.get((position, node), 0) + 1
            self._new[position] -= 1
        self.terms = tuple(dict.fromkeys(indexed.objective))
        self._slack = LatencySlack(indexed) if "slack" in self.terms else None
        self.preferred = Preferences(indexed)
        self.interference = indexed.interference
        self.sizes = sizes_of(indexed)
        self._weights, self._over_limit = self._weigh_terms()
        self._unplaced_cost = self._weigh_unplaced()
        self._open_cost = self._weigh_nodes()
        # Where slack comes before nodes, replicas are better alone.
        few = [name for name in self.terms if name in ("slack", "nodes", "cost")]
        self.consolidates = "balance" not in self.terms and few[:1] != ["slack"]

    def _weigh_terms(self) -> tuple[dict[str, int], int]:
        """Returns what one unit of each term costs, `placed` by level, and what one move above the limit does."""
        ratio = self._params.term_ratio
        weight, weights = UNIT, dict[str, int]()
        for name in reversed(term_order(self.terms)[1:]):
            if (name == "wishes" and not self.preferred.any) or (name == "interference" and not self.interference.any):
                continue
            if name == "placed":
                for level in range(self.levels.number - 1, -1, -1):
                    weights[f"placed{level}"] = weight
                    weight *= ratio
            else:
                weights[name] = weight
                weight *= ratio
        return weights, weight

    def _weigh_unplaced(self) -> list[int]:
        """Returns the cost of an unplaced replica of each demand: more for a large one, as small ones fit later."""
        largest = self._params.size_divisor * (max(self.sizes, default=0) or 1)
        return [
            self._weights.get(f"placed{level}", 0) * (largest + size) // largest
            for level, size in zip(self.levels.level_of, self.sizes, strict=True)
        ]

    def _weigh_nodes(self) -> list[int]:
        """Returns what each node costs when it is open."""
        costs = [node.cost for node in self.indexed.nodes]
        mean = max(1, sum(costs) // max(1, len(costs)))
        opened, dear = self._weights.get("nodes", 0), self._weights.get("cost", 0)
        return [opened + dear * cost // mean for cost in costs]

    def moves(self, items: Sequence[Sequence[Item]], unplaced: Sequence[int]) -> int:
        """Returns the fewest replicas that left their nodes, whichever replica of a demand each item is."""
        if not self.had:
            return 0
        stays = [0] * len(unplaced)
        had = dict(self.had)
        for node, on_node in enumerate_nodes(items):
            for item in on_node:
                left = had.get((item[0], node), 0)
                if left:
                    had[item[0], node] = left - 1
                    stays[item[0]] += 1
        return sum(
            max(0, demand.replicas - missing - stay - new)
            for demand, missing, stay, new in zip(self.indexed.demands, unplaced, stays, self._new, strict=True)
        )

    def worth(self, items: Sequence[Sequence[Item]], unplaced: Sequence[int]) -> Worth:
        """Returns the worth as `LexicographicObjective` has it; the larger, the better.

        Args:
            items: The items on each node.
            unplaced: By demand, how many replicas have no place.
        """
        return worth_of(self.indexed, ItemMeasures(self, items, unplaced))

    def held(self, items: Sequence[Sequence[Item]]) -> int:
        """Returns how many preferences hold, in millionths."""
        counts: dict[DemandIndex, Counter[NodeIndex]] = {}
        for node, on_node in enumerate_nodes(items):
            for item in on_node:
                counts.setdefault(item[0], Counter())[node] += 1
        return self.preferred.held(counts)

    def lost(self, items: Sequence[Sequence[Item]]) -> int:
        """Returns what sensitive replicas lose to neighbours, in percent of one replica's time."""
        interference, total = self.interference, 0
        for node, on_node in enumerate_nodes(items):
            if on_node:
                crowd = interference.empty[node]
                for item in on_node:
                    crowd = joined(crowd, interference.of_replica[item[0]])
                total += interference.percent(interference.capacity[node], crowd)
        return total

    def least_slack(self, items: Sequence[Sequence[Item]]) -> int:
        """Returns the least slack of all promises, in basis points of their limits."""
        if self._slack is None:
            return 0
        nodes_of: dict[DemandIndex, set[NodeIndex]] = {}
        replicas_on = {}
        for node, on_node in enumerate_nodes(items):
            if on_node:
                replicas_on[node] = sum(self._slack.counts(item[0]) for item in on_node)
                for item in on_node:
                    nodes_of.setdefault(item[0], set()).add(node)
        return self._slack.least(nodes_of, replicas_on)

    def squares(self, items: Sequence[Sequence[Item]]) -> int:
        """Returns the sum of the squares of each node's used share of cpu, in square thousandths."""
        resources = self.indexed.resources
        loads = [
            (node, sum(resources[item[0]].cpu for item in on_node))
            for node, on_node in enumerate_nodes(items)
            if on_node
        ]
        return square_sum(self.indexed, loads)

    def _cost_of_part(self, gang: Sequence[DemandIndex], unplaced: Sequence[int]) -> int:
        """Returns what the placed replicas of a gang cost that is not whole."""
        if not any(unplaced[demand] for demand in gang):
            return 0
        demands, divisor = self.indexed.demands, self._params.gang_divisor
        return sum(
            (demands[demand].replicas - unplaced[demand]) * self._unplaced_cost[demand] * (divisor - 1) // divisor
            for demand in gang
        )

    def guide(self, items: Sequence[Sequence[Item]], loads: Sequence[NodeLoad], unplaced: Sequence[int]) -> int:
        """Returns the cost of an assignment; the smaller, the better.

        Args:
            items: The items on each node.
            loads: The load of each node.
            unplaced: By demand, how many replicas have no place.
        """
        total, lost, fullness = 0, 0, self._params.fullness_divisor
        for node, on_node in enumerate_nodes(items):
            if on_node:
                load = loads[node].load
                total += self._open_cost[node] - load * load // fullness
                lost += loads[node].interference
        for missing, cost in zip(unplaced, self._unplaced_cost, strict=True):
            if missing:
                total += missing * cost
        if self.had:
            moves = self.moves(items, unplaced)
            total += moves * self._weights.get("stable", 0)
            if self.limit is not None:
                total += max(0, moves - self.limit) * self._over_limit
        if self.floors:
            for demand, missing, floor, cost in zip(
                self.indexed.demands, unplaced, self.floors, self._unplaced_cost, strict=True
            ):
                total += max(0, floor + missing - demand.replicas) * cost * self._params.floor_weight
        for gang in self.indexed.gangs:
            total += self._cost_of_part(gang, unplaced)
        if self._slack is not None:
            total -= self.least_slack(items) * self._weights["slack"] // PERCENT
        if "balance" in self.terms:
            total += self.squares(items) * self._weights["balance"] // (SHARE * SHARE)
        if self.preferred.any:
            total -= self.held(items) * self._weights["wishes"] // MILLION
        if lost:
            total += lost * self._weights["interference"] // LOST_PERCENT
        return total


class ItemMeasures:
    """What the terms of the objective measure of items on nodes, see `Measures`."""

    def __init__(self, cost: SearchCost, items: Sequence[Sequence[Item]], unplaced: Sequence[int]) -> None:
        self._cost, self._items, self._unplaced = cost, items, unplaced
        self._moves = cost.moves(items, unplaced)

    def moves_over_limit(self) -> list[int]:
        """Returns the moved replicas above the limit; nothing without a limit."""
        return [] if self._cost.limit is None else [max(0, self._moves - self._cost.limit)]

    def placed(self) -> list[int]:
        """Returns the placed replicas by level of priority."""
        demands = self._cost.indexed.demands
        counts = [demand.replicas - missing for demand, missing in zip(demands, self._unplaced, strict=True)]
        return self._cost.levels.placed(counts, self._cost.floors)

    def moves(self) -> list[int]:
        """Returns the moved replicas."""
        return [self._moves]

    def slack(self) -> list[int]:
        """Returns the least slack, in basis points."""
        return [self._cost.least_slack(self._items)]

    def nodes(self) -> list[int]:
        """Returns the nodes used."""
        return [sum(1 for on_node in self._items if on_node)]

    def cost(self) -> list[int]:
        """Returns the cost of the nodes used, in millionths an hour."""
        nodes = zip(self._cost.indexed.nodes, self._items, strict=True)
        return [sum(node.cost for node, on_node in nodes if on_node)]

    def balance(self) -> list[int]:
        """Returns the sum of squared used shares of cpu, in square thousandths."""
        return [self._cost.squares(self._items)]

    def preferences(self) -> list[int]:
        """Returns the preferences that hold, in millionths; nothing without any."""
        return [self._cost.held(self._items)] if self._cost.preferred.any else []

    def interference(self) -> list[int]:
        """Returns what sensitive replicas lose to neighbours, in percent of one replica's time; nothing without any."""
        return [self._cost.lost(self._items)] if self._cost.interference.any else []
