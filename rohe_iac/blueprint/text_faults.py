"""The faults of a text in words."""

from __future__ import annotations

from typing import Any

from yaml import MarkedYAMLError, ScalarEvent

from rohe_iac.blueprint.reading import Path, Spot, TextFault
from rohe_iac.blueprint.scalars import NumberTooLong, old_meaning, resolve

_NOWHERE = Spot(1, 1, 0)
_TYPES = {dict: "a mapping", list: "a list", type(None): "nothing"}

_SYNTAX = (
    ("cannot start any token", "indent with blanks, not tabs, and quote a value that begins with @, % or `"),
    ("could not find expected ':'", "a key lacks its colon: the line told, or the one before it"),
    (
        "did not find expected key",
        "check the indentation of this line and of the one before; or a quote ends early",
    ),
    ("unexpected end of stream", "a quote is not closed"),
    ("found unexpected ':'", "a colon needs a blank after it; a text with a colon needs quotes"),
    ("mapping values are not allowed", "a value that holds ': ' needs quotes; or a key above it lacks its colon"),
    ("expected <block end>", "check the indentation of this line and of the one before"),
    ("did not find expected '-' indicator", "check the indentation of this line and of the one before"),
    ("expected ',' or", "a bracket or brace is not closed, or a comma is missing"),
    ("duplicate anchor", "give each anchor its own name"),
)


def of_scalar(text: str) -> TextFault | None:
    """What there is to tell of a plain scalar, wherever it stands."""
    try:
        if old := old_meaning(text):
            now = resolve(text)
            meant = "text" if isinstance(now, str) else f"the number {now}"
            message = f"{text} is {meant} here; YAML 1.1 read it as {old}"
            return TextFault(_NOWHERE, "R010", message, "put it in quotes to say so", note=True)
        resolve(text)
    except NumberTooLong as error:
        return TextFault(_NOWHERE, "R011", str(error))
    return None


def syntax(error: MarkedYAMLError, spot: Spot, first_line: int) -> TextFault:
    """A fault of syntax. first_line: the lines before the parser began."""
    problem = error.problem or "this is not YAML"
    context = ""
    if error.context and error.context_mark is not None:
        context = f" ({error.context} that begins in line {error.context_mark.line + 1 + first_line})"
    code = "R005" if "undefined alias" in problem else "R001"
    hint = next((hint for words, hint in _SYNTAX if words in problem), "")
    return TextFault(spot, code, f"not YAML: {problem}{context}", hint)


def too_deep(spot: Spot, most: int) -> TextFault:
    """Nested deeper than is read."""
    return TextFault(spot, "R003", f"nested deeper than {most} levels")


def forbidden(spot: Spot, character: str) -> TextFault:
    """A character that YAML has not."""
    return TextFault(spot, "R001", f"not YAML: the control character U+{ord(character):04X}", "take it out")


def directives(spot: Spot) -> TextFault:
    """More %TAG lines than are read."""
    return TextFault(
        spot, "R006", "so many %TAG lines are not read", "blueprints hold plain values: leave the tags out"
    )


def not_looked_at(spot: Spot, broken: int) -> TextFault:
    """What follows many broken documents."""
    message = f"from here on the file is not looked at, after {broken} documents that are not YAML"
    return TextFault(spot, "R133", message, "mend the first, and run it again")


def foreign_tag(spot: Spot, tag: str) -> TextFault:
    """A tag outside the core schema."""
    shown = tag[:80].replace("tag:yaml.org,2002:", "!!")
    hint = "blueprints hold plain values: leave the tag out"
    return TextFault(spot, "R006", f"the tag {shown[:60]} is not read", hint)


def no_anchor(spot: Spot, name: str, *, inside: bool) -> TextFault:
    """An alias of what is not there. inside: it stands inside what it names."""
    shown = name[:63]
    if inside:
        message = f"*{shown} stands inside what &{shown} names, so it would never end"
        return TextFault(spot, "R005", message)
    return TextFault(spot, "R005", f"no anchor &{shown} before *{shown}", "an anchor is set by &NAME earlier")


def bad_key(spot: Spot, event: Any, value: object) -> TextFault:
    """A key that is not text."""
    if isinstance(event, ScalarEvent):
        shown = event.value[:63]
        return TextFault(spot, "R008", f"key {shown} is not text", f'write it as "{shown}"')
    hint = 'an expression in braces needs quotes, as in "{{ inputs.name }}"' if isinstance(value, dict) else ""
    return TextFault(spot, "R008", f"a key is text, found {_TYPES.get(type(value), 'an alias')}", hint)


def duplicate_key(spot: Spot, key: str, first: Path | None) -> TextFault:
    """A key that is there already. first: the path of the first."""
    return TextFault(spot, "R007", f"key '{key[:63]}' is here twice", "keep one of them", first=first)


def merge_key(spot: Spot) -> TextFault:
    """A merge key."""
    message = "'<<' is the merge key of YAML 1.1, which 1.2 has not"
    return TextFault(spot, "R009", message, "write the fields out")
