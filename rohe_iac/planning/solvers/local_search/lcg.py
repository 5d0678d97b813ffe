"""Pseudo-random numbers that are the same on every machine and in every version of Python."""

from __future__ import annotations

from collections.abc import Callable

MULTIPLIER, INCREMENT, MASK = 6364136223846793005, 1442695040888963407, (1 << 64) - 1
"""Of the generator of MMIX; the mask keeps 64 bits."""


class LinearCongruentialGenerator:
    """One stream of pseudo-random whole numbers: the upper 32 bits of a 64-bit linear congruential generator.

    D. E. Knuth, "MMIXware", 1999: multiplier and increment. Both functions are closures over one state, for they are
    called in the innermost loops of the search.

    Attributes:
        below: below(limit) draws a number in [0, limit).
        several: several(number, limit) draws so many of them, the same as single draws would give.
    """

    __slots__ = ("below", "several")

    below: Callable[[int], int]
    several: Callable[[int, int], list[int]]

    def __init__(self, seed: int) -> None:
        state = seed

        def below(limit: int) -> int:
            nonlocal state
            state = (state * MULTIPLIER + INCREMENT) & MASK
            return (state >> 32) * limit >> 32

        def several(number: int, limit: int) -> list[int]:
            nonlocal state
            current, drawn = state, []
            for _ in range(number):
                current = (current * MULTIPLIER + INCREMENT) & MASK
                drawn.append((current >> 32) * limit >> 32)
            state = current
            return drawn

        self.below, self.several = below, several
