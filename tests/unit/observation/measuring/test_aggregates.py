"""Aggregates: every name, percentiles by nearest rank, and windows without values."""

from __future__ import annotations

import pytest

from rohe_iac.observation.measuring.aggregates import aggregate, variance
from rohe_iac.observation.measuring.summary import Numbers, Summary


def numbers(*values: float) -> Numbers:
    return Numbers([Summary(values)])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("count", 4.0), ("sum", 10.0), ("mean", 2.5), ("min", 0.0), ("max", 6.0), ("rate", 2.0), ("ratio", 0.75),
        ("p50", 1.0), ("p75", 3.0), ("p99.9", 6.0),
    ],
)  # fmt: skip
def test_each_aggregate_of_four_values_in_two_seconds(name: str, expected: float) -> None:
    assert aggregate(name, numbers(0.0, 1.0, 3.0, 6.0), 2.0) == (expected, 0.0)


def test_without_values_only_count_and_rate_are_defined() -> None:
    names = ("count", "rate", "sum", "mean", "min", "max", "ratio", "p50")
    assert [aggregate(name, numbers(), 2.0)[0] for name in names] == [0.0, 0.0, *[None] * 6]
    assert aggregate("rate", numbers(1.0), 0.0) == (None, 0.0)


def test_another_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'median' is no aggregate"):
        aggregate("median", numbers(1.0), 1.0)


@pytest.mark.parametrize(("p", "expected"), [(0, 1.0), (1, 1.0), (29, 29.0), (50, 50.0), (100, 100.0)])
def test_a_percentile_is_the_value_of_its_nearest_rank(p: float, expected: float) -> None:
    assert numbers(*(float(value) for value in range(100, 0, -1))).percentile(p) == (expected, 0.0)


def test_the_variance_is_of_the_population() -> None:
    assert variance([1.0, 3.0]) == 1.0
