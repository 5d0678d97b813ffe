"""Measure: the value of an objective's metric over the samples of a window, and the stream these samples come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum

import msgspec

from rohe_iac.observation.contract import ObjectiveSpec, ScopeSpec
from rohe_iac.observation.measuring.aggregates import aggregate
from rohe_iac.observation.measuring.expression import Expression
from rohe_iac.observation.reports.sample import Sample, SamplePart, number_of


class SampleStream(StrEnum):
    """A stream of samples; each objective measures one of them."""

    REPORTS = "reports"
    """Single reports, as they arrive."""
    ANSWERED = "answered"
    """Joined requests that have the report of a source and the report of an end."""
    SENT = "sent"
    """Joined requests that a source reported, answered or not."""
    PARTS = "parts"
    """The parts of answered requests, each with the request's truth."""


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One number of a window.

    Attributes:
        value: The number; None where no sample has a value.
        count: How many samples the number is made of.
    """

    value: float | None
    count: int


def stream_of(objective: ObjectiveSpec, custom_metrics: Mapping[str, Expression]) -> SampleStream:
    """Returns the stream that the objective measures.

    Args:
        objective: Objective of a contract.
        custom_metrics: Compiled metrics of the contract by name.
    """
    if objective.metric == "availability":
        return SampleStream.SENT
    if objective.scope.whole:
        return SampleStream.ANSWERED
    by_part = objective.metric == "accuracy" or objective.metric in custom_metrics
    return SampleStream.PARTS if by_part else SampleStream.REPORTS


def in_scope(scope: ScopeSpec, part: SamplePart) -> bool:
    """Checks whether the instance that reported the part is within the scope."""
    return (
        scope.service in ("", part.service)
        and scope.member in ("", part.member)
        and scope.instance in ("", part.instance)
        and scope.device in ("", part.node)
        and scope.model in ("", part.member, str(part.values.get("model", "")))
    )


def may_be_in_scope(scope: ScopeSpec, part: SamplePart) -> bool:
    """Checks whether an instance may report something within the scope; its reports may name any model.

    Args:
        scope: Scope of an objective.
        part: The instance, without values.
    """
    return in_scope(msgspec.structs.replace(scope, model=""), part)


Measure = Callable[[Sequence[Sample], float], Measurement]
"""Measures samples, given the window's length in seconds."""


def measure_of(objective: ObjectiveSpec, custom_metrics: Mapping[str, Expression]) -> Measure:
    """Returns the function that measures the objective's metric.

    Args:
        objective: Objective of a contract.
        custom_metrics: Compiled metrics of the contract by name.
    """
    if objective.metric in custom_metrics:
        expression = custom_metrics[objective.metric]
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
