"""Outcomes: what came of each iteration of a search, and how many there were of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum


class IterationOutcome(Enum):
    """What came of one iteration."""

    BEST = "best"
    """The new assignment is better than all before."""

    BETTER = "better"
    """It costs less than the one it was made of."""

    ACCEPTED = "accepted"
    """It costs as much, or more within the threshold; the search goes on from it."""

    REJECTED = "rejected"
    """It costs too much; the search goes on from the one before."""


@dataclass(frozen=True)
class SearchStatistics:
    """Numbers of iterations by outcome, of one search or of several together."""

    best: int = 0
    better: int = 0
    accepted: int = 0
    rejected: int = 0

    @classmethod
    def of(cls, counts: Mapping[IterationOutcome, int]) -> SearchStatistics:
        """Returns the statistics of a search from how often each outcome came; those that are missing never came."""
        return cls(**{outcome.value: counts.get(outcome, 0) for outcome in IterationOutcome})

    @property
    def iterations(self) -> int:
        """All iterations."""
        return self.best + self.better + self.accepted + self.rejected

    def __add__(self, other: SearchStatistics) -> SearchStatistics:
        """Returns the numbers of both together."""
        return SearchStatistics(
            self.best + other.best,
            self.better + other.better,
            self.accepted + other.accepted,
            self.rejected + other.rejected,
        )

    def __str__(self) -> str:
        """Returns a line for people."""
        return (
            f"{self.iterations:,} iterations, {self.best:,} best, {self.better:,} better, "
            f"{self.accepted:,} accepted, {self.rejected:,} rejected"
        )


SearchListener = Callable[[SearchStatistics], None]
"""Is called with the statistics of each search that ends."""


def ignore_statistics(_: SearchStatistics) -> None:
    """Does nothing: the listener where nobody wants to know what a search did."""
