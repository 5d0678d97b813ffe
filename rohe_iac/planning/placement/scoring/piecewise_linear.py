"""Slopes: a sum over many kinds of the lesser of one amount and a multiple of another, by a few look-ups."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate

SHIFT = 20
"""Binary places of a rate."""


class Slopes:
    """The sum over kinds of weight times the lesser of a ceiling and what an amount serves at the rate of the kind."""

    def __init__(self, kinds: Iterable[tuple[int, int, int]]) -> None:
        """kinds: (what one replica needs of the amount, what is used by one, weight)."""
        self._kinds = sorted((max(1, need), use, weight) for need, use, weight in kinds)
        self._needs = [need for need, _, _ in self._kinds]
        self._known: dict[int, tuple[list[int], list[int], list[int]]] = {}

    def sum(self, ceiling: int, amount: int) -> int:
        """Of the kinds of which the amount holds one replica, at least."""
        fitting = bisect_right(self._needs, amount)
        if not fitting:
            return 0
        known = self._known.get(fitting)
        if known is None:
            known = self._known[fitting] = self._added(fitting)
        rates, weights, served = known
        # Those whom the amount serves less than the ceiling come first.
        short = bisect_left(rates, (ceiling << SHIFT) // amount)
        return (served[short] * amount >> SHIFT) + (weights[-1] - weights[short]) * ceiling

    def _added(self, fitting: int) -> tuple[list[int], list[int], list[int]]:
        """Rates in order, and before each the sums of the weights and of the weighted rates."""
        rated = sorted(((use << SHIFT) // need, weight) for need, use, weight in self._kinds[:fitting])
        weights = accumulate((weight for _, weight in rated), initial=0)
        served = accumulate((rate * weight for rate, weight in rated), initial=0)
        return [rate for rate, _ in rated], list(weights), list(served)
