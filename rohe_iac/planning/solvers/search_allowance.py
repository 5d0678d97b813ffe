"""Search allowance: how many iterations all searches for one plan may spend together.

A plan is made many times over where services have variants, pipelines are gangs, or failures are to be survived. Each
attempt is searched, so that without a common limit the time grows with the number of attempts.
"""

from __future__ import annotations

from dataclasses import dataclass

FULL_SEARCHES = 8
"""How many searches of full length all searches for one plan come to at most."""

PART = 3
"""A search may spend at most one of so many parts of what is left: the first six searches are of full length, whatever
they spend, and later ones become shorter and shorter, until attempts are not searched at all."""


@dataclass(slots=True)
class SearchAllowance:
    """Counts the iterations of the searches for one plan.

    Attributes:
        spent: Iterations that were spent.
    """

    spent: int = 0

    def limit(self, iterations: int) -> int:
        """Returns how many iterations the next search may spend, of those that it would spend alone."""
        return min(iterations, max(0, FULL_SEARCHES * iterations - self.spent) // PART)
