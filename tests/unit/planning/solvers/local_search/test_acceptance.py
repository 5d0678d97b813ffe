"""Claims about what a search goes on from."""

from __future__ import annotations

import pytest

from rohe_iac.planning.solvers.local_search.acceptance import Threshold


def test_the_threshold_falls_in_a_line_from_its_start_towards_its_end() -> None:
    assert [Threshold(100).at(step, 4) for step in range(4)] == [100, 75, 50, 25]
    assert [Threshold(100, 20).at(step, 4) for step in range(4)] == [100, 80, 60, 40]
    assert [Threshold(7, 7).at(step, 3) for step in range(3)] == [7, 7, 7]


@pytest.mark.parametrize(("start", "end"), [(1, 2), (-1, -1), (3, -1)])
def test_a_threshold_that_rises_or_is_negative_is_refused(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="both at least 0"):
        Threshold(start, end)


def test_what_is_no_worse_is_always_accepted_and_what_is_worse_by_the_threshold_only_by_luck() -> None:
    threshold, limits = Threshold(10), list[int]()

    def lucky(limit: int) -> int:
        limits.append(limit)
        return limit - 1

    assert threshold.accepts(5, 5, 0, lambda _: 0)
    assert threshold.accepts(4, 5, 10, lambda _: 0)
    assert not threshold.accepts(6, 5, 10, lambda _: 0)
    assert threshold.accepts(15, 5, 10, lucky)
    assert not threshold.accepts(16, 5, 10, lucky)
    assert limits == [11, 11]
