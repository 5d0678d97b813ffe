"""What the searches of a plan did, for people who ask for it."""

from __future__ import annotations

from rohe_iac.planning.solvers.local_search.outcome import SearchStatistics


class SearchReport:
    """A listener of the planner that adds up the statistics of all searches."""

    def __init__(self) -> None:
        self._searches: list[SearchStatistics] = []

    def __call__(self, statistics: SearchStatistics) -> None:
        """Takes the statistics of one more search."""
        self._searches.append(statistics)

    def __str__(self) -> str:
        """Returns a line with the number of iterations and of each outcome."""
        total = sum(self._searches, SearchStatistics())
        return f"search: {total}" if self._searches else "search: none was made"
