"""Minimum bin slack: nodes filled one after the other, each with the replicas that leave the least of it over.

Gupta and Ho, "A new heuristic algorithm for the one-dimensional bin-packing problem", Production Planning & Control 10,
1999; here with as many replicas of each class as there are, and with all other amounts as limits. Where not everything
fits, the smallest replicas are chosen that fit in sum. What it finds is where a search starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.local_search.node_load import FULL, Item, NodeLoad, NodeLoads

STEPS, MOST_STEPS = 20_000, 1500
"""Counts that are tried for all nodes of one start, and for one node at most, before the best so far is taken."""

PACKINGS, MOST_PACKINGS = 200, 15
"""The same of fillings whose cores are tried to be dealt out; at least one."""

Amounts = tuple[int, int, int, int]
"""Cpu, rss, vms and the sum of the cores."""

MEASURES = (3, 0, 1)
"""What is filled up: cores, cpu or rss; the scarcest comes first."""

Filled = tuple[NodeLoad, list[Item]]
"""What is free on a node, and who is there."""

Start = tuple[list[NodeLoad], list[list[Item]]]
"""The same of each node."""


class BinSlack:
    """Starts for a search. usable: the nodes of each demand. free: the demands that only amounts keep from a node."""

    def __init__(
        self, indexed: IndexedProblem, fills: NodeLoads, usable: Sequence[Sequence[int]], free: Sequence[bool]
    ) -> None:
        self.indexed, self.fills = indexed, fills
        self.able: list[list[int]] = [[] for _ in fills.base]
        for demand, nodes in enumerate(usable):
            for node in nodes if free[demand] else ():
                self.able[node].append(demand)
        self.nodes = [node for node, able in enumerate(self.able) if able]
        self._steps = min(MOST_STEPS, STEPS // max(1, len(self.nodes)))
        self._packings = max(1, min(MOST_PACKINGS, PACKINGS // max(1, len(self.nodes))))
        self.needs: list[Amounts] = [(one.cpu, one.rss, one.vms or 0, sum(one.cores)) for one in indexed.resources]
        self.replicas = [demand.replicas if free[number] else 0 for number, demand in enumerate(indexed.demands)]
        # What the best filling of the node at hand leaves over.
        self._slack = 0
        self._most: dict[tuple[NodeLoad, int], int] = {}

    def starts(self) -> Iterator[Start]:
        """For the two scarcest amounts; the larger nodes first where everything fits in sum, else the smaller ones."""
        room = [sum(self._room(node)[one] for node in self.nodes) for one in range(4)]
        asked = [
            sum(need[one] * many for need, many in zip(self.needs, self.replicas, strict=True)) for one in range(4)
        ]
        ranked = sorted((one for one in MEASURES if room[one]), key=lambda one: -asked[one] * 1000 // room[one])
        order = sorted(self.nodes, key=lambda node: (self._room(node), node))
        for measure in ranked[:2]:
            chosen = self._chosen(measure, room[measure])
            yield self._filled(measure, order[::-1] if chosen == self.replicas else order, chosen)

    def _room(self, node: int) -> Amounts:
        fill = self.fills.base[node]
        return (fill.free[0], fill.free[1], fill.free[2], fill.spare)

    def _chosen(self, measure: int, room: int) -> list[int]:
        """How many of each: by priority the smallest, as long as they fit in sum."""
        chosen = [0] * len(self.replicas)
        demands = self.indexed.demands
        order = sorted(range(len(chosen)), key=lambda one: (-demands[one].priority, self.needs[one][measure], one))
        for one in order:
            size = self.needs[one][measure]
            chosen[one] = min(self.replicas[one], room // size) if size else self.replicas[one]
            room -= chosen[one] * size
        return chosen

    def _filled(self, measure: int, order: Sequence[int], left: list[int]) -> Start:
        fill = list(self.fills.base)
        content: list[list[Item]] = [[] for _ in fill]
        for node in order:
            fill[node], content[node] = self._fullest(node, measure, left)
            for part in content[node]:
                left[part[0]] -= 1
        return fill, content

    def _limit(self, base: NodeLoad, demand: int) -> int:
        """How many of one class an empty node takes."""
        known = self._most.get((base, demand))
        if known is None:
            known, fill = 0, base
            while known < self.replicas[demand] and self.fills.residual_after(fill, demand) != FULL:
                fill = self.fills.step(fill, demand)[0]
                known += 1
            self._most[base, demand] = known
        return known

    def _fullest(self, node: int, measure: int, left: Sequence[int]) -> Filled:
        """Of the replicas that are left those that fill the node the most, as far as is looked."""
        base, needs = self.fills.base[node], self.needs
        classes = [one for one in self.able[node] if left[one] and self._limit(base, one)]
        classes.sort(key=lambda one: (-needs[one][measure], one))
        limits = [min(left[one], self._limit(base, one)) for one in classes]
        best = self._greedy(base, classes, limits)
        self._slack = self._room(node)[measure] - sum(needs[part[0]][measure] for part in best[1])
        countings = self._countings(self._room(node), [needs[one] for one in classes], limits, measure)
        for counts, over in islice(countings, self._packings):
            found = self.fills.with_cores(
                base, [one for one, many in zip(classes, counts, strict=True) for _ in range(many)]
            )
            if found is not None:
                best, self._slack = found, over
        return best

    def _countings(
        self, room: Amounts, needs: Sequence[Amounts], limits: Sequence[int], measure: int
    ) -> Iterator[tuple[list[int], int]]:
        """How many of each class the node could hold in sum with less slack than the best, and the slack."""
        # What those from each place on could fill at most.
        beyond = [0] * (len(needs) + 1)
        for place in range(len(needs) - 1, -1, -1):
            beyond[place] = beyond[place + 1] + limits[place] * needs[place][measure]
        counts, rooms = [0] * len(needs), [room]
        for _ in range(self._steps):
            place = len(rooms) - 1
            if rooms[-1][measure] - beyond[place] < self._slack:
                if place < len(needs):
                    counts[place] = _most(rooms[-1], needs[place], limits[place])
                    rooms.append(_less(rooms[-1], needs[place], counts[place]))
                    continue
                yield counts, rooms[-1][measure]
            rooms.pop()
            while rooms and not counts[len(rooms) - 1]:
                rooms.pop()
            if not rooms:
                return
            counts[len(rooms) - 1] -= 1
            rooms.append(_less(rooms[-1], needs[len(rooms) - 1], counts[len(rooms) - 1]))

    def _greedy(self, base: NodeLoad, classes: Sequence[int], limits: Sequence[int]) -> Filled:
        fill = base
        parts: list[Item] = []
        for one, limit in zip(classes, limits, strict=True):
            for _ in range(limit):
                if self.fills.residual_after(fill, one) == FULL:
                    break
                fill, part = self.fills.step(fill, one)
                parts.append(part)
        return fill, parts


def _most(room: Amounts, need: Amounts, limit: int) -> int:
    return min([limit, *(have // one for have, one in zip(room, need, strict=True) if one)])


def _less(room: Amounts, need: Amounts, many: int) -> Amounts:
    cpu, rss, vms, cores = need
    return (room[0] - many * cpu, room[1] - many * rss, room[2] - many * vms, room[3] - many * cores)
