"""Aggregates: one number from the numbers of a window."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rohe_iac.observation.contract import percentile_of
from rohe_iac.observation.measuring.summary import MAX_EXACT, Numbers, rank_of


def aggregate(name: str, numbers: Numbers, seconds: float, max_exact: int = MAX_EXACT) -> tuple[float | None, float]:
    """Returns an aggregate, and the relative error of its value.

    Args:
        name: count, sum, mean, min, max, rate (values a second), ratio (share of values other than 0) or a percentile
            such as p50 or p99.9 (nearest rank, ISO 3534-1).
        numbers: Numbers of the window.
        seconds: Length of the window.
        max_exact: Numbers up to which a percentile is exact.

    Returns:
        The value, None where the aggregate is undefined for no value or no length; and 0, or the error of a sketch.

    Raises:
        ValueError: The name is no aggregate.
    """
    count = numbers.count
    if name == "count":
        return float(count), 0.0
    if name == "rate":
        return (count / seconds if seconds > 0 else None), 0.0
    if not count:
        return None, 0.0
    if name == "sum":
        return numbers.total, 0.0
    if name == "mean":
        return numbers.total / count, 0.0
    if name == "min":
        return numbers.low, 0.0
    if name == "max":
        return numbers.high, 0.0
    if name == "ratio":
        return numbers.nonzero / count, 0.0
    p = percentile_of(name)
    if p is None:
        raise ValueError(f"'{name}' is no aggregate")
    return numbers.percentile(p, max_exact)


def percentile(values: Sequence[float], p: float) -> float:
    """Returns the value of rank ceil(p/100 * n), the nearest-rank percentile.

    Args:
        values: At least one number.
        p: Percentile, 0 to 100.
    """
    return sorted(values)[rank_of(p, len(values)) - 1]


def variance(values: Sequence[float]) -> float:
    """Returns the population variance of at least one value."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)
