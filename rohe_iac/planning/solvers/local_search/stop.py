"""Stopping criteria: when a search ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from rohe_iac.planning.placement.objective.objective import Worth


class StoppingCriterion(Protocol):
    """A rule by which a search ends. Time is none: the same problem has to give the same plan on every machine."""

    def __call__(self, iterations: int, best: Worth, /) -> bool:
        """Checks whether the search ends.

        Args:
            iterations: How many iterations are spent.
            best: The worth of the best assignment that was found.
        """
        ...


@dataclass(frozen=True)
class MaxIterations:
    """Ends a search that has spent its iterations."""

    limit: int

    def __call__(self, iterations: int, _best: Worth, /) -> bool:
        """Checks whether `limit` iterations are spent."""
        return iterations >= self.limit


@dataclass(frozen=True)
class IdealPointReached:
    """Ends a search that has found an assignment no other can exceed.

    Attributes:
        ideal: A worth that no assignment exceeds, or None where none is known.
    """

    ideal: Worth | None

    def __call__(self, _iterations: int, best: Worth, /) -> bool:
        """Checks whether the best assignment is as good as any can be."""
        return self.ideal is not None and best >= self.ideal


@dataclass(frozen=True)
class BudgetSpent:
    """Ends a search that has spent its budget.

    It goes on while the bound says that more replicas may be placed or stay, or that only nodes may be saved.

    Attributes:
        budget: After how many iterations it may end.
        ideal: A worth that is as good as can be expected, or None where none is known.
        nodes: Position of the term `nodes` in a worth, or None where fewer nodes are not searched for.
        needed: Positions of the values for which the search goes on: what is placed, and what moves.
    """

    budget: int
    ideal: Worth | None
    nodes: int | None
    needed: tuple[int, ...] = ()

    def __call__(self, iterations: int, best: Worth, /) -> bool:
        """Checks whether the budget is spent and the ideal does not say that going on may place more or free a node."""
        if iterations < self.budget:
            return False
        if self.ideal is None:
            return True
        if any(best[position] < self.ideal[position] for position in self.needed):
            return False
        if self.nodes is None:
            return True
        return best[: self.nodes] != self.ideal[: self.nodes] or best[self.nodes] >= self.ideal[self.nodes]


@dataclass(frozen=True)
class AnyOf:
    """Ends a search when the first of several criteria does."""

    criteria: tuple[StoppingCriterion, ...]

    def __call__(self, iterations: int, best: Worth, /) -> bool:
        """Checks whether any of the criteria ends the search."""
        return any(criterion(iterations, best) for criterion in self.criteria)
