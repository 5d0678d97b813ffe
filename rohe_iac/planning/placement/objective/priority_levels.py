"""Priority levels: the distinct ranks of the demands, the largest first."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, enumerate_demands


class PriorityLevels:
    """Levels of a problem's demands; what the stack runs for itself has the first.

    Attributes:
        level_of: Level of each demand, 0 for the largest rank.
        number: How many levels there are.
        demands: Demands of each level.
    """

    def __init__(self, indexed: IndexedProblem) -> None:
        ranks = sorted({demand.rank for demand in indexed.demands}, reverse=True)
        level_of_rank = {rank: level for level, rank in enumerate(ranks)}
        self.level_of = [level_of_rank[demand.rank] for demand in indexed.demands]
        self.number = len(ranks)
        self._gangs = [[(demand, indexed.demands[demand].replicas) for demand in gang] for gang in indexed.gangs]
        self._rooms = [indexed.rooms_of(indexed.demands[gang[0]].pipeline) if gang else () for gang in indexed.gangs]
        self.demands: list[list[DemandIndex]] = [[] for _ in ranks]
        for position, level in enumerate_demands(self.level_of):
            self.demands[level].append(position)

    def placed(self, counts: Sequence[int], floors: Sequence[int]) -> list[int]:
        """Returns how many replicas each level has placed; with floors, minus what it lost below them before each.

        Replicas of a pipeline that is placed whole or not at all count only where all of them are placed.

        Args:
            counts: Placed replicas by demand.
            floors: By demand how many replicas keep a place before more of its level get one; or nothing.
        """
        if self._gangs:
            counts, floors = self._whole(counts), self._whole(floors) if floors else floors
        placed, lost = [0] * self.number, [0] * self.number
        for level, count in zip(self.level_of, counts, strict=True):
            placed[level] += count
        if not floors:
            return placed
        for level, count, floor in zip(self.level_of, counts, floors, strict=True):
            lost[level] += max(0, floor - count)
        return [value for pair in zip((-number for number in lost), placed, strict=True) for value in pair]

    def _whole(self, counts: Sequence[int]) -> list[int]:
        """Returns the counts with 0 for the demands of every gang that is not placed whole."""
        found = list(counts)
        for gang, rooms in zip(self._gangs, self._rooms, strict=True):
            if any(counts[demand] < replicas for demand, replicas in gang):
                for demand in (*(member for member, _ in gang), *rooms):
                    found[demand] = 0
        return found
