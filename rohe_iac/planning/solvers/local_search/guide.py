"""Tally: what an assignment by counts is worth, and a single number that falls as it comes closer to a better one.

The worth is that of the objective; replicas of one class are alike, so that it is told without naming them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.objective import Worth, by_level
from rohe_iac.planning.placement.objective.preferred_affinity import PreferredAffinity
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
        self.indexed, self.limit = indexed, limit
        self._floors = floors
        ranks = [demand.rank for demand in indexed.demands]
        order = sorted(set(ranks), reverse=True)
        self._level = [order.index(rank) for rank in ranks]
        self._totals = [0] * len(order)
        self.had: dict[tuple[int, int], int] = {}
        self._fresh = [demand.replicas for demand in indexed.demands]
        for position, demand in enumerate(indexed.demands):
            self._totals[self._level[position]] += demand.replicas
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
                for level in range(len(self._totals) - 1, -1, -1):
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
            for level, size in zip(self._level, sizes, strict=True)
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
        """The worth, as Objective tells it."""
        moved = self.moved(content, waiting)
        terms = [-max(0, moved - self.limit)] if self.limit is not None else []
        for name in self.indexed.objective:
            if name == "placed":
                demands = self.indexed.demands
                counts = [demand.replicas - wait for demand, wait in zip(demands, waiting, strict=True)]
                terms += by_level(self._level, len(self._totals), counts, self._floors)
            elif name == "stable":
                terms.append(-moved)
            elif name == "slack":
                terms.append(self._slack(content))
            elif name == "nodes":
                terms.append(-sum(1 for parts in content if parts))
            elif name == "cost":
                terms.append(-sum(node.cost for node, parts in zip(self.indexed.nodes, content, strict=True) if parts))
            elif name == "balance":
                terms.append(-self._squares(content))
        if self.wishes.any:
            terms.append(self._held(content))
        return tuple(terms)

    def _held(self, content: Sequence[Sequence[Item]]) -> int:
        counts: dict[int, Counter[int]] = {}
        for node, parts in enumerate(content):
            for part in parts:
                counts.setdefault(part[0], Counter())[node] += 1
        return self.wishes.held(counts)

    def _slack(self, content: Sequence[Sequence[Item]]) -> int:
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

    def _squares(self, content: Sequence[Sequence[Item]]) -> int:
        total, resources = 0, self.indexed.resources
        for node, parts in zip(self.indexed.nodes, content, strict=True):
            if parts:
                share = sum(resources[part[0]].cpu for part in parts) * 1000 // max(1, node.cpu)
                total += share * share
        return total

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
        if self._floors:
            for demand, wait, floor, missed in zip(
                self.indexed.demands, waiting, self._floors, self._missed, strict=True
            ):
                total += max(0, floor + wait - demand.replicas) * missed * FLOOR
        if self.slack is not None:
            # A percent of a limit counts as much as a node would.
            total -= self._slack(content) * self._weights["slack"] // 100
        if "balance" in self.terms:
            total += self._squares(content) * self._weights["balance"] // 1_000_000
        if self.wishes.any:
            total -= self._held(content) * UNIT // 1_000_000
        return total


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
