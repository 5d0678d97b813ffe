"""From plain values to a model, with every fault as a finding; what is well formed goes on without what is not."""

from __future__ import annotations

import types
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rohe_iac.blueprint.base import Model
from rohe_iac.blueprint.contract import ObservationContract
from rohe_iac.blueprint.finding import Document, Finding, Path
from rohe_iac.blueprint.habits import FIELDS, VALUES, entries_instead, list_instead, mapping_instead
from rohe_iac.blueprint.hints import did_you_mean, nearest
from rohe_iac.blueprint.inventory import Inventory
from rohe_iac.blueprint.module import Module
from rohe_iac.blueprint.pipeline import Pipeline
from rohe_iac.blueprint.rest import Rest
from rohe_iac.blueprint.scalars import resolve
from rohe_iac.blueprint.stack import Stack

KINDS: dict[str, type[Model]] = {
    "Pipeline": Pipeline,
    "Inventory": Inventory,
    "ObservationContract": ObservationContract,
    "Stack": Stack,
    "Module": Module,
}
MOST_FAULTS = 200
"""So many faults of one document are told."""
MOST_ERRORS = 5_000
"""Of more errors in one document only the first are described."""
WHOLE_SHARE = 10_000
"""All of something, in basis points."""
ROUNDS = 8
"""How often what is faulty is taken out before the rest is given up."""

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "finite_number": "a finite number",
}

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def validate(document: Document, room: int = MOST_FAULTS) -> list[Finding]:
    """Sets `document.model` and returns every fault of the document's own; no more than MOST_FAULTS, and than `room`.

    Where parts are faulty the model is made of the rest, so that links can be checked all the same; the names of what
    was left out are kept as `broken_names`. The model stays None where nothing useful is left.
    """
    model = KINDS[document.kind]
    try:
        document.model = model.model_validate(document.value, context=document.allowance)
    except ValidationError as error:
        count = error.error_count()
        if room <= 0:
            return [_more(document, count)]
        errors = error.errors(include_url=False) if count <= MOST_ERRORS else []
    else:
        return []
    if not errors:
        errors = _first_errors(model, document.value)
        count = max(count, MOST_FAULTS + 1)
    findings: list[Finding] = []
    rest = Rest(document.value)
    for attempt in range(ROUNDS):
        if count > MOST_FAULTS:
            told = [_findings(document, _path(rest.value, item["loc"]), model, item) for item in errors[:MOST_FAULTS]]
            return [
                *(finding for each in told for finding in each),
                _more(document, count - min(len(errors), MOST_FAULTS)),
            ]
        real = [item for item in errors if not _echo(item, errors)]
        targets: list[Path] = []
        surplus: set[Path] = set()
        for item in real:
            path = _path(rest.value, item["loc"])
            absent = item["type"] == "missing" and isinstance(item["loc"][-1], str)
            targets.append(path[:-1] if absent else path)
            if item["type"] == "extra_forbidden" and not _meant(model, item["loc"]):
                surplus.add(path)
            # What only follows from having taken a part out is no fault of the text.
            if not (attempt and rest.lost_under(path)) and not (absent and rest.was_taken(path)):
                findings += _findings(document, rest.original(path), model, item)
        if not rest.take(targets, frozenset(surplus)):
            break
        try:
            document.model = model.model_validate(rest.value, context=document.allowance)
            break
        except ValidationError as error:
            count = error.error_count()
            errors = error.errors(include_url=False) if count <= MOST_ERRORS else []
    document.broken_names, document.rest = frozenset(rest.names), rest
    return list(dict.fromkeys(findings))


def faults_of(document: Document, model: type[Model]) -> list[Finding]:
    """Every fault of a document that is no part of the language itself and has that form; sets nothing."""
    try:
        model.model_validate(document.value)
    except ValidationError as error:
        count = error.error_count()
        errors = error.errors(include_url=False) if count <= MOST_ERRORS else []
    else:
        return []
    shown = [item for item in errors or _first_errors(model, document.value) if not _echo(item, errors)][:MOST_FAULTS]
    findings = [
        finding for item in shown for finding in _findings(document, _path(document.value, item["loc"]), model, item)
    ]
    return [*dict.fromkeys(findings), *([_more(document, count - MOST_FAULTS)] if count > MOST_FAULTS else [])]


