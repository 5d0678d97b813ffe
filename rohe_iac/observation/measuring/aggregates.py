"""Aggregates: from the numbers of a window to one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rohe_iac.observation.contract import percentile_of


def aggregate(name: str, values: Sequence[float], seconds: float) -> float | None:
    """One number of `values`: count sum mean min max rate ratio p50 to p99.9; None where there is none.

    rate: values a second over the window's `seconds`; ratio: the share of values other than 0.
    Percentiles are exact, nearest rank (ISO 3534-1).
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
    """The value of rank ceil(p/100 * n); at least one value, p in 0 to 100."""
    ordered = sorted(values)
    rank = math.ceil(round(p / 100 * len(ordered), 9))
    return ordered[max(0, min(len(ordered), rank) - 1)]


def variance(values: Sequence[float]) -> float:
    """The population variance; at least one value."""
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)
