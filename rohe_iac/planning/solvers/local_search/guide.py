"""Tally: what an assignment by counts is worth, and a single number that falls as it comes closer to a better one.

The worth is that of the objective; replicas of one class are alike, so that it is told without naming them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.objective import Worth
from rohe_iac.planning.placement.objective.preferred_affinity import PreferredAffinity
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.objective.terms import square_sum, worth_of
from rohe_iac.planning.placement.state.demand_size import sizes_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.local_search.node_load import Item, NodeLoad

UNIT = 1000
"""What one of the last term of the objective counts; each term before counts STEP times as much."""

STEP = 10

FLOOR = 4
"""How many replicas without a place one counts as that had one: more than a few, less than one of a larger priority."""


class SearchCost:
    """Rates contents of nodes. before, limit, floors: as in Objective."""

    def __init__(
        self,
        indexed: IndexedProblem,
        before: Mapping[tuple[int, int], int],
        limit: int | None,
        floors: Sequence[int] = (),
    ) -> None:
        self.indexed, self.limit, self.floors = indexed, limit, floors
        self.levels = PriorityLevels(indexed)
        self.had: dict[tuple[int, int], int] = {}
        self._fresh = [demand.replicas for demand in indexed.demands]
        for (position, _), node in before.items():
            self.had[position, node] = self.had.get((position, node), 0) + 1
            self._fresh[position] -= 1
        self.terms = tuple(dict.fromkeys(indexed.objective))
        self.slack = LatencySlack(indexed) if "slack" in self.terms else None
        self.wishes = PreferredAffinity(indexed)
        self._weigh()

    def _weigh(self) -> None:
        indexed = self.indexed
        # Wishes come last.
        weight, weights = UNIT * (STEP if self.wishes.any else 1), {}
        for name in reversed(self.terms):
            if name == "placed":
                for level in range(self.levels.number - 1, -1, -1):
                    weights[f"placed{level}"] = weight
                    weight *= STEP
            else:
                weights[name] = weight
                weight *= STEP
        self._over = weight
        self._weights = weights
        sizes = sizes_of(indexed)
        largest = max(sizes, default=0) or 1
        self.sizes = sizes
        # Where not all fit, it is better that the large ones wait.
        self._missed = [
            weights.get(f"placed{level}", 0) * (3 * largest + size) // (3 * largest)
            for level, size in zip(self.levels.level_of, sizes, strict=True)
        ]
        costs = [node.cost for node in indexed.nodes]
        mean = max(1, sum(costs) // max(1, len(costs)))
        opened, dear = weights.get("nodes", 0), weights.get("cost", 0)
        self._opened = [opened + dear * cost // mean for cost in costs]
        # Where slack comes before nodes, replicas are better alone.
        few = [name for name in self.terms if name in ("slack", "nodes", "cost")]
        self.consolidates = "balance" not in self.terms and few[:1] != ["slack"]

    def moved(self, content: Sequence[Sequence[Item]], waiting: Sequence[int]) -> int:
        """The fewest replicas that have left their nodes, whoever of each class is where."""
        if not self.had:
            return 0
        stays = [0] * len(waiting)
        left = dict(self.had)
        for node, parts in enumerate(content):
            for part in parts:
                room = left.get((part[0], node), 0)
                if room:
                    left[part[0], node] = room - 1
                    stays[part[0]] += 1
        return sum(
            max(0, demand.replicas - wait - stay - fresh)
            for demand, wait, stay, fresh in zip(self.indexed.demands, waiting, stays, self._fresh, strict=True)
        )

    def worth(self, content: Sequence[Sequence[Item]], waiting: Sequence[int]) -> Worth:
        """The worth, as LexicographicObjective tells it."""
        return worth_of(self.indexed, ItemMeasures(self, content, waiting))

    def held(self, content: Sequence[Sequence[Item]]) -> int:
        """Returns how many preferences hold, in millionths."""
        counts: dict[int, Counter[int]] = {}
        for node, parts in enumerate(content):
            for part in parts:
                counts.setdefault(part[0], Counter())[node] += 1
        return self.wishes.held(counts)

    def least_slack(self, content: Sequence[Sequence[Item]]) -> int:
        """Returns the least slack of all promises, in basis points of their limits."""
        if self.slack is None:
            return 0
        places: dict[int, set[int]] = {}
        crowd = {}
        for node, parts in enumerate(content):
            if parts:
                crowd[node] = sum(self.slack.counts(part[0]) for part in parts)
                for part in parts:
                    places.setdefault(part[0], set()).add(node)
        return self.slack.least(places, crowd)

    def squares(self, content: Sequence[Sequence[Item]]) -> int:
        """Returns the sum of the squares of each node's used share of cpu, in square thousandths."""
        resources = self.indexed.resources
        loads = [(node, sum(resources[part[0]].cpu for part in parts)) for node, parts in enumerate(content) if parts]
        return square_sum(self.indexed, loads)

    def guide(self, content: Sequence[Sequence[Item]], fills: Sequence[NodeLoad], waiting: Sequence[int]) -> int:
        """The smaller, the better; never the same as the worth, but what leads to it."""
        total = 0
        for node, parts in enumerate(content):
            if parts:
                total += self._opened[node] - fills[node].load * fills[node].load // 30_000
        for wait, missed in zip(waiting, self._missed, strict=True):
            if wait:
                total += wait * missed
        if self.had:
            moved = self.moved(content, waiting)
            total += moved * self._weights.get("stable", 0)
            if self.limit is not None:
                total += max(0, moved - self.limit) * self._over
        if self.floors:
            for demand, wait, floor, missed in zip(
                self.indexed.demands, waiting, self.floors, self._missed, strict=True
            ):
                total += max(0, floor + wait - demand.replicas) * missed * FLOOR
        if self.slack is not None:
            # A percent of a limit counts as much as a node would.
            total -= self.least_slack(content) * self._weights["slack"] // 100
        if "balance" in self.terms:
            total += self.squares(content) * self._weights["balance"] // 1_000_000
        if self.wishes.any:
            total -= self.held(content) * UNIT // 1_000_000
        return total


