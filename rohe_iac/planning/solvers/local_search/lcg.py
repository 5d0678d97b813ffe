"""Draws: numbers that look random and are the same everywhere."""

from __future__ import annotations

from collections.abc import Callable

FACTOR, SUMMAND, BITS = 6364136223846793005, 1442695040888963407, (1 << 64) - 1


def drawing(seed: int) -> tuple[Callable[[int], int], Callable[[int, int], list[int]]]:
    """A stream of numbers in [0, limit), a limit a draw: the 64-bit linear congruential generator of Knuth's MMIX, its
    upper 32 bits. Told are how to draw one, and how to draw so many at once from the same stream.
    """
    state = seed

    def below(limit: int) -> int:
        nonlocal state
        state = (state * FACTOR + SUMMAND) & BITS
        return (state >> 32) * limit >> 32

    def several(number: int, limit: int) -> list[int]:
        nonlocal state
        now, found = state, []
        for _ in range(number):
            now = (now * FACTOR + SUMMAND) & BITS
            found.append((now >> 32) * limit >> 32)
        state = now
        return found

    return below, several
