"""From plain values to a model, with every fault as a finding; valid parts go on without the faulty ones."""

from __future__ import annotations

from itertools import islice
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.remainder import UNNAMED, Remainder
from rohe_iac.blueprint.findings.value_text import describe_value, yaml_scalar
from rohe_iac.blueprint.hints.foreign_terms import FIELDS, VALUES, entries_instead, list_instead, mapping_instead
from rohe_iac.blueprint.hints.nearest import did_you_mean, nearest
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.fields import annotations_at, fields_at, literals_at
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.scalars import old_meaning, resolve

MAX_FAULTS = 200
"""The most faults of one document that are reported."""


MAX_ERRORS = 5_000
"""The most errors of one document that Pydantic describes; of more, only some are found anew."""


WHOLE_SHARE = 10_000
"""All of something, in basis points."""


STAND_INS: dict[tuple[str, str], Any] = {
    ("Objective", "metric"): UNNAMED,
    ("Objective", "operator"): "<",
    ("Objective", "value"): 1,
    ("Objective", "window"): {"size": "1s"},
    ("Processing", "window"): {"size": "1s"},
    ("BurnRate", "factor"): 1,
    ("StackSpec", "pipelines"): (UNNAMED,),
    ("StackSpec", "inventory"): UNNAMED,
    ("ContractSpec", "pipeline"): UNNAMED,
    ("File", "path"): "/unnamed",
    ("Volume", "path"): "/unnamed",
    ("DeviceType", "cpu"): 1,
    ("DeviceType", "memory"): {"rss": "1Gi"},
    ("Service", "name"): UNNAMED,
    ("Node", "name"): UNNAMED,
    ("ModuleUse", "name"): UNNAMED,
}
"""Substitutes for missing fields, by part and field."""


ROUNDS = 8
"""How often faulty parts are removed before the document is given up."""

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


_CHOICES = ("R116", "R121", "R123")
"""Codes that none of several fields exists; a field of an unknown name may stand for one of them."""


def validate(document: Document, room: int = MAX_FAULTS) -> list[Finding]:
    """Sets `document.model` and returns every fault of the document's own.

    Where parts are faulty the model is made of the remainder, so that links can be checked all the same; the names of
    removed parts are kept as `broken_names`. The model stays None where nothing useful is left.

    Args:
        document: A document with a kind.
        room: The most faults to describe; more than MAX_FAULTS never are.
    """
    model = KINDS[document.kind]
    try:
        document.model = _build_model(model, document.value, document)
    except ValidationError as error:
        if room <= 0:
            return [_more_finding(document, error.error_count())]
        count, errors = _described_errors(error)
    else:
        return []
    if not errors:
        errors = _first_errors(model, document.value)
        count = max(count, MAX_FAULTS + 1)
    findings: list[Finding] = []
    remainder = Remainder(document.value)
    for attempt in range(ROUNDS):
        if count > MAX_FAULTS:
            groups = [
                _error_findings(document, _document_path(remainder.value, error_details["loc"]), model, error_details)
                for error_details in errors[:MAX_FAULTS]
            ]
            return [
                *(finding for group in groups for finding in group),
                _more_finding(document, count - min(len(errors), MAX_FAULTS)),
            ]
        reported_errors = [error_details for error_details in errors if not _is_echo(error_details, errors)]
        targets: list[Path] = []
        surplus: set[Path] = set()
        for error_details in reported_errors:
            path = _document_path(remainder.value, error_details["loc"])
            absent = error_details["type"] == "missing" and isinstance(error_details["loc"][-1], str)
            stand_in = _stand_in(model, error_details["loc"], error_details["input"]) if absent else None
            if stand_in is None or not remainder.substitute(path, stand_in):
                targets.append(path[:-1] if absent else (*path, *error_details.get("ctx", {}).get("at", ())))
            if error_details["type"] == "extra_forbidden" and not _similar_field(model, error_details["loc"]):
                surplus.add(path)
            # An error that only follows from removing a part is no fault of the text.
            fields = error_details.get("ctx", {}).get("of")
            lost = remainder.has_changed(path, fields) if fields else remainder.lost_below(path)
            follows = attempt and (lost or (error_details["type"] in _CHOICES and remainder.was_surplus(path)))
            if not follows and not (absent and remainder.was_removed(path)):
                findings += _error_findings(document, remainder.original(path), model, error_details)
        if targets and not remainder.remove(targets, frozenset(surplus)):
            break
        try:
            document.model = _build_model(model, remainder.value, document)
            break
        except ValidationError as error:
            count, errors = _described_errors(error)
    document.broken_names, document.remainder = frozenset(remainder.names), remainder
    return list(dict.fromkeys(findings))


def _described_errors(error: ValidationError) -> tuple[int, list[ErrorDetails]]:
    """Returns the number of errors and their details; no details where there are too many."""
    count = error.error_count()
    return count, error.errors(include_url=False) if count <= MAX_ERRORS else []


