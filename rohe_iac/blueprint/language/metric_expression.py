"""Consumer-defined metrics: expression trees over the samples of a window.

A tree is a mapping with exactly one operation. Trees stay as written in the document model; this file defines which
trees are well formed, and walks them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)

from rohe_iac.blueprint.hints.foreign_terms import VALUES
from rohe_iac.blueprint.hints.value_text import describe_value
from rohe_iac.blueprint.hints.writing import quoted_text
from rohe_iac.blueprint.language.base import EMPTY, Model, fault, schema_requiring_one
from rohe_iac.blueprint.text.scalars import NumberTooLong, resolve

OPERATORS = ("<", "<=", ">", ">=", "==", "!=")


Scalar = str | int | float | bool


def _validate_condition(value: Any) -> Any:
    if not isinstance(value, dict):
        if not isinstance(value, Scalar):
            hint = f"operators: {' '.join(OPERATORS)}"
            expected = "a text, a number, true, false or {OPERATOR: value}"
            raise fault("R122", f"expected {expected}, found {describe_value(value)}", hint)
        return value
    for operator, operand in value.items():
        if operator not in OPERATORS:
            message, hint = f"'{str(operator)[:20]}' is not a comparison", f"operators: {' '.join(OPERATORS)}"
            hint = (
                f"did you mean {quoted_text(VALUES[operator])}? ({hint})" if VALUES.get(operator) in OPERATORS else hint
            )
            raise fault("R122", message, hint, (operator,), on_key=True)
        if not isinstance(operand, Scalar):
            raise fault("R122", f"'{operator}' needs a text, a number, true or false", at=(operator,))
        if operator not in ("==", "!=") and (isinstance(operand, bool | str)):
            hint = f"write {operand} without quotes" if isinstance(operand, str) and _is_number(operand) else ""
            raise fault("R122", f"'{operator}' needs a number", hint, (operator,))
    if not value:
        raise fault("R122", "a condition needs an operator", f"operators: {' '.join(OPERATORS)}")
    return value


def _is_number(text: str) -> bool:
    try:
        return isinstance(resolve(text), int | float)
    except NumberTooLong:
        return False


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}


Condition = Annotated[
    Any,
    AfterValidator(_validate_condition),
    WithJsonSchema(
        {
            "anyOf": [
                _SCALAR_SCHEMA,
                {
                    "type": "object",
                    "properties": {
                        sign: _SCALAR_SCHEMA if sign in ("==", "!=") else {"type": "number"} for sign in OPERATORS
                    },
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ]
        }
    ),
]


class Selection(Model):
    """The samples that take part: those that meet every condition on a field or metric; all without conditions."""

    where: dict[str, Condition] = EMPTY


class Aggregation(Selection):
    """An aggregate of one reported metric over the selected samples."""

    of: str


class Percentile(Aggregation):
    """The p-th percentile, 0 < p < 100."""

    p: Annotated[float, Strict(), Field(gt=0, lt=100)]


class Variance(Aggregation):
    """The variance of a metric; with `by`, between the groups of each request, then averaged."""

    by: str | None = None


class Expression(Model):
    """One operation. `ratio` and `difference` take two trees; `metric` names another metric of the contract."""

    model_config = ConfigDict(
        json_schema_extra=lambda schema: schema.update(schema_requiring_one(*schema["properties"]))
    )

    count: Selection | None = None
    sum: Aggregation | None = None
    mean: Aggregation | None = None
    min: Aggregation | None = None
    max: Aggregation | None = None
    percentile: Percentile | None = None
    variance: Variance | None = None
    ratio: tuple[Expression, Expression] | None = None
    difference: tuple[Expression, Expression] | None = None
    metric: str | None = None

    @model_validator(mode="after")
    def _one_operation(self) -> Expression:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise fault(
                "R123",
                f"expected exactly one operation, found {found}",
                f"operations: {', '.join(type(self).model_fields)}",
            )
        return self


if TYPE_CHECKING:
    RawExpression = Any
else:
    RawExpression = Annotated[
        Expression,
        WrapValidator(lambda value, check: (check(value), value)[1]),
        PlainSerializer(lambda value: value),
    ]
"""A well-formed tree, kept as written: {operation: operands}."""


def names_in(tree: Any) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Yields every name in a well-formed tree as (path of the name in the tree, role, name).

    Roles are metric (another metric), of (an aggregated metric), where (a filtered field) and by (a grouping field).
    """
    for operation, operand in tree.items():
        if operation == "metric":
            yield (operation,), "metric", operand
        elif operation in ("ratio", "difference"):
            for index, part in enumerate(operand):
                for path, role, name in names_in(part):
                    yield (operation, index, *path), role, name
        else:
            for key in ("of", "by"):
                if operand.get(key) is not None:
                    yield (operation, key), key, operand[key]
            for name in operand.get("where", {}):
                yield (operation, "where", name), "where", name


def percentiles_in(tree: Any) -> Iterator[tuple[tuple[str | int, ...], float]]:
    """Yields every p of a well-formed tree, with its path in the tree."""
    for operation, operand in tree.items():
        if operation == "percentile":
            yield (operation, "p"), operand["p"]
        elif operation in ("ratio", "difference"):
            for index, part in enumerate(operand):
                for path, percentile in percentiles_in(part):
                    yield (operation, index, *path), percentile
