"""Units of thresholds of QoA4ML: those of rohe's own metrics are converted, those of reported metrics are told."""

from __future__ import annotations

from fractions import Fraction

from rohe_iac.blueprint.linked.metric_units import BUILT_IN
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.objectives import (
    RATIOS,
    Bound,
    Bounds,
    as_milliseconds,
    as_percent,
    plain_number,
    ratio_bounds,
)

PERCENT = ("%", "percent", "percentage")

REPORTED = (
    "an objective has the unit of the reports: services have to report the metric in '{}', and may say so under "
    "reports.metrics"
)


def with_unit(place: Field, metric: str, bounds: Bounds, unit: Field | None) -> Bounds:
    """Returns the bounds in the metric's own unit; only rohe's own metrics have units that are known.

    The bounds of a metric that services report stay as they are, and the unit is dropped with what that means: QoA4ML
    clients report 99.5 for 99.5 %.

    Args:
        place: The field that a note is about.
        metric: The name of the metric.
        bounds: The threshold, or both of them, as written.
        unit: The field of the unit; None where there is none.
    """
    if metric not in BUILT_IN and unit is not None and unit.text:
        unit.drop(REPORTED.format(unit.text[:20]))
    if metric in RATIOS and (unit is None or not unit.text):
        return ratio_bounds(bounds, place)
    if isinstance(bounds, list):
        return [_bound_with_unit(metric, bound, unit) for bound in bounds]
    return _bound_with_unit(metric, bounds, unit)


def _bound_with_unit(metric: str, bound: Bound, unit: Field | None) -> Bound:
    if isinstance(bound, str) or metric not in BUILT_IN:
        return bound
    word = unit.text.lower() if unit is not None else ""
    number = Fraction(str(bound))
    if metric in RATIOS:
        return as_percent(number) if word in PERCENT else bound
    if metric == "throughput":
        return f"{plain_number(number * _PER_SECOND.get(loose_spelling(word), 1))}/s"
    if unit is not None and word not in _MILLISECONDS:
        unit.drop("not a unit of time; seconds are taken")
    return as_milliseconds(number * _MILLISECONDS.get(word, 1000))


_MILLISECONDS = {
    **dict.fromkeys(("ns", "nanoseconds"), Fraction(1, 10**6)),
    **dict.fromkeys(("us", "\u00b5s", "microseconds"), Fraction(1, 1000)),
    **dict.fromkeys(("ms", "msec", "millisecond", "milliseconds"), Fraction(1)),
    **dict.fromkeys(("s", "sec", "second", "seconds"), Fraction(1000)),
    **dict.fromkeys(("m", "min", "minute", "minutes"), Fraction(60_000)),
    **dict.fromkeys(("h", "hour", "hours"), Fraction(3_600_000)),
}
"""Milliseconds in each unit of time."""


_PER_SECOND = {
    loose_spelling(f"{noun}{sign}{unit}"): Fraction(1, seconds)
    for noun in ("", "request", "requests", "req", "r")
    for sign in ("/", " per ", "p")
    for unit, seconds in (("m", 60), ("min", 60), ("minute", 60), ("h", 3600), ("hour", 3600))
}
"""Requests a second in each unit of a rate, by loose spelling; any other unit counts as requests a second."""
