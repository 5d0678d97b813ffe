"""The faults of a text in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yaml import MarkedYAMLError, ScalarEvent

from rohe_iac.blueprint.text.parsed import Path, Spot, TextFault
from rohe_iac.blueprint.text.scalars import NumberTooLong, old_meaning, resolve

_NOWHERE = Spot(1, 1, 0)


_TYPES = {dict: "a mapping", list: "a list", type(None): "nothing"}

_SYNTAX = (
    ("cannot start any token", "indent with blanks, not tabs, and quote a value that begins with @, % or `"),
    (
        "did not find expected key",
        "check the indentation of this line and of the one before; or a quote ends early",
    ),
    ("found unexpected ':'", "a colon needs a blank after it; a text with a colon needs quotes"),
    ("mapping values are not allowed", "a value that holds ': ' needs quotes; or a key above it lacks its colon"),
    ("expected <block end>", "check the indentation of this line and of the one before"),
    ("did not find expected '-' indicator", "check the indentation of this line and of the one before"),
    ("expected ',' or", "a comma is missing, or a bracket or brace is not closed"),
    ("expected alphabetic or numeric", "a text that begins with * or & needs quotes"),
    ("expected comment or line break", 'a text that begins with > or | needs quotes, as in ">="'),
    ("duplicate anchor", "give each anchor its own name"),
)


_BEGUN = (
    ("expected ':'", "simple key", "this key has no ':'", "a key ends with a colon and a blank, as in name: value"),
    ("unexpected end of stream", "quoted", "this quote is not closed", "close it on the same line"),
    ("unexpected document indicator", "quoted", "this quote is not closed", "close it on the same line"),
    ("expected ',' or '}'", "flow", "this brace is not closed", "close it with }"),
    ("expected ',' or ']'", "flow", "this bracket is not closed", "close it with ]"),
)
"""What the parser says, inside of what, and what to say of where that begins."""


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


def syntax(error: MarkedYAMLError, spot_of: Callable[[Any], Spot], text: str, first_line: int) -> TextFault:
    """A fault of syntax. spot_of: where a mark is in `text`. first_line: the lines before the parser began."""
    problem = error.problem or "this is not YAML"
    spot = spot_of(error.problem_mark or error.context_mark)
    begun = spot_of(error.context_mark) if error.context_mark is not None else spot
    for words, within, told, hint in _BEGUN:
        # Such a fault shows only further on; it is to be mended where what is not right begins.
        if words in problem and within in (error.context or "") and (within != "flow" or _is_left(text, begun, spot)):
            return TextFault(begun, "R001", f"not YAML: {told}", hint)
    context = ""
    if error.context and error.context_mark is not None:
        context = f" ({error.context} that begins in line {error.context_mark.line + 1 + first_line})"
    code = "R005" if "undefined alias" in problem else "R001"
    hint = next((hint for words, hint in _SYNTAX if words in problem), "")
    return TextFault(spot, code, f"not YAML: {problem}{context}", hint)


def _is_left(text: str, begun: Spot, spot: Spot) -> bool:
    """Whether the text has gone on outside a bracket that is not closed: indented no deeper than where it opens."""
    return spot.line > begun.line and _indentation(text, spot) <= _indentation(text, begun)


def _indentation(text: str, spot: Spot) -> int:
    line = text[spot.offset - spot.column + 1 : spot.offset + 1]
    return len(line) - len(line.lstrip(" "))


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
