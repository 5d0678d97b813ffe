"""Objective: what makes one set of placements better than another, in the order that the blueprint gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rohe_iac.planning.placement.objective.latency_slack import LatencySlack
from rohe_iac.planning.placement.objective.preferred_affinity import PreferredAffinity
from rohe_iac.planning.placement.state.index import IndexedProblem

Worth = tuple[int, ...]
"""Comparable: the larger, the better."""


class LexicographicObjective:
    """Rates assignments (node by replica) of one layout.

    before: nodes that replicas had. forced: moves that could not be helped; `max_moves` allows at least those.
    floors: by demand how many of its replicas keep a place before more of its priority get one; or nothing.
    placed: replicas by priority, the largest priority first. stable: fewest replicas that left the node they had.
    slack: the most of it, in basis points (see slack.py). nodes: fewest nodes used; cost: least cost an hour of those.
    balance: least sum of squared cpu use. Where all of these are equal, the more wishes hold the better (see wishes).
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        before: Mapping[tuple[int, int], int],
        forced: int = 0,
        floors: Sequence[int] = (),
    ) -> None:
        self.indexed = indexed
        self.before = before
        self.floors = floors
        limit = indexed.settings.max_moves
        self.limit = None if limit is None else max(limit, forced)
        ranks = sorted({demand.rank for demand in indexed.demands}, reverse=True)
        self._level = [ranks.index(demand.rank) for demand in indexed.demands]
        self._levels = len(ranks)
        self.slack = LatencySlack(indexed) if "slack" in indexed.objective else None
        self.wishes = PreferredAffinity(indexed)

    def placing(self, counts: Sequence[int]) -> list[int]:
        """How many replicas are placed, by priority, the largest first; where there are floors, what is lost before it.

        counts: by demand.
        """
        return by_level(self._level, self._levels, counts, self.floors)

    def worth(self, placed: Iterable[tuple[tuple[int, int], int]]) -> Worth:
        """The worth of an assignment: pairs of replica (demand, index) and node."""
        indexed, before = self.indexed, self.before
        load: dict[int, int] = {}
        moved = 0
        places: dict[int, Counter[int]] = {}
        crowd: Counter[int] = Counter()
        counts = [0] * len(indexed.demands)
        for (demand, index), node in placed:
            counts[demand] += 1
            places.setdefault(demand, Counter())[node] += 1
            if self.slack is not None:
                crowd[node] += self.slack.counts(demand)
            load[node] = load.get(node, 0) + indexed.resources[demand].cpu
            if before and before.get((demand, index), node) != node:
                moved += 1
        terms: list[int] = [-max(0, moved - self.limit)] if self.limit is not None else []
        for name in indexed.objective:
            if name == "placed":
                terms += self.placing(counts)
            elif name == "stable":
                terms.append(-moved)
            elif name == "slack" and self.slack is not None:
                terms.append(self.slack.least(places, crowd))
            elif name == "nodes":
                terms.append(-len(load))
            elif name == "cost":
                terms.append(-sum(indexed.nodes[node].cost for node in load))
            elif name == "balance":
                squares = 0
                for node, used in load.items():
                    share = used * 1000 // max(1, indexed.nodes[node].cpu)
                    squares += share * share
                terms.append(-squares)
        if self.wishes.any:
            terms.append(self.wishes.held(places))
        return tuple(terms)


def by_level(level: Sequence[int], levels: int, counts: Sequence[int], floors: Sequence[int]) -> list[int]:
    """What each level of priority has placed, the first first; with floors less what is below them, before it."""
    placed, lost = [0] * levels, [0] * levels
    for at, count in zip(level, counts, strict=True):
        placed[at] += count
    if not floors:
        return placed
    for at, count, floor in zip(level, counts, floors, strict=True):
        lost[at] += max(0, floor - count)
    return [term for pair in zip((-one for one in lost), placed, strict=True) for term in pair]
