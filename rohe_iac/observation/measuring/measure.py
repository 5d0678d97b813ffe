"""Measure: the value of an objective's metric over the samples of a window, and the stream these samples come from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

import msgspec

from rohe_iac.observation.contract import ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.measuring.aggregates import aggregate
from rohe_iac.observation.measuring.expression import CompiledMetric
from rohe_iac.observation.measuring.selection import ANSWERED, Reading, SampleSelection, metric_reading
from rohe_iac.observation.measuring.summary import MAX_EXACT
from rohe_iac.observation.reports.sample import SamplePart

EXACT_PER_PANE = 256
"""Numbers of one interval of sliding windows up to which percentiles are exact, on average."""


MAX_ERROR = 1e6
"""Largest relative error that is stated."""


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
        error: Relative error of the number; 0 where it is exact.
    """

    value: float | None
    count: int
    error: float = 0.0


class LaneSpec(NamedTuple):
    """Which samples a lane has.

    Attributes:
        stream: Stream that they are of.
        scope: Scope that the instances which report them are in.
        with_accuracy: Whether they have an accuracy.
    """

    stream: SampleStream
    scope: ScopeSpec = ScopeSpec()
    with_accuracy: bool = False

    @property
    def name(self) -> str:
        """Returns a name that no other samples of a pipeline have."""
        scope = self.scope
        names = (scope.service, scope.member, scope.instance, scope.model, scope.device)
        return "/".join([self.stream.value, *names, "accuracy" if self.with_accuracy else ""])


def stream_of(objective: ObjectiveSpec, custom_metrics: Mapping[str, CompiledMetric]) -> SampleStream:
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


def group_of(scope: ScopeSpec) -> str:
    """Returns the name of the group of clients that report within a scope; "" for every client."""
    return "" if scope.whole else f"{scope.service}/{scope.member}/{scope.instance}/{scope.device}"


def may_be_in_scope(scope: ScopeSpec, part: SamplePart) -> bool:
    """Checks whether an instance may report something within the scope; its reports may name any model.

    Args:
        scope: Scope of an objective.
        part: The instance, without values.
    """
    return in_scope(msgspec.structs.replace(scope, model=""), part)


@dataclass(frozen=True, slots=True)
class Measure:
    """How an objective's metric is measured.

    Attributes:
        readings: What is read from each sample.
        of: Measures samples, given the window's length in seconds.
    """

    readings: tuple[Reading, ...]
    of: Callable[[SampleSelection, float], Measurement]


def measure_of(objective: ObjectiveSpec, custom_metrics: Mapping[str, CompiledMetric]) -> Measure:
    """Returns how the objective's metric is measured.

    Args:
        objective: Objective of a contract.
        custom_metrics: Compiled metrics of the contract by name.
    """
    if objective.metric in custom_metrics:
        return _measure_of_expression(custom_metrics[objective.metric])
    if objective.metric in ("throughput", "rate"):
        return Measure(
            (),
            lambda samples, seconds: Measurement(
                value=samples.count / seconds if seconds > 0 else None, count=samples.count
            ),
        )
    available = objective.metric == "availability"
    reading = ANSWERED if available else metric_reading(objective.metric)
    name = "mean" if available else objective.aggregate
    max_exact = max(MAX_EXACT, EXACT_PER_PANE * panes_of(objective.window))

    def measure(samples: SampleSelection, seconds: float) -> Measurement:
        numbers = samples.numbers(reading)
        value, error = aggregate(name, numbers, seconds, max_exact)
        return Measurement(value=value, count=numbers.count, error=error)

    return Measure((reading,), measure)


def _measure_of_expression(expression: CompiledMetric) -> Measure:
    def measure(samples: SampleSelection, _: float) -> Measurement:
        value, error = expression.estimate(samples) if samples.count else (None, 0.0)
        relative = min(error / abs(value), MAX_ERROR) if value else float(error > 0)
        return Measurement(value=value, count=samples.count, error=relative)

    return Measure(expression.readings, measure)


def panes_of(window: WindowSpec) -> int:
    """Returns how many intervals the longest stretch of a window by time has; 1 for all other windows."""
    if window.size_seconds and window.every_seconds:
        return max(1, math.ceil(window.size_seconds / window.every_seconds))
    return 1
