"""Acceptance: which assignment a search goes on from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """Threshold accepting: a new assignment may be worse than the current one by at most a threshold that falls.

    G. Dueck and T. Scheuer, "Threshold accepting: a general purpose optimization algorithm appearing superior to
    simulated annealing", Journal of Computational Physics 90, 1990. Here the threshold falls linearly within each
    round, and how much worse may be accepted is drawn between 0 and the threshold.

    Attributes:
        start: The threshold at the first step of a round, a cost of at least 0.
        end: The threshold that the last step comes close to, a cost of at least 0.
    """

    start: int
    end: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError where the threshold would rise, or be below 0."""
        if not 0 <= self.end <= self.start:
            raise ValueError(
                f"a threshold falls from start to end, both at least 0; not from {self.start} to {self.end}"
            )

    def at(self, step: int, length: int) -> int:
        """Returns the threshold at a step in [0, length) of a round of that length."""
        return self.end + (self.start - self.end) * (length - step) // length

    def accepts(self, candidate: int, current: int, threshold: int, below: Callable[[int], int]) -> bool:
        """Checks whether the search goes on from the candidate.

        Args:
            candidate: The cost of the new assignment; the smaller, the better.
            current: The cost of the assignment it was made of.
            threshold: How much worse the candidate may be at most, see `at`.
            below: Draws a number in [0, limit); called once.
        """
        return candidate <= current + below(threshold + 1)
