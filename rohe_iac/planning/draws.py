"""Draws: numbers that look random and are the same everywhere."""

from __future__ import annotations

from collections.abc import Callable

FACTOR, SUMMAND, BITS = 6364136223846793005, 1442695040888963407, (1 << 64) - 1


def drawing(seed: int) -> Callable[[int], int]:
    """A stream of numbers in [0, limit), a limit a draw: the 64-bit linear congruential generator of Knuth's MMIX, its
    upper 32 bits.
    """
    state = seed

    def below(limit: int) -> int:
        nonlocal state
        state = (state * FACTOR + SUMMAND) & BITS
        return (state >> 32) * limit >> 32

    return below
