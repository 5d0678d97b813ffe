"""ObservationContract: what a pipeline promises, how it is measured and what is done when it breaks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, WithJsonSchema, model_validator
from pydantic.config import JsonDict

from rohe_iac.blueprint.hints.foreign_terms import VALUES
from rohe_iac.blueprint.hints.writing import quoted_text
from rohe_iac.blueprint.language.amounts import Amount, Length, amount_of, length_of
from rohe_iac.blueprint.language.base import (
    EMPTY,
    NUMBER,
    Days,
    Flag,
    Metadata,
    Model,
    Name,
    Ratio,
    RepositoryPath,
    Seconds,
    allow_mapping_by_name,
    fault,
    schema_requiring,
    schema_requiring_one,
)
from rohe_iac.blueprint.language.metric_expression import RawExpression
from rohe_iac.blueprint.language.promises.effective import Effective
from rohe_iac.blueprint.language.promises.function_memory import FunctionBytes
from rohe_iac.blueprint.language.promises.subject import Subject
from rohe_iac.foundation.user_modules import FUNCTION_BYTES, split_reference

Operator = Literal["<", "<=", ">", ">=", "==", "between"]


ActionName = Literal["alert", "degrade", "reroute", "reject"]


AGGREGATES = ("count", "sum", "mean", "min", "max", "rate", "ratio")


def _validate_length(value: object) -> object:
    if value is not None:
        length_of(value)
    return value


def _validate_aggregate(text: str) -> str:
    match = re.fullmatch(r"p(\d{1,2}(?:\.\d{1,3})?)", text)
    if text not in AGGREGATES and (match is None or not 0 < float(match[1]) < 100):
        known = f"aggregates: {', '.join(AGGREGATES)}, p50, p99, p99.9"
        hint = f"did you mean {quoted_text(VALUES[text])}? ({known})" if text in VALUES else known
        raise fault("R124", f"'{text[:40]}' is not an aggregate", hint)
    return text


def _validate_reference(text: str) -> str:
    try:
        split_reference(text)
    except ValueError as error:
        dotted = re.fullmatch(r"([A-Za-z_][\w.]{0,200})[.:]([A-Za-z_]\w{0,60})", text)
        meant = f"{dotted[1].removesuffix('.py').replace('.', '/')}.py:{dotted[2]}" if dotted else ""
        hint = f"did you mean {meant}?" if "/" in meant else "for example user_modules/functions.py:name"
        raise fault("R125", str(error), hint) from None
    return text


def _expand_action(value: object) -> object:
    return {"action": value} if isinstance(value, str) else value


def _validate_sink(value: Any) -> Any:
    plain, mapped = ("store", "prometheus"), ("jsonl", "mqtt", "parquet")
    if isinstance(value, str) and value in plain:
        return value
    if isinstance(value, dict) and len(value) == 1:
        name, where = next(iter(value.items()))
        if name == "mqtt" and isinstance(where, str) and re.search(r"[+#\0]", where):
            message = f"'{where[:40]}' is no topic to write to"
            raise fault("R126", message, "a topic without + and #, such as alerts/door", ("mqtt",))
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


def _validate_amount(value: Any) -> Any:
    for part in value if isinstance(value, list | tuple) else (value,):
        amount_of(part)
    return value


LengthText = Annotated[
    str,
    BeforeValidator(_validate_length),
    WithJsonSchema({"type": "string", "pattern": rf"{NUMBER}(us|ms|s|m|h|d|w)\s*$|^\s*\d+\s+reports?\s*$"}),
]


Aggregate = Annotated[
    str,
    AfterValidator(_validate_aggregate),
    Field(json_schema_extra={"pattern": rf"^({'|'.join(AGGREGATES)}|p(?!0+(\.0+)?$)\d{{1,2}}(\.\d{{1,3}})?)$"}),
]


Reference = Annotated[
    RepositoryPath,
    AfterValidator(_validate_reference),
    Field(json_schema_extra={"pattern": r"^(?!/)(?!(.*/)?\.\.(/|:))[^:\s]+\.py:[A-Za-z_][A-Za-z0-9_]*$"}),
]


TargetShare = Annotated[
    Ratio,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                {"type": "string", "pattern": rf"{NUMBER}%?\s*$"},
            ]
        }
    ),
]


if TYPE_CHECKING:
    RawSink = Any
    RawAmount = Any
else:
    _AMOUNT = {
        "anyOf": [
            {"type": "number"},
            {"type": "string", "pattern": rf"{NUMBER}(%|/[smh]|[kKMGTP]i?|us|ms|s|m|h|d|w)\s*$"},
        ]
    }
    RawSink = Annotated[
        Any,
        AfterValidator(_validate_sink),
        WithJsonSchema(
            {
                "anyOf": [
                    {"enum": ["store", "prometheus"]},
                    {
                        "type": "object",
                        "properties": {
                            "jsonl": {"type": "string", "minLength": 1},
                            "mqtt": {"type": "string", "pattern": "^[^+#\\u0000]+$"},
                            "parquet": {"type": "string", "minLength": 1},
                        },
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
        AfterValidator(_validate_amount),
        WithJsonSchema(
            {"anyOf": [*_AMOUNT["anyOf"], {"type": "array", "items": _AMOUNT, "minItems": 2, "maxItems": 2}]}
        ),
    ]


class Scope(Model):
    """The part of the pipeline that an objective is about; absent: the whole pipeline, source to sink."""

    service: str | None = None
    member: str | None = None
    instance: str | None = None
    model: str | None = None
    device: str | None = None


class Window(Model):
    """A span of samples. `size` and `every` are a time (`5m`) or a number of reports (`100 reports`)."""

    model_config = ConfigDict(
        json_schema_extra={**schema_requiring_one("size", "session"), "not": schema_requiring("session", "every")},
    )

    size: LengthText | None = None
    every: LengthText | None = None
    session: Annotated[Seconds, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Window:
        if (self.size is None) == (self.session is None):
            raise fault("R121", "a window has either a size or a session gap", "write {size: 5m} or {session: 30s}")
        if self.session is not None and self.every is not None:
            raise fault(
                "R121", "a session window closes by its gap, so it has no 'every'", "leave 'every' out", ("every",)
            )
        size, every = self.size_length, self.every_length
        if size is not None and every is not None:
            by_time = every.seconds is not None and size.seconds is not None and every.seconds > size.seconds
            by_count = every.reports is not None and size.reports is not None and every.reports > size.reports
            if by_time or by_count:
                raise fault(
                    "R121",
                    f"every {self.every} leaves gaps between windows of {self.size}",
                    "let 'every' be at most 'size'",
                    ("every",),
                )
        return self

    @property
    def size_length(self) -> Length | None:
        """Returns the length of the window; None for a session window."""
        return None if self.size is None else length_of(self.size)

    @property
    def every_length(self) -> Length | None:
        """Returns how often a window closes; without `every`, windows follow each other at intervals of `size`."""
        return self.size_length if self.every is None else length_of(self.every)


class Action(Model):
    """A reaction to a violation, taken at most once per `cooldown` (seconds)."""

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
            raise fault(
                "R128",
                "the short window is not shorter than the long one",
                "such as 5m of 1h",
                ("short",),
                of=("long", "short"),
            )
        return self


_COMPARED = ("operator", "value")


_WITH_TARGET: JsonDict = {"anyOf": [schema_requiring("target"), {"properties": {"budgetWindow": {"type": "null"}}}]}


class Objective(Model):
    """One promise of a contract. `value` is a number, a quantity or, for `between`, a pair of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"operator": {"const": "between"}}, "required": ["operator"]},
            "then": {"properties": {"value": {"type": "array"}}},
            "else": {"properties": {"value": {"anyOf": [{"not": {"type": "array"}}, {"maxItems": 1}]}}},
            "dependentSchemas": {"budgetWindow": _WITH_TARGET},
        }
    )

    name: Name | None = None
    metric: str
    scope: Scope = Scope.model_construct()
    aggregate: Aggregate = "mean"
    operator: Operator
    value: RawAmount
    window: Window = Window.model_construct()
    min_samples: Annotated[int, Strict(), Field(ge=1, le=10**9)] = 1
    missing: Literal["freeze", "broken", "ok"] = "freeze"
    for_: Annotated[Seconds, Field(alias="for")] = 0.0
    clear: Seconds = 0.0
    target: TargetShare | None = None
    budget_window: Annotated[Days, Field(gt=0)] | None = None
    burn_rates: tuple[BurnRate, ...] = ()
    on_violation: Annotated[Action, BeforeValidator(_expand_action)] | None = None

    @property
    def bounds(self) -> tuple[Amount, ...]:
        """Returns the threshold, or for `between` the lower and the upper one, in base units."""
        return tuple(
            amount_of(part) for part in (self.value if isinstance(self.value, list | tuple) else (self.value,))
        )

    @model_validator(mode="after")
    def _agrees(self) -> Objective:
        self._check_value()
        self._check_target()
        return self

    def _check_value(self) -> None:
        bounds = self.bounds
        if self.operator != "between":
            if len(bounds) != 1:
                message = f"'{self.operator}' needs one value, found {len(bounds)}"
                raise fault("R129", message, "a pair goes with 'between'", ("value",), of=_COMPARED)
            return
        if len(bounds) != 2:
            message = f"'between' needs two values, found {len(bounds)}"
            raise fault("R129", message, "write value: [0.2, 0.8]", ("value",), of=_COMPARED)
        # A bare number is a ratio as well, and 0 is of every unit.
        if len({bound.kind.replace("ratio", "number") for bound in bounds if bound.value != 0}) > 1:
            message = f"{self.value[0]} and {self.value[1]} are not of one unit"
            raise fault("R129", message, "give both values of 'between' the metric's unit", ("value",), of=_COMPARED)
        if bounds[0].value > bounds[1].value:
            message = f"'between' needs [low, high], and {self.value[0]} is above {self.value[1]}"
            hint = f"write value: [{self.value[1]}, {self.value[0]}]"
            raise fault("R129", message, hint, ("value",), of=_COMPARED)

    def _check_target(self) -> None:
        if self.target is None:
            if self.budget_window is not None or self.burn_rates:
                at = "budgetWindow" if self.budget_window is not None else "burnRates"
                message = "budgetWindow and burnRates say how a target is spent, and there is no target"
                raise fault("R130", message, "add target: 99%", (at,), on_key=True, of=("target", at))
            return
        if not 0 < self.target < 1:
            hint = "100% leaves no budget: leave target out" if self.target == 1 else "for example 99%"
            hint = f"did you mean {self.target:g}%?" if 1 < self.target < 100 else hint
            raise fault("R130", "a target is above 0% and below 100%", hint, ("target",), of=("target",))
        for index, rate in enumerate(self.burn_rates):
            if self.budget_window is not None and rate.long > self.budget_window:
                message = "the long window is longer than the budgetWindow that it is a part of"
                where = ("burnRates", index, "long")
                raise fault("R130", message, "such as 1h of 30d", where, of=("budgetWindow", "burnRates"))