def _first_errors(model: type[Model], value: Any) -> list[ErrorDetails]:
    """Some of very many errors, found in the value with its long lists cut: all of them would not fit in memory."""
    found: list[ErrorDetails] = []
    for items in (12, 50, 200, 800, 3_200, 12_800, 51_200, 204_800):
        try:
            model.model_validate(_cut(value, items))
        except ValidationError as error:
            if error.error_count() <= MOST_ERRORS or not found:
                found = error.errors(include_url=False)[:MOST_ERRORS]
            if len(found) >= MOST_FAULTS:
                break
    return found


def _cut(value: Any, items: int) -> Any:
    if isinstance(value, dict):
        return {key: _cut(part, items) for key, part in islice(value.items(), items)}
    if isinstance(value, list):
        return [_cut(part, items) for part in islice(value, items)]
    return value


def _more(document: Document, count: int) -> Finding:
    message = f"{count:,} more faults in this {document.kind} are not shown"
    return Finding(document, (), "R133", message, more=count)


def _echo(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    # A list whose items are faulty is reported as too short as well.
    depth = len(error["loc"])
    return error["type"] == "too_short" and any(
        other["loc"][:depth] == error["loc"] and len(other["loc"]) > depth for other in errors
    )


def _path(value: Any, location: tuple[str | int, ...]) -> Path:
    """`location` without the steps that name a branch of a union rather than a key."""
    path: list[str | int] = []
    for index, step in enumerate(location):
        if isinstance(step, str) and (step.startswith("<") or step == "[key]"):
            continue
        last = index == len(location) - 1
        if isinstance(value, dict):
            if step not in value and not last:
                continue
            value = value.get(step)
        elif isinstance(value, list | tuple):
            if not isinstance(step, int) or step >= len(value):
                continue
            value = value[step]
        else:
            continue
        path.append(step)
    return tuple(path)


def _meant(model: type[Model], location: tuple[str | int, ...]) -> str:
    return nearest(str(location[-1]), sorted(fields_at(model, location[:-1])))


def _findings(document: Document, path: Path, model: type[Model], error: ErrorDetails) -> list[Finding]:
    location = error["loc"]
    if error["type"] != "missing" or isinstance(location[-1], int):
        return [_finding(document, path, model, error)]
    inside = error["input"] if isinstance(error["input"], dict) else {}
    known = fields_at(model, location[:-1])
    strangers = sorted(key for key in inside if key not in known)
    if nearest(str(location[-1]), strangers) or any(FIELDS.get(key) == location[-1] for key in strangers):
        return []  # the field with another name is told, with this one as its hint
    return [Finding(document, path[:-1], "R107", f"field '{location[-1]}' is missing")]


def _finding(document: Document, path: Path, model: type[Model], error: ErrorDetails) -> Finding:
    kind, found, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        count = len(found) if isinstance(found, list | tuple) else 0
        wanted = int(error["loc"][-1]) + 1
        return Finding(document, path, "R114", f"expected {wanted} items in this list, found {count}")
    if kind == "extra_forbidden":
        allowed = sorted(fields_at(model, error["loc"][:-1]))
        hint = _field_meant(str(error["loc"][-1]), allowed, model, error["loc"])
        return Finding(document, path, "R106", f"unknown field '{str(error['loc'][-1])[:63]}'", hint, on_key=True)
    if kind.startswith("R"):
        hint = str(context.get("hint", "")) or (_quoted(found) if kind == "R108" and "text" in error["msg"] else "")
        return Finding(document, path, kind, str(context.get("message", error["msg"])), hint)
    if kind == "literal_error":
        return _not_allowed(document, path, model, error)
    if kind in _EXPECTED:
        on_key = "[key]" in error["loc"]
        hint = _instead(kind, found, sorted(fields_at(model, error["loc"])))
        return Finding(document, path, "R108", f"expected {_EXPECTED[kind]}, found {shown(found)}", hint, on_key=on_key)
    if kind in ("too_short", "too_long"):
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return Finding(document, path, "R114", f"expected {bound} in this list, found {context['actual_length']}")
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        if context[key] == WHOLE_SHARE and isinstance(found, int | float | str):
            percent = f"did you mean {found}%?" if isinstance(found, int | float) and 1 < found <= 100 else ""
            return Finding(document, path, "R110", f"expected {words} 100%, found {shown(found)}", percent)
        return Finding(document, path, "R110", f"expected {words} {context[key]:g}, found {shown(found)}")
    return Finding(document, path, "R108", error["msg"])


def _not_allowed(document: Document, path: Path, model: type[Model], error: ErrorDetails) -> Finding:
    allowed = sorted({str(item) for item in literals_at(model, error["loc"])})
    found = error["input"]
    hint = did_you_mean(found, allowed) if isinstance(found, str) else ""
    if isinstance(found, str) and VALUES.get(found) in allowed:
        hint = f"did you mean '{VALUES[found]}'?"
    choices = f"one of: {', '.join(allowed)}"
    return Finding(
        document,
        path,
        "R109",
        f"{shown(found)} is not allowed here",
        f"{hint} ({choices})" if "mean" in hint else choices,
    )


def _field_meant(found: str, allowed: list[str], model: type[Model], location: tuple[str | int, ...]) -> str:
    """What an unknown field was meant to be: one of nearly that name, one of another place, one of others' words."""
    if nearest(found, allowed):
        return did_you_mean(found, allowed)
    below = [name for name in allowed if found in fields_at(model, (*location[:-1], name))]
    if below:
        return f"did you mean '{found}' under '{below[0]}'?"
    if FIELDS.get(found) and (FIELDS[found] in allowed or not FIELDS[found].isalpha()):
        return FIELDS[found] if FIELDS[found].startswith("leave it out") else f"here it is {FIELDS[found]}"
    return did_you_mean(found, allowed) or f"fields here: {', '.join(allowed)}"


def _instead(kind: str, found: object, fields: list[str]) -> str:
    """What to write in place of a value of the wrong type."""
    if kind == "string_type":
        return _quoted(found)
    if kind in ("tuple_type", "list_type"):
        return list_instead(found)
    if _EXPECTED[kind] == "a mapping":
        if not fields:
            return entries_instead(found)
        return mapping_instead(found, fields) or f"fields here: {', '.join(fields)}"
    if kind in ("int_type", "float_type", "bool_type") and isinstance(found, str):
        return f"write {found} without quotes" if isinstance(resolve(found[:40]), int | float) else ""
    return ""


def _quoted(value: object) -> str:
    return f'write it as "{_yaml(value)}"' if isinstance(value, int | float) else ""


def _yaml(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def shown(value: object) -> str:
    """A value as a message names it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return _yaml(value)
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"'{value[:40]}'"
    return "a mapping" if isinstance(value, dict) else "a list"


def _annotations_at(model: type[Model], location: tuple[str | int, ...]) -> list[Any]:
    return _annotations(model, tuple(0 if isinstance(step, int) else step for step in location))


@lru_cache(maxsize=512)
def _annotations(model: type[Model], location: tuple[str | int, ...]) -> list[Any]:
    current: list[Any] = [model]
    for step in location:
        if isinstance(step, str) and step.startswith("<"):
            continue
        following: list[Any] = []
        for annotation in current:
            following += _inside(annotation, step)
        current = following or current
    return [leaf for annotation in current for leaf in unwrapped(annotation)]


def unwrapped(annotation: Any) -> Iterator[Any]:
    """The types that an annotation allows: Annotated and unions taken apart."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from unwrapped(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from unwrapped(part)
    else:
        yield annotation


def _inside(annotation: Any, step: str | int) -> Iterator[Any]:
    for leaf in unwrapped(annotation):
        origin = get_origin(leaf)
        if isinstance(leaf, type) and issubclass(leaf, BaseModel):
            for name, field in leaf.model_fields.items():
                if step in (name, field.alias):
                    yield field.annotation
        elif origin is tuple and isinstance(step, int):
            yield get_args(leaf)[0]
        elif origin is dict:
            yield get_args(leaf)[1]


def fields_at(model: type[Model], location: tuple[str | int, ...]) -> set[str]:
    """The names of the fields, as written in YAML, that the mapping at `location` may have."""
    found: set[str] = set()
    for leaf in _annotations_at(model, location):
        if isinstance(leaf, type) and issubclass(leaf, BaseModel):
            found |= {field.alias or name for name, field in leaf.model_fields.items()}
    return found


def literals_at(model: type[Model], location: tuple[str | int, ...]) -> list[Any]:
    """The values that are allowed at `location`."""
    return [value for leaf in _annotations_at(model, location) for value in get_args(leaf)]
