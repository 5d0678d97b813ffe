"""Draws: numbers that look random and are the same everywhere."""

from __future__ import annotations


class Draws:
    """A stream of numbers: the 64-bit linear congruential generator of Knuth's MMIX, its upper 32 bits."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def below(self, limit: int) -> int:
        """A number in [0, limit)."""
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & (1 << 64) - 1
        return (self.state >> 32) * limit >> 32
