"""Seen: which sequence numbers of a sender's boot have been taken in, as inclusive ranges."""

from __future__ import annotations

from bisect import bisect_right

MOST_HOLES = 200
"""Holes named in one acknowledgement; beyond them less is acknowledged."""


class Seen:
    """A set of sequence numbers from 1 on, small however many they are while they come mostly in order."""

    def __init__(self, ranges: list[list[int]] | None = None) -> None:
        self.ranges: list[list[int]] = ranges if ranges is not None else []

    def add(self, seq: int) -> bool:
        """Takes a number in; False where it was there."""
        ranges = self.ranges
        if ranges and ranges[-1][1] + 1 == seq:
            ranges[-1][1] = seq
            return True
        place = bisect_right(ranges, seq, key=lambda pair: pair[0])
        if place and ranges[place - 1][1] >= seq:
            return False
        touches_left = place > 0 and ranges[place - 1][1] == seq - 1
        touches_right = place < len(ranges) and ranges[place][0] == seq + 1
        if touches_left and touches_right:
            ranges[place - 1][1] = ranges[place][1]
            del ranges[place]
        elif touches_left:
            ranges[place - 1][1] = seq
        elif touches_right:
            ranges[place][0] = seq
        else:
            ranges.insert(place, [seq, seq])
        return True

    def acknowledgement(self) -> tuple[int, list[list[int]]]:
        """(up_to_seq, holes): all up to the first are in, but for the inclusive ranges of the second."""
        holes: list[list[int]] = []
        after = 1
        up_to = 0
        for first, last in self.ranges:
            if first > after:
                if len(holes) == MOST_HOLES:
                    break
                holes.append([after, first - 1])
            after, up_to = last + 1, last
        return up_to, holes
