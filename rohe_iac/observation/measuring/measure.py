"""Measure: what an objective's metric is worth over the samples of a window, and from which samples it is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from rohe_iac.observation.contract import ObjectiveSpec, ScopeSpec
from rohe_iac.observation.measuring.aggregates import aggregate
from rohe_iac.observation.measuring.expression import Expression
from rohe_iac.observation.reports.sample import Part, Sample, number_of


class Feed(StrEnum):
    """Which samples an objective looks at."""

    REPORTS = "reports"
    """Single reports, as they come."""
    ANSWERED = "answered"
    """Joined requests that have both a source's and an end's report."""
    SENT = "sent"
    """Joined requests that a source reported, answered or not."""
    PARTS = "parts"
    """The parts of answered requests, each told what was true."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a window, and how many samples it was taken from; value None: there was nothing to measure."""

    value: float | None
    count: int


def feed_of(objective: ObjectiveSpec, own: Mapping[str, Expression]) -> Feed:
    """Where the objective's samples come from."""
    if objective.metric == "availability":
        return Feed.SENT
    if objective.scope.whole:
        return Feed.ANSWERED
    return Feed.PARTS if objective.metric == "accuracy" or objective.metric in own else Feed.REPORTS


def in_scope(scope: ScopeSpec, part: Part) -> bool:
    """Whether what an instance said is what the scope is about."""
    return (
        scope.service in ("", part.service)
        and scope.member in ("", part.member)
        and scope.instance in ("", part.instance)
        and scope.device in ("", part.node)
        and scope.model in ("", part.member, str(part.values.get("model", "")))
    )


Measure = Callable[[Sequence[Sample], float], Measurement]
"""Takes the samples and the window's length in seconds."""


def measure_of(objective: ObjectiveSpec, own: Mapping[str, Expression]) -> Measure:
    """What measures the objective's metric; `own` are the contract's compiled metrics."""
    if objective.metric in own:
        expression = own[objective.metric]
        return lambda samples, _: Measurement(value=expression(samples) if samples else None, count=len(samples))
    if objective.metric == "availability":
        return lambda samples, _: Measurement(
            value=aggregate("mean", [float(bool(sample.values.get("answered"))) for sample in samples], 0.0),
            count=len(samples),
        )
    if objective.metric in ("throughput", "rate"):
        return lambda samples, seconds: Measurement(
            value=aggregate("rate", [0.0] * len(samples), seconds), count=len(samples)
        )

    def measure(samples: Sequence[Sample], seconds: float) -> Measurement:
        values = [
            number for sample in samples if (number := number_of(sample.values.get(objective.metric))) is not None
        ]
        return Measurement(value=aggregate(objective.aggregate, values, seconds), count=len(values))

    return measure
