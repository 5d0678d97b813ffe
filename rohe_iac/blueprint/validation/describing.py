"""The finding of each error of Pydantic: what is wrong in words of the language, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from pydantic_core import ErrorDetails

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.hints.foreign_fields import foreign_hint, place_of
from rohe_iac.blueprint.hints.foreign_terms import VALUES
from rohe_iac.blueprint.hints.nearest import did_you_mean, nearest
from rohe_iac.blueprint.hints.value_text import describe_value
from rohe_iac.blueprint.hints.writing import quoted_text
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.fields import fields_at, literals_at
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.validation.lookup import value_at
from rohe_iac.blueprint.validation.replacing import EXPECTED, quoted_hint, replacement_hint
from rohe_iac.foundation.quantities import counted

WHOLE_SHARE = 10_000
"""All of something, in basis points."""


_SHARE = re.compile(r"\d{1,3}%")

_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def error_findings(document: Document, path: Path, model: type[Model], error: ErrorDetails) -> list[Finding]:
    """Returns the findings of an error of Pydantic; none where another error reports the same fault."""
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
        or any(_stands_for(key, str(location[-1]), model, location[:-1]) for key in strangers)
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
        hint = _field_hint(
            str(error["loc"][-1]), allowed, model, error["loc"], value_at(document.value, path[:-1]) or ()
        )
        return Finding(document, path, "R106", f"unknown field '{str(error['loc'][-1])[:63]}'", hint, on_key=True)
    if kind.startswith("R"):
        hint = str(context.get("hint", "")) or (quoted_hint(value) if kind == "R108" and "text" in error["msg"] else "")
        at = (*path, *context.get("at", ()))
        return Finding(
            document, at, kind, str(context.get("message", error["msg"])), hint, on_key=bool(context.get("on_key"))
        )
    if kind == "literal_error":
        return _choice_finding(document, path, model, error)
    if kind in EXPECTED:
        on_key = "[key]" in error["loc"]
        hint = replacement_hint(document, path, kind, value, model, error["loc"])
        return Finding(
            document, path, "R108", f"expected {EXPECTED[kind]}, found {describe_value(value)}", hint, on_key=on_key
        )
    if kind in ("too_short", "too_long"):
        bound = f"at least {context['min_length']}" if kind == "too_short" else f"at most {context['max_length']}"
        return Finding(document, path, "R114", f"expected {bound} in this list, found {context['actual_length']}")
    if kind in ("string_too_short", "string_too_long"):
        count = context["min_length" if kind == "string_too_short" else "max_length"]
        bound = f"{'at least' if kind == 'string_too_short' else 'at most'} {counted(count, 'character')}"
        return Finding(document, path, "R108", f"expected text of {bound}, found {len(str(value))}")
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
        hint = 'did you mean ">"?'  # without quotes it begins a block scalar
    if isinstance(value, str) and VALUES.get(value) in allowed:
        hint = f"did you mean {quoted_text(VALUES[value])}?"
    choices = f"one of: {', '.join(allowed)}"
    return Finding(
        document,
        path,
        "R109",
        f"{describe_value(value)} is not allowed here",
        f"{hint} ({choices})" if "mean" in hint else choices,
    )


def _exists(model: type[Model], location: tuple[str | int, ...]) -> Callable[[tuple[str, ...]], bool]:
    """Returns the check whether a path of fields exists below a place."""

    def exists(steps: tuple[str, ...]) -> bool:
        return all(step in fields_at(model, (*location, *steps[:index])) for index, step in enumerate(steps))

    return exists


def _stands_for(term: str, field: str, model: type[Model], location: tuple[str | int, ...]) -> bool:
    """Checks whether a foreign field is one of these fields under another name."""
    place = place_of(term, _exists(model, location))
    return place is not None and place[0] == (field,)


def _field_hint(
    written: str, allowed: list[str], model: type[Model], location: tuple[str | int, ...], beside: Collection[str]
) -> str:
    """Returns a hint for an unknown field: one of a similar name, one of another place, or a term of another tool."""
    if ":" in written and written.partition(":")[0] in allowed:
        return "a colon needs a blank after it, as in name: value"
    place = place_of(written, _exists(model, location[:-1]))
    if place is not None and place[0][0] in beside and len(place[0]) == 1 and not place[1]:
        return f"'{place[0][0]}' is there already: keep one of them"
    if hint := foreign_hint(written, _exists(model, location[:-1])):
        value = beside.get(written) if isinstance(beside, dict) else None
        amount = value if isinstance(value, str) and _SHARE.fullmatch(value) else ""
        return hint.replace("{count: 1}", amount) if amount and written.startswith("gpu") else hint
    near = nearest(written, allowed)
    is_plural = near.rstrip("s") == written.rstrip("s")
    kinds = [kind for kind in KINDS if location[:-1] == ("spec",) and written in fields_at(KINDS[kind], ("spec",))]
    if kinds and not is_plural:
        return f"it is a field of {' and '.join(kinds)}"
    if near:
        return f"'{near}' is there already: keep one of them" if near in beside else did_you_mean(written, allowed)
    below = [name for name in allowed if written in fields_at(model, (*location[:-1], name))]
    if below:
        return f"did you mean '{written}' under '{below[0]}'?"
    return did_you_mean(written, allowed) or f"fields here: {', '.join(allowed)}"
