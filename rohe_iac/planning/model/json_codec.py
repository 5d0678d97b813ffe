"""Plans and problems as JSON values (ints, strings, booleans, lists, objects) and back."""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, TypeVar

import msgspec

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.model.plan import BRIEF, BRIEF_FIELDS, JSON_NAME, Plan
from rohe_iac.planning.model.problem import Problem

Value = TypeVar("Value", Plan, Problem)


class UnreadablePlan(RoheError):
    """A saved plan or problem does not have the form it should have."""

    exit_code = ExitCode.STALE


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """Returns the plan as JSON types; equal plans give equal values."""
    return _object(plan)


def plan_from_json(value: Any) -> Plan:
    """Returns the plan of such a value.

    Raises:
        UnreadablePlan: The value has another form.
    """
    return _read(value, Plan)


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """Returns the problem as JSON types; equal problems give equal values."""
    return _object(problem)


def problem_from_json(value: Any) -> Problem:
    """Returns the problem of such a value.

    Raises:
        UnreadablePlan: The value has another form.
    """
    return _read(value, Problem)


def _object(value: Any) -> dict[str, Any]:
    return {
        field.metadata.get(JSON_NAME, field.name): _plain(getattr(value, field.name))
        for field in dataclasses.fields(value)
        if BRIEF not in field.metadata or getattr(value, field.name)
    }


@cache
def _saved_fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str, bool], ...]:
    """Returns for each field its name in the code, its name in JSON, and whether it is left out where it is empty."""
    brief = BRIEF_FIELDS.get(kind, frozenset())
    pairs = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    return tuple((name, saved, name in brief) for name, saved in pairs)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, msgspec.Struct):
        return {
            saved: _plain(content)
            for name, saved, brief in _saved_fields(type(value))
            if (content := getattr(value, name)) or not brief
        }
    return _object(value)


def _read(value: Any, kind: type[Value]) -> Value:
    fields = dataclasses.fields(kind)
    names = {field.metadata[JSON_NAME]: field.name for field in fields if JSON_NAME in field.metadata}
    if names and isinstance(value, dict):
        value = {names.get(key, key): content for key, content in value.items()}
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise UnreadablePlan(
            f"not a readable {kind.__name__.lower()}", detail=str(error), hint="make the plan again with `rohe plan`"
        ) from error
