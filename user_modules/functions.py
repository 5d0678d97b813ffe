"""Functions that ship as examples: `name(samples, **options) -> {measurement: number}`, run on every closed window.

`feature` is the name of the number of a sample that is looked at; samples without it are passed over.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

Samples = Sequence[Mapping[str, Any]]
Measurements = dict[str, float]


def mean(samples: Samples, feature: str = "response_time") -> Measurements:
    """Mean and population standard deviation."""
    values = _values(samples, feature)
    if not values:
        return {}
    middle = math.fsum(values) / len(values)
    spread = math.sqrt(math.fsum((value - middle) ** 2 for value in values) / len(values))
    return {"mean": middle, "deviation": spread}


def percentile(samples: Samples, feature: str = "response_time", p: float = 99.0) -> Measurements:
    """The value of rank ceil(p/100 * n), p in 0 to 100."""
    values = sorted(_values(samples, feature))
    if not values:
        return {}
    rank = math.ceil(p / 100 * len(values))
    return {f"p{p:g}": values[max(0, min(rank, len(values)) - 1)]}


def rate(samples: Samples) -> Measurements:
    """Samples a second between the first and the last one."""
    times = _values(samples, "time")
    span = max(times) - min(times) if times else 0.0
    return {"rate": (len(times) - 1) / span} if span > 0 else {}


def page_hinkley(
    samples: Samples, feature: str = "confidence", delta: float = 0.005, threshold: float = 1.0
) -> Measurements:
    """Whether the mean of the feature fell within the window, by the test of Page and Hinkley.

    delta: how much smaller counts as no change. threshold: how much fallen in all counts as drift.
    Gives `fallen` (how much in all) and `drift` (1 or 0). Source: E. S. Page, Continuous inspection schemes,
    Biometrika 41 (1954).
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
    found = (sample.get(feature) for sample in samples)
    return [float(value) for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
