"""Derived samples: what is read from samples that are made up from those of a lane, kept in columns beside them.

Explanations ask again and again what single members would have answered: for each objective, and for windows that
overlap. The answer is worked out once for each block of a lane.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from rohe_iac.observation.measuring.columns import Floats
from rohe_iac.observation.measuring.lane import Lane, LaneSelection
from rohe_iac.observation.measuring.selection import Reading, without_gaps
from rohe_iac.observation.measuring.summary import Numbers, Summary
from rohe_iac.observation.reports.sample import Sample

Derivation = Callable[[Sequence[Sample]], Mapping[str, Sequence[Sample]]]
"""Returns samples that are made up from others, by name."""


class _Columns(NamedTuple):
    """How many samples there are, and what is read from them, one column without gaps a reading."""

    samples: int
    numbers: tuple[Floats, ...]


class DerivedSelection:
    """Made-up samples, in parts of which only what is read from them is known."""

    def __init__(self, lane: Lane) -> None:
        """Begins without samples; they are made up from those of `lane`."""
        self._lane, self._parts = lane, list[_Columns]()

    @property
    def count(self) -> int:
        """Returns how many samples there are."""
        return sum(part.samples for part in self._parts)

    def numbers(self, reading: Reading) -> Numbers:
        """Returns the numbers that are read from the samples, without those that have none."""
        place = self._lane.column(reading)
        return Numbers([Summary(part.numbers[place]) for part in self._parts])

    def append(self, part: _Columns) -> None:
        """Adds the next samples."""
        self._parts.append(part)


def derive(samples: LaneSelection, derivations: Mapping[str, Derivation]) -> dict[str, dict[str, DerivedSelection]]:
    """Makes samples up from those of a lane that keeps records.

    Args:
        samples: Samples of the lane.
        derivations: Derivations by a name that no other derivation from the lane has.

    Returns:
        The made-up samples, by name of the derivation and their own name.
    """
    readings = samples.lane.readings
    found: dict[str, dict[str, DerivedSelection]] = {name: {} for name in derivations}
    for number, start, end, decode in samples.records():
        cache = samples.lane.derived.setdefault(number, {})
        records: list[Sample] | None = None
        for name, derivation in derivations.items():
            span, columns = cache.get(name, (None, {}))
            if span != (start, end):
                if records is None:
                    records = decode()
                columns = {own: _columns_of(made, readings) for own, made in derivation(records).items()}
                cache[name] = ((start, end), columns)
            for own, part in columns.items():
                found[name].setdefault(own, DerivedSelection(samples.lane)).append(part)
    return found


def _columns_of(samples: Sequence[Sample], readings: Sequence[Reading]) -> _Columns:
    return _Columns(len(samples), tuple(Floats(without_gaps(map(reading.read, samples))) for reading in readings))
