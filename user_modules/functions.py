"""Functions that ship as examples: `name(samples, **options) -> {measurement: number}`, run on every closed window.

`feature` names the number of a sample that is measured; samples without it are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Samples = Sequence[Mapping[str, Any]]
Measurements = dict[str, float]


def mean(samples: Samples, feature: str = "response_time") -> Measurements:
    """Returns `mean` and `deviation` (population standard deviation)."""
    values = _values(samples, feature)
    if not values:
        return {}
    middle = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - middle) ** 2 for value in values) / len(values))
    return {"mean": middle, "deviation": spread}


def percentile(samples: Samples, feature: str = "response_time", p: float = 99.0) -> Measurements:
    """Returns the value of rank ceil(p/100 * n) as, for example, `p99`; `p` is in 0 to 100."""
    values = sorted(_values(samples, feature))
    if not values:
        return {}
    rank = math.ceil(p / 100 * len(values))
    return {f"p{p:g}": values[max(0, min(rank, len(values)) - 1)]}


def rate(samples: Samples) -> Measurements:
    """Returns `rate`, the samples a second between the first and the last one."""
    times = _values(samples, "time")
    span = max(times) - min(times) if times else 0.0
    return {"rate": (len(times) - 1) / span} if span > 0 else {}


def page_hinkley(
    samples: Samples, feature: str = "confidence", delta: float = 0.005, threshold: float = 1.0
) -> Measurements:
    """Tests whether the mean of the feature fell within the window (Page-Hinkley test).

    Source: E. S. Page, Continuous inspection schemes, Biometrika 41 (1954).

    Args:
        samples: Samples of the window.
        feature: Name of the number to test.
        delta: Decrease that counts as no change.
        threshold: Cumulated decrease that counts as drift.

    Returns:
        `fallen`, the cumulated decrease, and `drift`, 1 or 0.
    """
    values = _values(samples, feature)
    mean_so_far = total = lowest = greatest = 0.0
    for count, value in enumerate(values, 1):
        mean_so_far += (value - mean_so_far) / count
        total += mean_so_far - value - delta
        lowest = min(lowest, total)
        greatest = max(greatest, total - lowest)
    return {"fallen": greatest, "drift": float(greatest > threshold)} if values else {}


def _values(samples: Samples, feature: str) -> list[float]:
    values = (sample.get(feature) for sample in samples)
    return [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
