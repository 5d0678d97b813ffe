"""Summaries: those of parts give exactly what all numbers at once give."""

from __future__ import annotations

import math
import random

import pytest

from rohe_iac.observation.measuring.sketch import RELATIVE_ERROR
from rohe_iac.observation.measuring.summary import Numbers, Summary, rank_of


@pytest.mark.parametrize("seed", range(20))
def test_a_sum_of_parts_is_the_sum_of_all_to_the_last_bit(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.uniform(-1, 1) * 10.0 ** chance.randrange(-150, 150) for _ in range(1000)]
    cuts = sorted(chance.sample(range(1000), 5))
    bounds = zip([0, *cuts], [*cuts, 1000], strict=True)
    parts = [Summary(values[first:last], kept=index % 2 == 0) for index, (first, last) in enumerate(bounds)]
    numbers = Numbers(parts)
    assert numbers.total == math.fsum(values)
    assert (numbers.low, numbers.high, numbers.count) == (min(values), max(values), 1000)
    assert numbers.percentile(90) == (sorted(values)[899], 0.0)


def test_a_kept_summary_holds_few_terms() -> None:
    assert len(Summary([0.1] * 500, kept=True).terms) < 4


def test_more_numbers_than_may_be_exact_have_the_error_of_a_sketch() -> None:
    values = [float(number) for number in range(1, 1001)]
    numbers = Numbers([Summary(values[:300], kept=True), Summary(values[300:])])
    assert numbers.percentile(50, max_exact=1000) == (500.0, 0.0)
    value, error = numbers.percentile(50, max_exact=999)
    assert error == RELATIVE_ERROR
    assert value == pytest.approx(500.0, rel=error)
    assert numbers.percentile(100, max_exact=1)[0] <= 1000.0


@pytest.mark.parametrize(("p", "count", "rank"), [(0, 9, 1), (50, 9, 5), (99.9, 1000, 999), (100, 9, 9), (50, 1, 1)])
def test_the_rank_of_a_percentile_is_the_nearest(p: float, count: int, rank: int) -> None:
    assert rank_of(p, count) == rank
