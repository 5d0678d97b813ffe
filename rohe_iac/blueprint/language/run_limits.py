"""What the modules of a run may take: bounded, so that no expression and no number of uses keeps anybody waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MOST_WORK = 8_000_000
"""What all expressions of a run may take: ten for each step, and one for each item or character that it looks at."""


MOST_VALUES = 250_000
"""The most values that all uses of modules may take in together, each alias counted with what it stands for."""


class Refused(ValueError):
    """An expression that is not allowed or cannot be computed; the message says why."""


class Unknown:
    """Stands for the value of an expression that could not be computed, or of an input that is at fault."""


UNKNOWN = Unknown()
"""The only one: no field takes it, so that it goes the way of every faulty value."""


@dataclass
class WorkBudget:
    """What is left of both. parsed: the expressions that were read, by their text."""

    left: int = MOST_WORK
    values: int = MOST_VALUES
    parsed: dict[str, list[Any]] = field(default_factory=dict)

    def spend(self, amount: int) -> None:
        """Errors: Refused where too little is left."""
        self.left -= amount
        if self.left < 0:
            raise Refused("the expressions of all modules take too long together")

    @property
    def exhausted(self) -> bool:
        """Whether nothing more is taken in."""
        return self.left < 0 or self.values < 0


@dataclass
class Allowance:
    """What is left of the work that a run may do for what it tells.

    guesses: names to hold against a misspelt one. fits: services and nodes to hold against each other. matching: steps
    of holding inputs against patterns. domains: nodes to look at for rules over several of them.
    """

    guesses: int = 30_000
    fits: int = 100_000
    matching: int = 2_000_000
    domains: int = 200_000
