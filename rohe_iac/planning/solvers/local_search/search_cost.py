"""Search cost: the lexicographic objective of an assignment given as items on nodes, and a surrogate to search by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.objective import Worth, by_level
from rohe_iac.planning.placement.objective.preferred_affinity import PreferredAffinity
from rohe_iac.planning.placement.state.demand_size import sizes_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.local_search.node_load import Item, NodeLoad
from rohe_iac.planning.solvers.local_search.params import DEFAULT_PARAMS, SearchParams

UNIT = 1000
"""The cost of one unit of the last term of the objective."""

SHARE = 1000
"""Thousandths of what a node offers."""

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
        consolidates: Whether the objective gains by few nodes that are full.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        before: Mapping[tuple[int, int], int],
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
        self._limit, self._floors = limit, floors
        ranks = [1 << 40 if demand.system else demand.priority for demand in indexed.demands]
        order = sorted(set(ranks), reverse=True)
        self._level = [order.index(rank) for rank in ranks]
        self._levels = len(order)
        self.had: dict[tuple[int, int], int] = {}
        # Replicas that had no node, of each demand.
        self._new = [demand.replicas for demand in indexed.demands]
        for (position, _), node in before.items():
            self.had[position, node] = self.had.get((position, node), 0) + 1
            self._new[position] -= 1
        self.terms = tuple(dict.fromkeys(indexed.objective))
        self._slack = LatencySlack(indexed) if "slack" in self.terms else None
        self._preferred = PreferredAffinity(indexed)
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
        # Preferred affinities come after all terms.
        weight, weights = UNIT * (ratio if self._preferred.any else 1), dict[str, int]()
        for name in reversed(self.terms):
            if name == "placed":
                for level in range(self._levels - 1, -1, -1):
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
            for level, size in zip(self._level, self.sizes, strict=True)
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
        for node, on_node in enumerate(items):
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
        moves = self.moves(items, unplaced)
        terms = [-max(0, moves - self._limit)] if self._limit is not None else []
        for name in self.indexed.objective:
            if name == "placed":
                demands = self.indexed.demands
                counts = [demand.replicas - missing for demand, missing in zip(demands, unplaced, strict=True)]
                terms += by_level(self._level, self._levels, counts, self._floors)
            elif name == "stable":
                terms.append(-moves)
            elif name == "slack":
                terms.append(self._least_slack(items))
            elif name == "nodes":
                terms.append(-sum(1 for on_node in items if on_node))
            elif name == "cost":
                nodes = zip(self.indexed.nodes, items, strict=True)
                terms.append(-sum(node.cost for node, on_node in nodes if on_node))
            elif name == "balance":
                terms.append(-self._square_sum(items))
        if self._preferred.any:
            terms.append(self._held(items))
        return tuple(terms)

    def _held(self, items: Sequence[Sequence[Item]]) -> int:
        """Returns how many preferred affinities hold, in millionths."""
        counts: dict[int, Counter[int]] = {}
        for node, on_node in enumerate(items):
            for item in on_node:
                counts.setdefault(item[0], Counter())[node] += 1
        return self._preferred.held(counts)

    def _least_slack(self, items: Sequence[Sequence[Item]]) -> int:
        """Returns the least slack of all promises, in basis points of their limits."""
        if self._slack is None:
            return 0
        nodes_of: dict[int, set[int]] = {}
        replicas_on = {}
        for node, on_node in enumerate(items):
            if on_node:
                replicas_on[node] = sum(self._slack.counts(item[0]) for item in on_node)
                for item in on_node:
                    nodes_of.setdefault(item[0], set()).add(node)
        return self._slack.least(nodes_of, replicas_on)

    def _square_sum(self, items: Sequence[Sequence[Item]]) -> int:
        """Returns the sum of the squares of each node's used share of cpu, in square thousandths."""
        total, resources = 0, self.indexed.resources
        for node, on_node in zip(self.indexed.nodes, items, strict=True):
            if on_node:
                share = sum(resources[item[0]].cpu for item in on_node) * SHARE // max(1, node.cpu)
                total += share * share
        return total

    def guide(self, items: Sequence[Sequence[Item]], loads: Sequence[NodeLoad], unplaced: Sequence[int]) -> int:
        """Returns the cost of an assignment; the smaller, the better.

        Args:
            items: The items on each node.
            loads: The load of each node.
            unplaced: By demand, how many replicas have no place.
        """
        total, fullness = 0, self._params.fullness_divisor
        for node, on_node in enumerate(items):
            if on_node:
                load = loads[node].load
                total += self._open_cost[node] - load * load // fullness
        for missing, cost in zip(unplaced, self._unplaced_cost, strict=True):
            if missing:
                total += missing * cost
        if self.had:
            moves = self.moves(items, unplaced)
            total += moves * self._weights.get("stable", 0)
            if self._limit is not None:
                total += max(0, moves - self._limit) * self._over_limit
        if self._floors:
            for demand, missing, floor, cost in zip(
                self.indexed.demands, unplaced, self._floors, self._unplaced_cost, strict=True
            ):
                total += max(0, floor + missing - demand.replicas) * cost * self._params.floor_weight
        if self._slack is not None:
            total -= self._least_slack(items) * self._weights["slack"] // PERCENT
        if "balance" in self.terms:
            total += self._square_sum(items) * self._weights["balance"] // (SHARE * SHARE)
        if self._preferred.any:
            total -= self._held(items) * UNIT // MILLION
        return total
