"""The contract that an agent judges: plain values in seconds, numbers and names, saved as canonical JSON."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from rohe_iac.foundation.errors import ExitCode, RoheError

AGGREGATES = ("count", "sum", "mean", "min", "max", "rate", "ratio")


PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,3})?)")


_COUNT = re.compile(r"(\d+)\s*(?:reports?|requests?|samples?)")


class UnusableContract(RoheError):
    """A contract says something that cannot be judged."""

    exit_code = ExitCode.INVALID


class WindowSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A span by time (seconds) or by count (samples), and how often it closes; or a session that ends after a gap."""

    size_seconds: float = 0.0
    size_count: int = 0
    every_seconds: float = 0.0
    every_count: int = 0
    session: float = 0.0

    @property
    def text(self) -> str:
        """As people read it: `200 reports every 20 reports`."""
        if self.session:
            return f"session of {self.session:g}s"
        size = f"{self.size_count} reports" if self.size_count else f"{self.size_seconds:g}s"
        every = f"{self.every_count} reports" if self.every_count else f"{self.every_seconds:g}s"
        return size if size == every else f"{size} every {every}"


class ScopeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What an objective is about; all empty: the whole pipeline."""

    service: str = ""
    member: str = ""
    instance: str = ""
    model: str = ""
    device: str = ""

    @property
    def whole(self) -> bool:
        """Whether it is the whole pipeline, source to sink."""
        return not any((self.service, self.member, self.instance, self.model, self.device))

    @property
    def text(self) -> str:
        """As people read it: `service/classify/svm`, or `pipeline`."""
        if self.whole:
            return "pipeline"
        parts = [self.service, self.member or self.model]
        words = ["service/" + "/".join(part for part in parts if part)] if any(parts) else []
        words += [f"instance/{self.instance}"] if self.instance else []
        words += [f"node/{self.device}"] if self.device else []
        return " ".join(words)


class ObjectiveSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a contract. low and high are equal but for `between`; hold and clear in seconds."""

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

    @property
    def text(self) -> str:
        """As people read it: `p99 response_time <= 2`."""
        value = f"{self.low:g} and {self.high:g}" if self.operator == "between" else f"{self.low:g}"
        return f"{self.aggregate} {self.metric} {self.operator} {value}".removeprefix("mean ")


class ProcessingSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A user's parser and function (`file.py:name`), run on every closed window."""

    function: str
    window: WindowSpec
    parser: str = ""
    features: tuple[str, ...] = ()
    options: dict[str, Any] = {}


class ContractSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A contract. begins and ends: seconds since the epoch, 0 for open; lateness in seconds."""

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
    """99.9 for `p99.9`; None where the aggregate is no percentile."""
    match = PERCENTILE.fullmatch(aggregate)
    return float(match[1]) if match is not None else None
