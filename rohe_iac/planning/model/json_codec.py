"""Plans and problems as JSON values (ints, strings, booleans, lists, objects) and back."""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

import msgspec

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.model.plan import BRIEF, Plan
from rohe_iac.planning.model.problem import UNSAVED, Problem

Value = TypeVar("Value")


class UnreadablePlan(RoheError):
    """A saved plan or problem does not have the form it should have."""

    exit_code = ExitCode.STALE


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON types; equal plans give equal values."""
    return _object(plan)


def plan_from_json(value: Any) -> Plan:
    """The plan that such a value tells. Errors: UnreadablePlan."""
    return _read(value, Plan)


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """The problem as JSON types; equal problems give equal values."""
    return _object(problem)


def problem_from_json(value: Any) -> Problem:
    """The problem that such a value tells. Errors: UnreadablePlan."""
    return _read(value, Problem)


def _object(value: Any) -> dict[str, Any]:
    return {
        field.name: _plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if UNSAVED not in field.metadata and (BRIEF not in field.metadata or getattr(value, field.name))
    }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    return _object(value)


def _read(value: Any, kind: type[Value]) -> Value:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise UnreadablePlan(
            f"not a readable {kind.__name__.lower()}", detail=str(error), hint="make the plan again with `rohe plan`"
        ) from error
