"""Sequence set: which sequence numbers of a sender's boot have been received, as inclusive ranges."""

from __future__ import annotations

from bisect import bisect_right

MAX_RANGES = 1000
"""Ranges that are kept; with more, the oldest missing numbers count as received, because they never come."""


def shown_numbers(first: int, last: int) -> str:
    """Returns an inclusive range of sequence numbers as people read it: `report 1` or `reports 1-4`."""
    return f"reports {first}-{last}" if last > first else f"report {first}"


class SequenceSet:
    """A set of sequence numbers from 1 on, kept as ranges: small while the numbers come mostly in order.

    The acknowledgement is selective, as in TCP (RFC 2018) and QUIC (RFC 9000, section 19.3).

    Attributes:
        ranges: Disjoint inclusive ranges [first, last], ascending.
    """

    def __init__(self, ranges: list[list[int]] | None = None) -> None:
        self.ranges: list[list[int]] = ranges if ranges is not None else []

    def add(self, seq: int) -> bool:
        """Adds a number; returns whether it is new."""
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
            if len(ranges) > MAX_RANGES:
                ranges[0][1] = ranges.pop(1)[1]
        return True

    @property
    def gaps(self) -> int:
        """Returns how many gaps there are between the numbers."""
        return max(0, len(self.ranges) - 1)

    def opens_gap(self, seq: int) -> bool:
        """Checks whether adding a number would make one gap more."""
        ranges = self.ranges
        if not 0 < len(ranges) < MAX_RANGES:
            return False
        place = bisect_right(ranges, seq + 1, key=lambda pair: pair[0])
        return not place or ranges[place - 1][1] < seq - 1

    def acknowledgement(self) -> tuple[int, list[list[int]]]:
        """Returns what to acknowledge to the sender.

        Returns:
            The newest number that was received, and the inclusive ranges of missing numbers (holes) below it, of which
            there are at most MAX_RANGES.
        """
        holes: list[list[int]] = []
        expected = 1
        up_to = 0
        for first, last in self.ranges:
            if first > expected:
                holes.append([expected, first - 1])
            expected, up_to = last + 1, last
        return up_to, holes
