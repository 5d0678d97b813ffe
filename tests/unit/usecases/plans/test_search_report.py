"""Claims about the line on what a search did."""

from __future__ import annotations

from rohe_iac.planning.solvers.local_search.outcome import SearchStatistics
from rohe_iac.usecases.plans.search_report import SearchReport


def test_all_searches_of_a_plan_are_one_line_and_no_search_is_said_so() -> None:
    report = SearchReport()
    assert str(report) == "search: none was made"
    report(SearchStatistics(4, 20, 80, 386))
    report(SearchStatistics(10, 100, 400, 1000))
    assert str(report) == "search: 2,000 iterations, 14 best, 120 better, 480 accepted, 1,386 rejected"
