"""Objective: what makes one set of placements better than another, in the order that the blueprint gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rohe_iac.planning.layout import Layout
from rohe_iac.planning.slack import Slack

MILLION = 1_000_000
Worth = tuple[int, ...]
"""Comparable: the larger, the better."""


class Objective:
    """Rates assignments (node by replica) of one layout.

    before: nodes that replicas had. forced: moves that could not be helped; `max_moves` allows at least those.
    floors: by demand how many of its replicas have to stay placed, and nobody's moves are limited; or nothing.
    placed: replicas by priority, the largest priority first. stable: fewest replicas that left the node they had.
    slack: the most of it, in basis points (see slack.py). nodes: fewest nodes used; cost: least cost an hour of those.
    balance: least sum of squared cpu use.
    """

    def __init__(
        self,
        layout: Layout,
        before: Mapping[tuple[int, int], int],
        forced: int = 0,
        floors: Sequence[int] = (),
    ) -> None:
        self.layout = layout
        self.before = before
        self.floors = floors
        limit = layout.settings.max_moves
        self.limit = None if limit is None or floors else max(limit, forced)
        ranks = sorted({self._rank(position) for position in range(len(layout.demands))}, reverse=True)
        self._level = [ranks.index(self._rank(position)) for position in range(len(layout.demands))]
        self._levels = len(ranks)
        self.slack = Slack(layout) if "slack" in layout.objective else None

    def _rank(self, position: int) -> int:
        demand = self.layout.demands[position]
        return 1 << 40 if demand.system else demand.priority

    def worth(self, placed: Iterable[tuple[tuple[int, int], int]]) -> Worth:
        """The worth of an assignment: pairs of replica (demand, index) and node."""
        layout, before = self.layout, self.before
        levels = [0] * self._levels
        load: dict[int, int] = {}
        moved = 0
        places: dict[int, set[int]] = {}
        crowd: Counter[int] = Counter()
        counts: Counter[int] = Counter()
        for (demand, index), node in placed:
            counts[demand] += bool(self.floors)
            if self.slack is not None:
                places.setdefault(demand, set()).add(node)
                crowd[node] += self.slack.counts(demand)
            levels[self._level[demand]] += 1
            load[node] = load.get(node, 0) + layout.resources[demand].cpu
            if before and before.get((demand, index), node) != node:
                moved += 1
        terms: list[int] = [-max(0, moved - self.limit)] if self.limit is not None else []
        if self.floors:
            terms.append(-sum(max(0, floor - counts[demand]) for demand, floor in enumerate(self.floors)))
        for name in layout.objective:
            if name == "placed":
                terms += levels
            elif name == "stable":
                terms.append(-moved)
            elif name == "slack" and self.slack is not None:
                terms.append(self.slack.least(places, crowd))
            elif name == "nodes":
                terms.append(-len(load))
            elif name == "cost":
                terms.append(-sum(layout.nodes[node].cost for node in load))
            elif name == "balance":
                squares = 0
                for node, used in load.items():
                    share = used * 1000 // max(1, layout.nodes[node].cpu)
                    squares += share * share
                terms.append(-squares)
        return tuple(terms)
