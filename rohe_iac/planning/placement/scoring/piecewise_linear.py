"""Piecewise linear sums: of many terms the lesser of a ceiling and a multiple of an amount, by a few look-ups."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

RATE_SHIFT = 20
"""Binary places of a rate."""


class PiecewiseLinearSum:
    """The weighted sum over terms of the lesser of a ceiling and what an amount serves at the rate of the term."""

    def __init__(self, terms: Iterable[tuple[int, int, int]]) -> None:
        """Sorts the terms.

        Args:
            terms: For each what one replica needs of the amount, what is used by one replica, and the weight.
        """
        self._terms = sorted((max(1, need), use, weight) for need, use, weight in terms)
        self._needs = [need for need, _, _ in self._terms]
        self._tables: dict[int, tuple[list[int], list[int], list[int]]] = {}

    def sum(self, ceiling: int, amount: int) -> int:
        """Returns the sum over the terms of which the amount holds one replica at least."""
        fitting = bisect_right(self._needs, amount)
        if not fitting:
            return 0
        table = self._tables.get(fitting)
        if table is None:
            table = self._tables[fitting] = self._table(fitting)
        rates, weights, served = table
        # Terms of which the amount serves less than the ceiling come first.
        short = bisect_left(rates, (ceiling << RATE_SHIFT) // amount)
        return (served[short] * amount >> RATE_SHIFT) + (weights[-1] - weights[short]) * ceiling

    def _table(self, fitting: int) -> tuple[list[int], list[int], list[int]]:
        """Returns rates in order, and before each the sums of the weights and of the weighted rates."""
        rated = sorted(((use << RATE_SHIFT) // need, weight) for need, use, weight in self._terms[:fitting])
        weights = accumulate((weight for _, weight in rated), initial=0)
        served = accumulate((rate * weight for rate, weight in rated), initial=0)
        return [rate for rate, _ in rated], list(weights), list(served)
