"""Claims about the numbers of a search."""

from __future__ import annotations

from rohe_iac.planning.solvers.local_search.outcome import IterationOutcome, SearchStatistics, ignore_statistics


def test_the_numbers_of_all_outcomes_add_up_to_the_iterations() -> None:
    found = SearchStatistics.of({IterationOutcome.BEST: 14, IterationOutcome.BETTER: 120, IterationOutcome.REJECTED: 3})
    assert (found.best, found.better, found.accepted, found.rejected) == (14, 120, 0, 3)
    assert found.iterations == 137
    assert SearchStatistics().iterations == 0


def test_two_searches_are_counted_together() -> None:
    assert SearchStatistics(1, 2, 3, 4) + SearchStatistics(10, 20, 30, 40) == SearchStatistics(11, 22, 33, 44)
    ignore_statistics(SearchStatistics())


def test_people_read_a_line_with_every_number() -> None:
    assert str(SearchStatistics(14, 120, 480, 1386)) == (
        "2,000 iterations, 14 best, 120 better, 480 accepted, 1,386 rejected"
    )