def _build_model(model: type[Model], value: Any, document: Document | None = None) -> Model:
    # In YAML a field has only its alias; the names of attributes are for code.
    return model.model_validate(value, context=document.allowance if document else None, by_alias=True, by_name=False)


def form_findings(document: Document, model: type[Model]) -> list[Finding]:
    """Returns every fault of a document outside the language, which has the form of `model`; sets nothing."""
    try:
        _build_model(model, document.value)
    except ValidationError as error:
        count, errors = _described_errors(error)
    else:
        return []
    own_errors = [
        error_details
        for error_details in errors or _first_errors(model, document.value)
        if not _is_echo(error_details, errors)
    ][:MAX_FAULTS]
    findings = [
        finding
        for error_details in own_errors
        for finding in _error_findings(
            document, _document_path(document.value, error_details["loc"]), model, error_details
        )
    ]
    return [*dict.fromkeys(findings), *([_more_finding(document, count - MAX_FAULTS)] if count > MAX_FAULTS else [])]


def _first_errors(model: type[Model], value: Any) -> list[ErrorDetails]:
    """Returns some of very many errors, found with the lists of the value cut: all of them would not fit in memory."""
    errors: list[ErrorDetails] = []
    for items in (12, 50, 200, 800, 3_200, 12_800, 51_200, 204_800):
        try:
            _build_model(model, _shorten_lists(value, items))
        except ValidationError as error:
            if error.error_count() <= MAX_ERRORS or not errors:
                errors = error.errors(include_url=False)[:MAX_ERRORS]
            if len(errors) >= MAX_FAULTS:
                break
    return errors


def _shorten_lists(value: Any, items: int) -> Any:
    if isinstance(value, dict):
        return {key: _shorten_lists(part, items) for key, part in islice(value.items(), items)}
    if isinstance(value, list):
        return [_shorten_lists(part, items) for part in islice(value, items)]
    return value


def _more_finding(document: Document, count: int) -> Finding:
    message = f"{count:,} more faults in this {document.kind} are not shown"
    return Finding(document, (), "R133", message, more=count)


def _stand_in(model: type[Model], location: tuple[str | int, ...], neighbours: Any) -> Any:
    """Returns a substitute for a missing field, so that its neighbours are checked all the same; None for none.

    There are substitutes only for fields whose value leads to no fault elsewhere.
    """
    field = str(location[-1])
    if field == "value" and isinstance(neighbours, dict) and neighbours.get("operator") == "between":
        return [0, 1]
    parts = [leaf.__name__ for leaf in annotations_at(model, location[:-1]) if isinstance(leaf, type)]
    return next((STAND_INS[part, field] for part in parts if (part, field) in STAND_INS), None)


def _is_echo(error: ErrorDetails, errors: list[ErrorDetails]) -> bool:
    # Pydantic also reports a list with faulty items as too short.
    depth = len(error["loc"])
    return error["type"] == "too_short" and any(
        other["loc"][:depth] == error["loc"] and len(other["loc"]) > depth for other in errors
    )


def _document_path(value: Any, location: tuple[str | int, ...]) -> Path:
    """Returns `location` without the steps that name a branch of a union rather than a key."""
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


def _similar_field(model: type[Model], location: tuple[str | int, ...]) -> str:
    return nearest(str(location[-1]), sorted(fields_at(model, location[:-1])))


def _error_findings(document: Document, path: Path, model: type[Model], error: ErrorDetails) -> list[Finding]:
    location = error["loc"]
    if (
        error["type"] == "model_type"
        and error["input"] is None
        and _is_misplaced(document.value, path, model, location)
    ):
        return []  # its content is beside it, which is reported
    if error["type"] != "missing" or isinstance(location[-1], int):
        return [_error_finding(document, path, model, error)]
    inside = error["input"] if isinstance(error["input"], dict) else {}
    known = fields_at(model, location[:-1])
    strangers = sorted(key for key in inside if key not in known)
    below = fields_at(model, location)
    if (
        nearest(str(location[-1]), [key.partition(":")[0] for key in strangers])
        or any(FIELDS.get(key) == location[-1] for key in strangers)
        or any(key in below for key in strangers)
    ):
        return []  # the field with another name is reported, with this one as its hint
    return [Finding(document, path[:-1], "R107", f"field '{location[-1]}' is missing")]


def _is_misplaced(value: Any, path: Path, model: type[Model], location: tuple[str | int, ...]) -> bool:
    for step in path[:-1]:
        value = value[step]
    beside, below = fields_at(model, location[:-1]), fields_at(model, location)
    return isinstance(value, dict) and any(key in below for key in value if key not in beside)


