"""Selection: some samples of a lane, or samples that were made up, and the numbers that are read from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from rohe_iac.observation.measuring.summary import Numbers, Summary
from rohe_iac.observation.reports.sample import Sample, number_of


class Reading(NamedTuple):
    """What number is read from a sample.

    Attributes:
        key: Identity: readings of equal keys read equal numbers.
        read: Returns the number of a sample; NaN where it has none.
        ordered: Whether what is made of the numbers depends on their order.
        squared: Whether the sum of the squares of the numbers is needed too.
    """

    key: tuple[Any, ...]
    read: Callable[[Sample], float]
    ordered: bool = False
    squared: bool = False


def metric_reading(name: str) -> Reading:
    """Returns the reading of a value of samples by its name."""

    def read(sample: Sample) -> float:
        number = number_of(sample.values.get(name))
        return number if number is not None else math.nan

    return Reading(("metric", name), read)


ANSWERED = Reading(("answered",), lambda sample: float(bool(sample.values.get("answered"))))
"""Whether a request was answered, as 1 or 0."""


class SampleSelection(Protocol):
    """Samples in order."""

    @property
    def count(self) -> int:
        """Returns how many samples there are."""
        ...

    def numbers(self, reading: Reading) -> Numbers:
        """Returns the numbers that are read from the samples, without those that have none."""
        ...


class SampleList:
    """Samples that are at hand as such.

    Attributes:
        samples: The samples.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = samples

    @property
    def count(self) -> int:
        """Returns how many samples there are."""
        return len(self.samples)

    def numbers(self, reading: Reading) -> Numbers:
        """Returns the numbers that are read from the samples, without those that have none."""
        return Numbers([Summary(without_gaps(map(reading.read, self.samples)))])


def without_gaps(values: Iterable[float]) -> list[float]:
    """Returns the numbers among values: all but NaN, which alone is not equal to itself."""
    return [value for value in values if value == value]