class Processing(Model):
    """A user's parser and function, run on every closed window."""

    parser: Reference | None = None
    function: Reference
    features: tuple[str, ...] = ()
    window: Window
    memory: FunctionBytes = FUNCTION_BYTES
    options: dict[str, Any] = EMPTY


class ObjectiveDefaults(Model):
    """What every objective of a contract has that does not say otherwise."""

    window: Window | None = None
    min_samples: Annotated[int, Strict(), Field(ge=1, le=10**9)] | None = None
    missing: Literal["freeze", "broken", "ok"] | None = None
    for_: Annotated[Seconds | None, Field(alias="for")] = None
    clear: Seconds | None = None


class ContractSpec(Subject):
    """The promise about a pipeline, or about several. `metrics` are expression trees that the consumer defines."""

    tenant: str | None = None
    effective: Effective = Effective.model_construct()
    lateness: Seconds = 2.0
    metrics: dict[str, RawExpression] = EMPTY
    defaults: ObjectiveDefaults = ObjectiveDefaults.model_construct()
    objectives: Annotated[tuple[Objective, ...], Field(json_schema_extra=allow_mapping_by_name)] = ()
    processing: tuple[Processing, ...] = ()
    sinks: tuple[RawSink, ...] = ("store",)

    @model_validator(mode="after")
    def _with_defaults(self) -> ContractSpec:
        stated = {name: getattr(self.defaults, name) for name in sorted(self.defaults.model_fields_set)}
        stated = {name: value for name, value in stated.items() if value is not None}
        filled = []
        for objective in self.objectives:
            own = objective.model_fields_set
            update = {name: value for name, value in stated.items() if name not in own}
            filled.append(objective.model_copy(update=update) if update else objective)
        return self.model_copy(update={"objectives": tuple(filled)}) if stated else self


class ObservationContract(Model):
    """A document of kind ObservationContract."""

    api_version: Literal["rohe.dev/v1"] = "rohe.dev/v1"
    kind: Literal["ObservationContract"] = "ObservationContract"
    metadata: Metadata
    spec: ContractSpec
