"""Sketch: percentiles of any number of values within a relative error of one percent, in bounded memory.

The sketch is DDSketch (C. Masson, J. E. Rim, H. K. Lee, PVLDB 12 (2019)): values are counted in bins whose bounds grow
by a constant factor. It depends on the values alone, not on their order, and sketches are merged without further error.
The bins are a mapping that is filled by functions written in C, and packed columns in a checkpoint; the library
`ddsketch` keeps lists of floats, which take eight times the memory, and adds values one by one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import repeat
from operator import mul

import msgspec

RELATIVE_ERROR = 0.01
"""Largest relative error of a percentile."""

SMALLEST = 1e-12
"""Absolute value below which a value counts as 0."""

_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_FACTOR = 1 / math.log(_GAMMA)


class Sketch(msgspec.Struct):
    """Values, counted in bins.

    Attributes:
        positive: Counts of values by bin; bin k holds the values in (g**(k-1), g**k], with g = 1.01/0.99.
        negative: The same of the absolute values of negative values.
        zeros: How many values are closer to 0 than SMALLEST.
    """

    positive: dict[int, int] = {}
    negative: dict[int, int] = {}
    zeros: int = 0

    def add(self, values: Iterable[float]) -> None:
        """Counts finite values."""
        above: list[float] = []
        below: list[float] = []
        for value in values:
            if value > SMALLEST:
                above.append(value)
            elif value < -SMALLEST:
                below.append(-value)
            else:
                self.zeros += 1
        _count(self.positive, above)
        _count(self.negative, below)

    def merge(self, other: Sketch) -> None:
        """Adds the counts of another sketch, as if its values had been added."""
        self.zeros += other.zeros
        for mine, theirs in ((self.positive, other.positive), (self.negative, other.negative)):
            for place, count in theirs.items():
                mine[place] = mine.get(place, 0) + count

    @property
    def count(self) -> int:
        """Returns how many values were counted."""
        return self.zeros + sum(self.positive.values()) + sum(self.negative.values())

    def value_of_rank(self, rank: int) -> float:
        """Returns the value of a rank, from 1 to `count`, within RELATIVE_ERROR."""
        seen = 0
        for place in sorted(self.negative, reverse=True):
            seen += self.negative[place]
            if seen >= rank:
                return -_middle(place)
        seen += self.zeros
        if seen >= rank:
            return 0.0
        for place in sorted(self.positive):
            seen += self.positive[place]
            if seen >= rank:
                return _middle(place)
        raise ValueError(f"a sketch of {seen} values has no rank {rank}")


def _count(bins: dict[int, int], values: list[float]) -> None:
    counted = Counter(map(math.ceil, map(mul, map(math.log, values), repeat(_FACTOR))))
    if bins:
        for place, count in counted.items():
            bins[place] = bins.get(place, 0) + count
    else:
        bins.update(counted)


def _middle(place: int) -> float:
    """Returns the value that is within RELATIVE_ERROR of all values of a bin."""
    return 2 * math.exp(place / _FACTOR) / (1 + _GAMMA)