def _error_finding(document: Document, path: Path, model: type[Model], error: ErrorDetails) -> Finding:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    if kind == "missing":
        count = len(value) if isinstance(value, list | tuple) else 0
        expected_count = int(error["loc"][-1]) + 1
        return Finding(document, path, "R114", f"expected {expected_count} items in this list, found {count}")
    if kind == "extra_forbidden":
        allowed = sorted(fields_at(model, error["loc"][:-1]))
        hint = _field_hint(str(error["loc"][-1]), allowed, model, error["loc"])
        return Finding(document, path, "R106", f"unknown field '{str(error['loc'][-1])[:63]}'", hint, on_key=True)
    if kind.startswith("R"):
        hint = str(context.get("hint", "")) or (
            _quoted_hint(value) if kind == "R108" and "text" in error["msg"] else ""
        )
        at = (*path, *context.get("at", ()))
        return Finding(
            document, at, kind, str(context.get("message", error["msg"])), hint, on_key=bool(context.get("on_key"))
        )
    if kind == "literal_error":
        return _choice_finding(document, path, model, error)
    if kind in _EXPECTED:
        on_key = "[key]" in error["loc"]
        hint = _replacement_hint(kind, value, sorted(fields_at(model, error["loc"])))
        return Finding(
            document, path, "R108", f"expected {_EXPECTED[kind]}, found {describe_value(value)}", hint, on_key=on_key
        )
    if kind in ("too_short", "too_long"):
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return Finding(document, path, "R114", f"expected {bound} in this list, found {context['actual_length']}")
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        if context[key] == WHOLE_SHARE and isinstance(value, int | float | str):
            percent = f"did you mean {value}%?" if isinstance(value, int | float) and 1 < value <= 100 else ""
            return Finding(document, path, "R110", f"expected {words} 100%, found {describe_value(value)}", percent)
        is_ratio = context[key] == 1 and key == "le" and isinstance(value, int | float) and 1 < value <= 100
        hint = f"did you mean {value}%?" if is_ratio else ""
        return Finding(
            document, path, "R110", f"expected {words} {context[key]:g}, found {describe_value(value)}", hint
        )
    return Finding(document, path, "R108", error["msg"])


def _choice_finding(document: Document, path: Path, model: type[Model], error: ErrorDetails) -> Finding:
    allowed = sorted({str(item) for item in literals_at(model, error["loc"])})
    value = error["input"]
    hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
    if value == "" and ">" in allowed:
        hint = 'did you mean ">", in quotes?'  # without quotes it begins a block scalar
    if isinstance(value, str) and VALUES.get(value) in allowed:
        hint = f"did you mean '{VALUES[value]}'?"
    choices = f"one of: {', '.join(allowed)}"
    return Finding(
        document,
        path,
        "R109",
        f"{describe_value(value)} is not allowed here",
        f"{hint} ({choices})" if "mean" in hint else choices,
    )


def _field_hint(written: str, allowed: list[str], model: type[Model], location: tuple[str | int, ...]) -> str:
    """Returns a hint for an unknown field: one of a similar name, one of another place, or a term of another tool."""
    if ":" in written and written.partition(":")[0] in allowed:
        return "a colon needs a blank after it, as in name: value"
    singular = FIELDS.get(written, "").removesuffix("s")
    if len(written) <= 4 and singular in allowed and not written.startswith(singular):
        return f"here it is {singular}"  # nearly every short name is similar to another
    if nearest(written, allowed):
        return did_you_mean(written, allowed)
    below = [name for name in allowed if written in fields_at(model, (*location[:-1], name))]
    if below:
        return f"did you mean '{written}' under '{below[0]}'?"
    if FIELDS.get(written) and (FIELDS[written] in allowed or not FIELDS[written].isalpha()):
        return FIELDS[written] if FIELDS[written].startswith("leave it out") else f"here it is {FIELDS[written]}"
    return did_you_mean(written, allowed) or f"fields here: {', '.join(allowed)}"


def _replacement_hint(kind: str, value: object, fields: list[str]) -> str:
    """Returns what to write in place of a value of the wrong type."""
    if kind == "string_type":
        if isinstance(value, dict) and list(value) == ["port"] and isinstance(value["port"], str | None):
            return f'write it in quotes: "{{port{":" if value["port"] else ""}{value["port"] or ""}}}"'
        if isinstance(value, dict) and isinstance(value.get("name"), str):
            return f"write its name alone: {value['name'][:63]}"
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            return f"write it without brackets: {value[0][:63]}"
        return _quoted_hint(value)
    if kind in ("tuple_type", "list_type"):
        return list_instead(value)
    if _EXPECTED[kind] == "a mapping":
        if not fields:
            return entries_instead(value)
        return mapping_instead(value, fields) or f"fields here: {', '.join(fields)}"
    if kind in ("int_type", "float_type", "bool_type") and isinstance(value, str):
        if kind == "bool_type" and old_meaning(value) == "a boolean":
            return f"write {'true' if value.lower() in ('yes', 'on') else 'false'}"
        return f"write {value} without quotes" if isinstance(resolve(value[:40]), int | float) else ""
    return ""


def _quoted_hint(value: object) -> str:
    return f'write it as "{yaml_scalar(value)}"' if isinstance(value, int | float) else ""
