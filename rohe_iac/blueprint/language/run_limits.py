"""Limits of a run: no expression and no number of uses of modules can make it last long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_WORK = 8_000_000
"""The work of all expressions of a run: ten for each step, and one for each item or character that it reads."""


MAX_VALUES = 250_000
"""The most values that all uses of modules may add together; an alias counts as the values it stands for."""


MAX_RANGE_NODES = 400_000
"""The most nodes that the ranges of all inventories stand for."""


class Refused(ValueError):
    """An expression is not allowed or cannot be computed; the message says why.

    Attributes:
        name: The name that the expression has and nothing else; "" where another thing is wrong with it.
    """

    def __init__(self, message: str, name: str = "") -> None:
        super().__init__(message)
        self.name = name


class Unknown:
    """The value of an expression that could not be computed, or of an input that is at fault."""


UNKNOWN = Unknown()
"""The only instance: no field accepts it, so that it is treated as any faulty value."""


@dataclass
class WorkBudget:
    """The work that modules may still take in this run.

    Attributes:
        left: Work that is left for expressions.
        values: Number of values that may still be added.
        parsed: Parsed expressions by their text.
    """

    left: int = MAX_WORK
    values: int = MAX_VALUES
    parsed: dict[str, list[Any]] = field(default_factory=dict)

    def spend(self, amount: int) -> None:
        """Takes an amount of work from the budget.

        Raises:
            Refused: Too little work is left.
        """
        self.left -= amount
        if self.left < 0:
            raise Refused("the expressions of all modules take too long together")

    @property
    def exhausted(self) -> bool:
        """Checks whether no more modules are expanded."""
        return self.left < 0 or self.values < 0


@dataclass
class Allowance:
    """The work that a run may still do to describe faults.

    Attributes:
        guesses: Number of names to compare with misspelt ones.
        fits: Number of services and nodes to compare with each other.
        matching: Number of steps to match inputs with patterns.
        domains: Number of nodes to look at for rules over several nodes.
        range_nodes: Number of nodes that ranges may still stand for.
    """

    guesses: int = 30_000
    fits: int = 100_000
    matching: int = 2_000_000
    domains: int = 200_000
    range_nodes: int = MAX_RANGE_NODES
