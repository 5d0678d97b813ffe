"""What an agent judges, in normalised form: seconds, numbers and names, readable from canonical JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from rohe_iac.foundation import quantities
from rohe_iac.foundation.errors import ExitCode, RoheError

if TYPE_CHECKING:
    from rohe_iac.blueprint.contract import Objective as WrittenObjective
    from rohe_iac.blueprint.contract import ObservationContract
    from rohe_iac.blueprint.contract import Window as WrittenWindow
    from rohe_iac.blueprint.pipeline import Pipeline

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


def contract_spec(contract: ObservationContract, pipeline: Pipeline) -> ContractSpec:
    """The normalised form of a contract about a pipeline: thresholds are in the units that its services report.

    Errors: UnusableContract.
    """
    # An agent reads what this makes and never makes it: it is spared the language's models.
    from rohe_iac.blueprint.metric_units import unit_of
    from rohe_iac.blueprint.offer import offer_of

    offer = offer_of(pipeline)
    spec, name = contract.spec, contract.metadata.name
    try:
        return ContractSpec(
            name=name,
            lateness=spec.lateness,
            objectives=_named(
                [_objective(written, unit_of(written, spec.metrics, offer)) for written in spec.objectives]
            ),
            metrics=spec.metrics,
            processing=tuple(
                ProcessingSpec(
                    function=written.function,
                    parser=written.parser or "",
                    features=written.features,
                    options=written.options,
                    window=window_spec(written.window),
                )
                for written in spec.processing
            ),
            sinks=spec.sinks,
            tenant=spec.tenant or "",
            begins=_moment(spec.effective.from_),
            ends=_moment(spec.effective.to),
        )
    except ValueError as error:
        raise UnusableContract(f"contract '{name}' cannot be judged: {error}") from error


def window_spec(written: WrittenWindow) -> WindowSpec:
    """The normalised form of a window. Errors: ValueError with what was expected."""
    if written.session:
        return WindowSpec(session=written.session)
    if written.size is None:
        raise ValueError("a window needs a size such as 5m or '200 reports', or a session")
    seconds, count = _span(written.size)
    every_seconds, every_count = _span(written.every) if written.every is not None else (seconds, count)
    if not (seconds or count) or not (every_seconds or every_count):
        raise ValueError("a window of no length holds nothing")
    return WindowSpec(size_seconds=seconds, size_count=count, every_seconds=every_seconds, every_count=every_count)


def percentile_of(aggregate: str) -> float | None:
    """99.9 for `p99.9`; None where the aggregate is no percentile."""
    match = PERCENTILE.fullmatch(aggregate)
    return float(match[1]) if match is not None else None


def _span(text: str) -> tuple[float, int]:
    match = _COUNT.fullmatch(text.strip())
    if match is not None:
        return 0.0, int(match[1])
    return quantities.seconds(text), 0


def _moment(moment: datetime | None) -> float:
    if moment is None:
        return 0.0
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _objective(written: WrittenObjective, unit: str) -> ObjectiveSpec:
    """unit: of what is measured, "" where nobody can tell."""
    from rohe_iac.blueprint.metric_units import in_unit

    if written.aggregate not in AGGREGATES and percentile_of(written.aggregate) is None:
        raise ValueError(f"'{written.aggregate}' is no aggregate; aggregates: {', '.join(AGGREGATES)}, p50 to p99.9")
    bounds = [in_unit(bound, unit) for bound in written.bounds]
    low, high = bounds[0], bounds[-1]
    scope = ScopeSpec(**{key: value or "" for key, value in written.scope.model_dump().items()})
    words = [] if written.aggregate == "mean" else [written.aggregate]
    words += [part for part in (scope.service, scope.member, scope.model, scope.instance, scope.device) if part]
    made = re.sub(r"[^a-z0-9]+", "-", "-".join([*words, written.metric]).lower()).strip("-")
    action = written.on_violation
    return ObjectiveSpec(
        name=written.name or made[:63].strip("-"),
        metric=written.metric,
        scope=scope,
        aggregate=written.aggregate,
        operator=written.operator,
        low=low,
        high=high,
        window=window_spec(written.window),
        min_samples=written.min_samples,
        missing=written.missing,
        hold=written.for_,
        clear=written.clear,
        action=action.action if action is not None else "",
        cooldown=action.cooldown if action is not None else 0.0,
        dry_run=action.dry_run if action is not None else False,
    )


def _named(objectives: list[ObjectiveSpec]) -> tuple[ObjectiveSpec, ...]:
    seen: dict[str, int] = {}
    named = []
    for objective in objectives:
        seen[objective.name] = seen.get(objective.name, 0) + 1
        count = seen[objective.name]
        named.append(objective if count == 1 else msgspec.structs.replace(objective, name=f"{objective.name}-{count}"))
    return tuple(named)
