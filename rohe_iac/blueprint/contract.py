"""ObservationContract: what a pipeline promises, how it is measured and what is done when it breaks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict, WithJsonSchema, model_validator

from rohe_iac.blueprint.amounts import Amount, Length, amount_of, length_of
from rohe_iac.blueprint.base import EMPTY, NUMBER, Flag, Metadata, Model, Name, Ratio, Seconds, fault
from rohe_iac.blueprint.expression import RawExpression
from rohe_iac.blueprint.habits import VALUES
from rohe_iac.foundation.user_modules import split_reference

Operator = Literal["<", "<=", ">", ">=", "==", "between"]
ActionName = Literal["alert", "degrade", "reroute", "reject"]
AGGREGATES = ("count", "sum", "mean", "min", "max", "rate", "ratio")


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, str):
            return _moment(datetime.fromisoformat(value))
    except ValueError:
        pass
    raise fault("R115", f"{value!r:.40} is not a moment", "write it as 2026-01-01T00:00:00Z")


def _length(value: object) -> object:
    if value is not None:
        length_of(value)
    return value


def _aggregate(text: str) -> str:
    match = re.fullmatch(r"p(\d{1,2}(?:\.\d{1,3})?)", text)
    if text not in AGGREGATES and (match is None or not 0 < float(match[1]) < 100):
        known = f"aggregates: {', '.join(AGGREGATES)}, p50, p99, p99.9"
        hint = f"did you mean '{VALUES[text]}'? ({known})" if text in VALUES else known
        raise fault("R124", f"'{text[:40]}' is not an aggregate", hint)
    return text


def _reference(text: str) -> str:
    try:
        split_reference(text)
    except ValueError as error:
        raise fault("R125", str(error), "write it as user_modules/functions.py:name") from None
    return text


def _action(value: object) -> object:
    return {"action": value} if isinstance(value, str) else value


def _sink(value: Any) -> Any:
    plain, mapped = ("store", "prometheus"), ("jsonl", "mqtt", "parquet")
    if isinstance(value, str) and value in plain:
        return value
    if isinstance(value, dict) and len(value) == 1:
        name, where = next(iter(value.items()))
        if name in mapped and isinstance(where, str) and where:
            return value
    found = f"'{value[:40]}'" if isinstance(value, str) else type(value).__name__
    if isinstance(value, dict):
        found = f"{{{', '.join(value)[:40]}}}"
    raise fault(
        "R126",
        f"expected a sink, found {found}",
        "sinks: store, prometheus, {jsonl: FOLDER}, {mqtt: TOPIC}, {parquet: FOLDER}",
    )


def _value(value: Any) -> Any:
    for part in value if isinstance(value, list | tuple) else (value,):
        amount_of(part)
    return value


Moment = Annotated[datetime, BeforeValidator(_moment), WithJsonSchema({"type": "string", "format": "date-time"})]
LengthText = Annotated[
    str,
    BeforeValidator(_length),
    WithJsonSchema({"type": "string", "pattern": rf"{NUMBER}(us|ms|s|m|h|d|w)\s*$|^\s*\d+\s+reports?\s*$"}),
]
Aggregate = Annotated[str, AfterValidator(_aggregate)]
Reference = Annotated[str, AfterValidator(_reference)]
if TYPE_CHECKING:
    RawSink = Any
    RawAmount = Any
else:
    _AMOUNT = {
        "anyOf": [
            {"type": "number"},
            {"type": "string", "pattern": r"^\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?\s*[A-Za-z%/]*\s*$"},
        ]
    }
    RawSink = Annotated[
        Any,
        AfterValidator(_sink),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": ["store", "prometheus"]},
                    {
                        "type": "object",
                        "properties": {name: {"type": "string"} for name in ("jsonl", "mqtt", "parquet")},
                        "additionalProperties": False,
                        "minProperties": 1,
                        "maxProperties": 1,
                    },
                ]
            }
        ),
    ]
    RawAmount = Annotated[
        Any,
        AfterValidator(_value),
        WithJsonSchema(
            {"anyOf": [*_AMOUNT["anyOf"], {"type": "array", "items": _AMOUNT, "minItems": 2, "maxItems": 2}]}
        ),
    ]


class Effective(Model):
    """The span in which a contract holds, [from, to)."""

    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Effective:
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise fault("R127", "'to' is not after 'from'", "the contract would never hold")
        return self


class Scope(Model):
    """What of the pipeline an objective is about; absent: the whole pipeline, source to sink."""

    service: str | None = None
    member: str | None = None
    instance: str | None = None
    model: str | None = None
    device: str | None = None


class Window(Model):
    """A span of samples. size and every are a time (`5m`) or a number of reports (`100 reports`); or a session gap."""

    size: LengthText | None = None
    every: LengthText | None = None
    session: Annotated[Seconds, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Window:
        if (self.size is None) == (self.session is None):
            raise fault("R121", "a window has either a size or a session gap", "write {size: 5m} or {session: 30s}")
        if self.session is not None and self.every is not None:
            raise fault("R121", "a session window closes by its gap, so it has no 'every'", "leave 'every' out")
        size, every = self.size_length, self.every_length
        if size is not None and every is not None:
            by_time = every.seconds is not None and size.seconds is not None and every.seconds > size.seconds
            by_count = every.reports is not None and size.reports is not None and every.reports > size.reports
            if by_time or by_count:
                raise fault(
                    "R121",
                    f"every {self.every} leaves gaps between windows of {self.size}",
                    "let 'every' be at most 'size'",
                )
        return self

    @property
    def size_length(self) -> Length | None:
        """How long the window is; None for a session window."""
        return None if self.size is None else length_of(self.size)

    @property
    def every_length(self) -> Length | None:
        """How often a window closes; absent: windows follow each other (as long as `size`)."""
        return self.size_length if self.every is None else length_of(self.every)


class Action(Model):
    """What is done on a violation, at most once a `cooldown` (seconds)."""

    action: ActionName
    cooldown: Seconds = 0.0
    dry_run: Flag = False


class BurnRate(Model):
    """An alert when the error budget burns `factor` times too fast over both windows (Google SRE Workbook, ch. 5)."""

    long: Seconds
    short: Seconds
    factor: Annotated[float, Strict(), Field(gt=0, le=1e6)]

    @model_validator(mode="after")
    def _in_order(self) -> BurnRate:
        if self.short >= self.long:
            raise fault("R128", "the short window is not shorter than the long one")
        return self


class Objective(Model):
    """One line of a contract. `value` is a number, a quantity or, for `between`, a pair; `bounds` reads it."""

    name: Name | None = None
    metric: str
    scope: Scope = Scope.model_construct()
    aggregate: Aggregate = "mean"
    operator: Operator
    value: RawAmount
    window: Window
    min_samples: Annotated[int, Strict(), Field(ge=1, le=10**9)] = 1
    missing: Literal["freeze", "broken", "ok"] = "freeze"
    for_: Annotated[Seconds, Field(alias="for")] = 0.0
    clear: Seconds = 0.0
    target: Ratio | None = None
    budget_window: Seconds | None = None
    burn_rates: tuple[BurnRate, ...] = ()
    on_violation: Annotated[Action, BeforeValidator(_action)] | None = None

    @property
    def bounds(self) -> tuple[Amount, ...]:
        """The threshold, or for `between` the lower and the upper one, in base units."""
        return tuple(
            amount_of(part) for part in (self.value if isinstance(self.value, list | tuple) else (self.value,))
        )

    @model_validator(mode="after")
    def _agrees(self) -> Objective:
        bounds = self.bounds
        if self.operator == "between":
            # A bare number is a ratio as well, and 0 is of every unit.
            kinds = {bound.kind.replace("ratio", "number") for bound in bounds if bound.value != 0}
            if len(bounds) != 2 or bounds[0].value > bounds[1].value or len(kinds) > 1:
                raise fault("R129", "'between' needs [low, high] of one unit", "write value: [0.2, 0.8]")
        elif len(bounds) != 1:
            raise fault("R129", f"'{self.operator}' needs one value, found {len(bounds)}", "a pair goes with 'between'")
        if self.target is not None and not 0 < self.target < 1:
            raise fault("R130", "a target is above 0% and below 100%", "100% leaves no budget: leave target out")
        if self.target is None and (self.budget_window is not None or self.burn_rates):
            raise fault(
                "R130",
                "budgetWindow and burnRates say how a target is spent, and there is no target",
                "add target: 99%",
            )
        return self


class Processing(Model):
    """A user's parser and function, run on every closed window."""

    parser: Reference | None = None
    function: Reference
    features: tuple[str, ...] = ()
    window: Window
    options: dict[str, Any] = EMPTY


class ContractSpec(Model):
    """The promise about one pipeline. `metrics` are expression trees of the consumer's own."""

    pipeline: str
    tenant: str | None = None
    effective: Effective = Effective.model_construct()
    lateness: Seconds = 2.0
    metrics: dict[str, RawExpression] = EMPTY
    objectives: tuple[Objective, ...] = ()
    processing: tuple[Processing, ...] = ()
    sinks: tuple[RawSink, ...] = ("store",)


class ObservationContract(Model):
    """A document of kind ObservationContract."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["ObservationContract"] = "ObservationContract"
    metadata: Metadata
    spec: ContractSpec
