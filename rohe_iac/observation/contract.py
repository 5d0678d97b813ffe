"""Contracts as an agent judges them: plain values in seconds, numbers and names, saved as canonical JSON."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.foundation.quantities import shown_measurement
from rohe_iac.foundation.user_modules import FUNCTION_BYTES

AGGREGATES = ("count", "sum", "mean", "min", "max", "rate", "ratio")
"""Names of aggregates besides percentiles."""

_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,3})?)")


class UnusableContract(RoheError):
    """A contract has an objective, a metric or a window that cannot be judged."""

    exit_code = ExitCode.INVALID


class WindowSpec(msgspec.Struct, frozen=True, kw_only=True):
    """Size and interval of windows: by time, by count, mixed, or sessions.

    Attributes:
        size_seconds: Length of a window by time; 0 for a window by count.
        size_count: Samples of a window by count; 0 for a window by time.
        every_seconds: Seconds between the ends of windows; equal to the size for tumbling windows.
        every_count: Samples between the ends of windows.
        session: Gap in seconds that ends a session window; 0 for the other kinds.
    """

    size_seconds: float = 0.0
    size_count: int = 0
    every_seconds: float = 0.0
    every_count: int = 0
    session: float = 0.0

    @property
    def text(self) -> str:
        """Returns the windows as people read them: `200 reports every 20 reports`."""
        if self.session:
            return f"session of {self.session:g}s"
        size = f"{self.size_count} reports" if self.size_count else f"{self.size_seconds:g}s"
        every = f"{self.every_count} reports" if self.every_count else f"{self.every_seconds:g}s"
        return size if size == every else f"{size} every {every}"


class ScopeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a pipeline that an objective is about; without any name the whole pipeline.

    Attributes:
        service: Name of a service.
        member: Name of a member of an ensemble.
        instance: Name of an instance.
        model: Name of a model, or of a member.
        device: Name of a node.
    """

    service: str = ""
    member: str = ""
    instance: str = ""
    model: str = ""
    device: str = ""

    @property
    def whole(self) -> bool:
        """Checks whether the scope is the whole pipeline, from source to end."""
        return not any((self.service, self.member, self.instance, self.model, self.device))

    @property
    def text(self) -> str:
        """Returns the scope as people read it: `service/classify/svm`, or `pipeline`."""
        if self.whole:
            return "pipeline"
        parts = [self.service, self.member or self.model]
        words = ["service/" + "/".join(part for part in parts if part)] if any(parts) else []
        words += [f"instance/{self.instance}"] if self.instance else []
        words += [f"node/{self.device}"] if self.device else []
        return " ".join(words)


class ObjectiveSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One objective of a contract.

    Attributes:
        name: Name, unique within the contract.
        metric: Name of the metric.
        scope: Part of the pipeline that is measured.
        aggregate: How the values of a window become one number.
        operator: Comparison of the number with the threshold: <, <=, >, >=, ==, != or between.
        low: Threshold in the unit that services report; lower bound of `between`.
        high: Upper bound of `between`; otherwise equal to `low`.
        window: Windows that are measured.
        min_samples: Samples below which `missing` decides.
        missing: Verdict of a window with too few samples: `broken`, `ok` (KEPT) or `freeze` (UNKNOWN).
        hold: Seconds that windows must be BROKEN until the objective is.
        clear: Seconds that windows must be KEPT until a BROKEN objective is KEPT again.
        action: Corrective action, `degrade` or none.
        cooldown: Seconds between two corrective actions.
        dry_run: Whether the action is only recorded.
        written: Threshold as in the contract, such as `90%`; "" where that is unknown.
        unit: Unit of the values, for people, as `shown_measurement` takes it.
    """

    name: str
    metric: str
    scope: ScopeSpec
    aggregate: str
    operator: str
    low: float
    high: float
    window: WindowSpec
    min_samples: int
    missing: str
    hold: float = 0.0
    clear: float = 0.0
    action: str = ""
    cooldown: float = 0.0
    dry_run: bool = False
    written: str = ""
    unit: str = ""

    @property
    def text(self) -> str:
        """Returns the objective as people read it: `p99 response_time <= 150ms`."""
        value = f"{self.low:g} and {self.high:g}" if self.operator == "between" else f"{self.low:g}"
        return f"{self.aggregate} {self.metric} {self.operator} {self.written or value}".removeprefix("mean ")

    def shown(self, value: float | None) -> str:
        """Returns a value of the objective with its unit as people read it."""
        return shown_measurement(value, self.unit)


class ProcessingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A user function that is run on every closed window.

    Attributes:
        function: `file.py:name` of the function.
        window: Windows that the function is run on.
        parser: `file.py:name` of a function that turns a report into samples; "" for none.
        features: Names of numbers that a sample must have.
        options: Keyword arguments of the function.
        memory: Bytes of memory that the processes of the function may have, Python and modules included.
    """

    function: str
    window: WindowSpec
    parser: str = ""
    features: tuple[str, ...] = ()
    memory: int = FUNCTION_BYTES
    options: dict[str, Any] = {}


class AgentContract(msgspec.Struct, frozen=True, kw_only=True):
    """A contract as an agent judges it.

    Attributes:
        name: Name of the contract.
        lateness: Seconds by which reports may be out of order.
        objectives: Objectives, with unique names.
        metrics: Expression trees of the contract's own metrics by name.
        processing: User functions to run.
        sinks: Sinks of the outcomes: a kind, or an object of a kind and its setting.
        tenant: Consumer of the contract.
        begins: From when windows are judged (seconds since the epoch); 0 for always.
        ends: Until when windows are judged (seconds since the epoch); 0 for always.
    """

    name: str
    lateness: float
    objectives: tuple[ObjectiveSpec, ...]
    metrics: dict[str, Any] = {}
    processing: tuple[ProcessingSpec, ...] = ()
    sinks: tuple[Any, ...] = ()
    tenant: str = ""
    begins: float = 0.0
    ends: float = 0.0


def percentile_of(aggregate: str) -> float | None:
    """Returns 99.9 for `p99.9`; None where the aggregate is no percentile."""
    match = _PERCENTILE.fullmatch(aggregate)
    return float(match[1]) if match is not None else None
