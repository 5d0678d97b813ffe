"""Plans and problems as JSON values (ints, strings, booleans, lists, objects) and back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.model.plan import BRIEF_FIELDS, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.saved_fields import BRIEF, JSON_NAME, UNSAVED

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


def canonical_bytes(value: Any) -> bytes:
    """Returns the canonical JSON of a value without floats, many times faster than `canonical_json` of its JSON types.

    Args:
        value: A plan, a problem, or JSON types that may hold `msgspec.Raw`, which is JSON already.

    Raises:
        UnicodeEncodeError: A text has a lone surrogate, which `canonical_json` escapes.
    """
    return _ENCODER.encode(_encodable(value))


_ENCODER = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class _SavedField:
    """How a field is saved.

    Attributes:
        name: Its name in the code.
        saved: Its name in JSON.
        brief: Whether it is left out where it is empty.
        nested: Whether its value holds values of which fields are renamed or left out.
    """

    name: str
    saved: str
    brief: bool
    nested: bool


@cache
def _saved_fields(kind: Any) -> tuple[_SavedField, ...]:
    """Returns how each field of a struct or dataclass is saved."""
    if issubclass(kind, msgspec.Struct):
        brief = BRIEF_FIELDS.get(kind, frozenset())
        pairs = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
        named = [(name, saved, name in brief) for name, saved in pairs]
    else:
        named = [
            (field.name, field.metadata.get(JSON_NAME, field.name), BRIEF in field.metadata)
            for field in dataclasses.fields(kind)
            if UNSAVED not in field.metadata
        ]
    hints = get_type_hints(kind)
    return tuple(_SavedField(name, saved, brief, _is_rewritten(hints[name])) for name, saved, brief in named)


@cache
def _is_rewritten(hint: Any) -> bool:
    """Checks whether values of a type, or values in them, have fields that are saved otherwise than msgspec would."""
    if isinstance(hint, type) and (issubclass(hint, msgspec.Struct) or dataclasses.is_dataclass(hint)):
        fields = _saved_fields(hint)
        renamed = not issubclass(hint, msgspec.Struct) and any(field.name != field.saved for field in fields)
        return renamed or any(field.brief or field.nested for field in fields)
    return any(_is_rewritten(part) for part in get_args(hint))


def _encodable(value: Any) -> Any:
    """Returns a value that msgspec encodes as it is saved: dictionaries only where fields are renamed or left out."""
    if isinstance(value, tuple):
        return [_encodable(item) for item in value]
    kind: Any = type(value)
    if not _is_rewritten(kind):
        return value
    found = {}
    for field in _saved_fields(kind):
        content = getattr(value, field.name)
        if content or not field.brief:
            found[field.saved] = _encodable(content) if field.nested else content
    return found


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return _object(value)


def _object(value: Any) -> dict[str, Any]:
    kind: Any = type(value)
    return {
        field.saved: _plain(content)
        for field in _saved_fields(kind)
        if (content := getattr(value, field.name)) or not field.brief
    }


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
