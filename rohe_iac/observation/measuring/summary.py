"""Summary: what is known of the numbers of some samples, so that the summaries of parts give that of the whole."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import Protocol

from rohe_iac.observation.measuring.columns import Floats
from rohe_iac.observation.measuring.sketch import RELATIVE_ERROR, Sketch

MAX_EXACT = 16_384
"""Numbers up to which percentiles are exact, at least: 64 panes of 256."""


class Summary:
    """The numbers of some samples in order; what is asked of them is worked out once.

    Attributes:
        values: The numbers.
        terms: Numbers with exactly the same sum: few, where the summary is kept.
    """

    def __init__(self, values: Sequence[float], *, kept: bool = False) -> None:
        """Takes the numbers; a summary that is `kept` is asked for several selections."""
        self.values = values
        self.terms: Sequence[float] = exact_terms(values) if kept else values

    @property
    def count(self) -> int:
        """Returns how many numbers there are."""
        return len(self.values)

    @cached_property
    def low(self) -> float:
        """Returns the smallest number; infinity where there is none."""
        return min(self.values, default=math.inf)

    @cached_property
    def high(self) -> float:
        """Returns the largest number; minus infinity where there is none."""
        return max(self.values, default=-math.inf)

    @cached_property
    def nonzero(self) -> int:
        """Returns how many numbers are not 0."""
        return sum(map(bool, self.values))

    @property
    def squares(self) -> list[float]:
        """Returns numbers with exactly the sum of the squares."""
        return list(squares_of(self.values))

    @cached_property
    def ordered(self) -> Floats:
        """Returns the numbers in ascending order."""
        return Floats(sorted(self.values))


def exact_terms(values: Sequence[float]) -> list[float]:
    """Returns the sum of numbers and what rounding has taken from it, so that sums of parts add up without error."""
    found: list[float] = []
    while rest := math.fsum(chain(values, (-part for part in found))):
        found.append(rest)
    return found


def squares_of(values: Iterable[float]) -> Iterator[float]:
    """Yields numbers whose sum is exactly that of the squares of others, which are at most 1e150.

    Source: T. J. Dekker, A Floating-Point Technique for Extending the Available Precision, Numer. Math. 18 (1971).
    """
    for value in values:
        square = value * value
        scaled = 134217729.0 * value
        high = scaled - (scaled - value)
        low = value - high
        yield square
        yield ((high * high - square) + 2 * high * low) + low * low


def sketch_of(parts: Iterable[Summary]) -> Sketch:
    """Returns the numbers of several parts as a sketch."""
    sketch = Sketch()
    for part in parts:
        sketch.add(part.values)
    return sketch


class Digested(Protocol):
    """What is known of numbers that are not kept."""

    @property
    def count(self) -> int:
        """Returns how many numbers there are."""
        ...

    @property
    def terms(self) -> Sequence[float]:
        """Returns numbers with exactly the same sum."""
        ...

    @property
    def low(self) -> float:
        """Returns the smallest number; infinity where there is none."""
        ...

    @property
    def high(self) -> float:
        """Returns the largest number; minus infinity where there is none."""
        ...

    @property
    def nonzero(self) -> int:
        """Returns how many numbers are not 0."""
        ...

    @property
    def squares(self) -> Sequence[float]:
        """Returns numbers with exactly the sum of the squares, where a reading needs it."""
        ...

    @property
    def sketch(self) -> Sketch:
        """Returns the numbers as a sketch."""
        ...


class Numbers:
    """The numbers of a selection of samples, as summaries of one part after the other.

    Attributes:
        count: How many numbers there are.
    """

    def __init__(
        self,
        parts: Sequence[Summary],
        sketches: Callable[[], Iterable[Sketch]] | None = None,
        digests: Sequence[Digested] = (),
    ) -> None:
        """Takes the numbers.

        Args:
            parts: Numbers that are kept, in order.
            sketches: Returns sketches of the numbers that are kept, where there are some already.
            digests: What is known of numbers that are not kept.
        """
        self._parts, self._sketches, self._digests = parts, sketches, digests
        self._all: Sequence[Summary | Digested] = [*parts, *digests]
        self.count = sum(part.count for part in self._all)

    def values(self) -> list[float]:
        """Returns the numbers that are kept, in order."""
        return [value for part in self._parts for value in part.values]

    @property
    def total(self) -> float:
        """Returns the sum, rounded once."""
        return math.fsum(chain.from_iterable(part.terms for part in self._all))

    @property
    def are_kept(self) -> bool:
        """Returns whether all of the numbers are kept, and not only digests of some."""
        return not self._digests

    @property
    def variance(self) -> float:
        """Returns the population variance of at least one number, rounded once; of readings that are `squared`."""
        sums = [
            chain.from_iterable(part.terms for part in self._all),
            chain.from_iterable(p.squares for p in self._all),
        ]
        total, squares = (sum(map(Fraction, exact_terms(list(terms)))) for terms in sums)
        return float((self.count * squares - total * total) / self.count**2)

    @property
    def low(self) -> float:
        """Returns the smallest number; infinity where there is none."""
        return min((part.low for part in self._all), default=math.inf)

    @property
    def high(self) -> float:
        """Returns the largest number; minus infinity where there is none."""
        return max((part.high for part in self._all), default=-math.inf)

    @property
    def nonzero(self) -> int:
        """Returns how many numbers are not 0."""
        return sum(part.nonzero for part in self._all)

    def percentile(self, p: float, max_exact: int = MAX_EXACT) -> tuple[float, float]:
        """Returns the value of rank ceil(p/100 * n), the nearest-rank percentile, of at least one number.

        Args:
            p: Percentile, 0 to 100.
            max_exact: Numbers up to which the value is exact.

        Returns:
            The value and its relative error: 0, or that of a sketch.
        """
        rank = rank_of(p, self.count)
        if self.count <= max_exact and not self._digests:
            # Parts that are in order are merged in a time that grows with the number of parts, not with their sizes.
            return sorted(chain.from_iterable(part.ordered for part in self._parts))[rank - 1], 0.0
        whole = Sketch()
        for sketch in self._sketches() if self._sketches is not None else [sketch_of(self._parts)]:
            whole.merge(sketch)
        for digest in self._digests:
            whole.merge(digest.sketch)
        return min(max(whole.value_of_rank(rank), self.low), self.high), RELATIVE_ERROR


def rank_of(p: float, count: int) -> int:
    """Returns the nearest rank of a percentile among `count` values, from 1 to `count`."""
    return max(1, min(count, math.ceil(round(p / 100 * count, 9))))
