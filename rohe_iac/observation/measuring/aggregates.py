"""Aggregates: one number from the numbers of a window."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rohe_iac.observation.contract import percentile_of


def aggregate(name: str, values: Sequence[float], seconds: float) -> float | None:
    """Returns an aggregate of `values`.

    Args:
        name: count, sum, mean, min, max, rate (values a second), ratio (share of values other than 0) or a percentile
            such as p50 or p99.9 (exact, nearest rank, ISO 3534-1).
        values: Numbers of the window.
        seconds: Length of the window.

    Returns:
        The number; None where the aggregate is undefined for no value or no length.

    Raises:
        ValueError: The name is no aggregate.
    """
    if name == "count":
        return float(len(values))
    if name == "rate":
        return len(values) / seconds if seconds > 0 else None
    if not values:
        return None
    if name == "sum":
        return math.fsum(values)
    if name == "mean":
        return math.fsum(values) / len(values)
    if name == "min":
        return min(values)
    if name == "max":
        return max(values)
    if name == "ratio":
        return sum(value != 0 for value in values) / len(values)
    p = percentile_of(name)
    if p is None:
        raise ValueError(f"'{name}' is no aggregate")
    return percentile(values, p)


def percentile(values: Sequence[float], p: float) -> float:
    """Returns the value of rank ceil(p/100 * n), the nearest-rank percentile.

    Args:
        values: At least one number.
        p: Percentile, 0 to 100.
    """
    ordered = sorted(values)
    rank = math.ceil(round(p / 100 * len(ordered), 9))
    return ordered[max(0, min(len(ordered), rank) - 1)]


def variance(values: Sequence[float]) -> float:
    """Returns the population variance of at least one value."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)