class ItemMeasures:
    """What the terms of the objective measure of contents of nodes, see `Measures`."""

    def __init__(self, cost: SearchCost, content: Sequence[Sequence[Item]], waiting: Sequence[int]) -> None:
        self._cost, self._content, self._waiting = cost, content, waiting
        self._moved = cost.moved(content, waiting)

    def moves_over_limit(self) -> list[int]:
        """Returns the moved replicas above the limit."""
        return [] if self._cost.limit is None else [max(0, self._moved - self._cost.limit)]

    def placed(self) -> list[int]:
        """Returns the placed replicas by level of priority."""
        demands = self._cost.indexed.demands
        counts = [demand.replicas - wait for demand, wait in zip(demands, self._waiting, strict=True)]
        return self._cost.levels.placed(counts, self._cost.floors)

    def moves(self) -> list[int]:
        """Returns the moved replicas."""
        return [self._moved]

    def slack(self) -> list[int]:
        """Returns the least slack, in basis points."""
        return [self._cost.least_slack(self._content)]

    def nodes(self) -> list[int]:
        """Returns the nodes used."""
        return [sum(1 for parts in self._content if parts)]

    def cost(self) -> list[int]:
        """Returns the cost of the nodes used, in millionths an hour."""
        nodes = self._cost.indexed.nodes
        return [sum(node.cost for node, parts in zip(nodes, self._content, strict=True) if parts)]

    def balance(self) -> list[int]:
        """Returns the sum of squared used shares of cpu."""
        return [self._cost.squares(self._content)]

    def preferences(self) -> list[int]:
        """Returns the preferences that hold, in millionths."""
        return [self._cost.held(self._content)] if self._cost.wishes.any else []


def is_ruled(indexed: IndexedProblem, demand: int) -> bool:
    """Whether rules other than those of amounts ask where replicas of the demand are."""
    return bool(
        indexed.host_ports[demand]
        or indexed.numbered[demand]
        or indexed.watched[demand]
        or indexed.demands[demand].spread
        or indexed.avoid[demand]
        or indexed.avoid_keys[demand]
        or indexed.near[demand]
        or indexed.edges[demand]
        or indexed.paths[demand]
    )
