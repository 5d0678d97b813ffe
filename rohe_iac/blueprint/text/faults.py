"""Messages for the faults of a YAML text."""

from __future__ import annotations

import re
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


_UNCLOSED = (
    ("expected ':'", "simple key", "this key has no ':'", "a key ends with a colon and a blank, as in name: value"),
    ("unexpected end of stream", "quoted", "this quote is not closed", "close it on the same line"),
    ("unexpected document indicator", "quoted", "this quote is not closed", "close it on the same line"),
    ("expected ',' or '}'", "flow", "this brace is not closed", "close it with }"),
    ("expected ',' or ']'", "flow", "this bracket is not closed", "close it with ]"),
)
"""For constructs that are not closed: words of the parser's problem and context, then message and hint, which are
reported where the construct begins."""


_TOKEN = re.compile(r"[@`%>|][^\s,\]}\"\\\\]*")
"""A value without blanks, in braces or in a line of its own."""

_PART = r"[^\s,\[\]{}\"'\\#]"

_WITH_BRACKETS = re.compile(rf"{_PART}+(?:[\[{{](?:{_PART}|,)*[\]}}]{_PART}*)+")
"""A value without blanks that has brackets or braces in it."""

_ENDS_VALUE = re.compile(r"[ \t]*(?:[,\]}\r\n]|\Z)|[ \t]+#")


def scalar_fault(text: str) -> TextFault | None:
    """Returns the fault or note about a plain scalar, without a place; None where there is nothing to report."""
    try:
        if old_type := old_meaning(text):
            value = resolve(text)
            new_type = "text" if isinstance(value, str) else f"the number {value}"
            message = f"{text} is {new_type} here; YAML 1.1 read it as {old_type}"
            written = f'"{text}"' if isinstance(value, str) else str(value)
            hint = "put it in quotes to say so" if isinstance(value, str) else f"write it as {written}"
            return TextFault(_NOWHERE, "R010", message, hint, note=True, fix=(len(text), written))
        resolve(text)
    except NumberTooLong as error:
        return TextFault(_NOWHERE, "R011", str(error))
    return None


def syntax_fault(error: MarkedYAMLError, spot_of: Callable[[Any], Spot], text: str, first_line: int) -> TextFault:
    """Returns the fault of a syntax error.

    Args:
        error: What the parser raised.
        spot_of: Gives the spot of a mark in `text`.
        text: The whole text.
        first_line: Number of lines before the one where the parser began.
    """
    problem = error.problem or "this is not YAML"
    spot = spot_of(error.problem_mark or error.context_mark)
    begin = spot_of(error.context_mark) if error.context_mark is not None else spot
    for problem_words, context_words, what, hint in _UNCLOSED:
        # The parser notices such a fault only further on; what has to be changed is at the begin.
        if (
            problem_words in problem
            and context_words in (error.context or "")
            and (context_words != "flow" or _is_outdented(text, begin, spot))
        ):
            return TextFault(begin, "R001", f"not YAML: {what}", hint)
    context = ""
    if error.context and error.context_mark is not None:
        context = f" ({error.context} that begins in line {error.context_mark.line + 1 + first_line})"
    code = "R005" if "undefined alias" in problem else "R001"
    if (token := _unquoted_token(text, spot, problem)) is not None:
        return _without_quotes(token, code, f"a text that begins with {token[1][0]} needs quotes")
    if "expected ',' or" in problem and (token := _token_with_brackets(text, spot)) is not None:
        signs = "braces" if "{" in token[1] else "brackets"
        return _without_quotes(token, code, f"a text with {signs} needs quotes here")
    hint = next((hint for problem_words, hint in _SYNTAX if problem_words in problem), "")
    if "expected ',' or" in problem and text[spot.offset : spot.offset + 1] == "{":
        hint = 'a text with braces needs quotes, as in "--port={port}"'
    elif "expected ',' or" in problem and re.match(r"[^\s,:\[{]\[", text[max(spot.offset - 1, 0) : spot.offset + 1]):
        hint = 'a text with brackets needs quotes here, as in "bus-[1:8]"'
    return TextFault(spot, code, f"not YAML: {problem}{context}", hint)


def _without_quotes(token: tuple[Spot, str], code: str, what: str) -> TextFault:
    spot, text = token
    return TextFault(spot, code, f"not YAML: {what}", f'write it as "{text}"', fix=(len(text), f'"{text}"'))


def _token_with_brackets(text: str, spot: Spot) -> tuple[Spot, str] | None:
    """Returns a value without blanks that has brackets or braces in it, and its spot; None where the fault is another.

    Args:
        text: The whole text.
        spot: Where the parser found the first of the brackets, in a value in braces.
    """
    line = text[spot.offset - spot.column + 1 : spot.offset]
    length = len(line) - max(map(line.rfind, " ,[{")) - 1
    begin = spot.offset - length
    token = _WITH_BRACKETS.match(text, begin) if 0 < length < spot.column else None
    if token is None or token.end() <= spot.offset or _ENDS_VALUE.match(text, token.end()) is None:
        return None
    return Spot(spot.line, spot.column - length, begin), token[0]


def _unquoted_token(text: str, spot: Spot, problem: str) -> tuple[Spot, str] | None:
    """Returns a value that begins with a sign which needs quotes, and its spot; None where that is not the fault."""
    if "cannot start any token" not in problem and "expected comment or line break" not in problem:
        return None
    back = next(
        (back for back in (0, 1, 2) if text[spot.offset - back : spot.offset - back + 1] in tuple("@`%>|")), None
    )
    begin = spot.offset - (back or 0)
    token = _TOKEN.match(text, begin)
    if back is None or token is None or text[begin - 1 : begin] not in (" ", "[", "{", ","):
        return None
    if _ENDS_VALUE.match(text, token.end()) is None:
        return None
    return Spot(spot.line, spot.column - back, begin), token[0]


def _is_outdented(text: str, begin: Spot, spot: Spot) -> bool:
    """Checks whether the text went on outside an unclosed bracket: indented no deeper than the line that opens it."""
    return spot.line > begin.line and _indentation(text, spot) <= _indentation(text, begin)


def _indentation(text: str, spot: Spot) -> int:
    line = text[spot.offset - spot.column + 1 : spot.offset + 1]
    return len(line) - len(line.lstrip(" "))


def too_deep(spot: Spot, limit: int) -> TextFault:
    """Returns the fault of nesting deeper than `most` levels."""
    return TextFault(spot, "R003", f"nested deeper than {limit} levels")


def forbidden_character(spot: Spot, character: str) -> TextFault:
    """Returns the fault of a character that YAML does not allow."""
    return TextFault(spot, "R001", f"not YAML: the control character U+{ord(character):04X}", "take it out")


def directives(spot: Spot) -> TextFault:
    """Returns the fault of more %TAG lines than are read."""
    return TextFault(
        spot, "R006", "so many %TAG lines are not read", "blueprints hold plain values: leave the tags out"
    )


def rest_not_read(spot: Spot, broken: int) -> TextFault:
    """Returns the fault that reports that the text is not read any further, after `broken` broken documents."""
    message = f"from here on the file is not looked at, after {broken} documents that are not YAML"
    return TextFault(spot, "R133", message, "correct the first ones, then run it again")


def foreign_tag(spot: Spot, tag: str) -> TextFault:
    """Returns the fault of a tag outside the core schema."""
    shown = tag[:80].replace("tag:yaml.org,2002:", "!!")
    hint = "blueprints hold plain values: leave the tag out"
    return TextFault(spot, "R006", f"the tag {shown[:60]} is not read", hint)


def no_anchor(spot: Spot, name: str, *, inside: bool) -> TextFault:
    """Returns the fault of an alias without an anchor.

    Args:
        spot: Where the alias is.
        name: The name of the anchor.
        inside: Whether the alias is inside the value that has the anchor.
    """
    anchor = name[:63]
    if inside:
        message = f"*{anchor} stands inside what &{anchor} names, so it would never end"
        return TextFault(spot, "R005", message)
    return TextFault(spot, "R005", f"no anchor &{anchor} before *{anchor}", "an anchor is set by &NAME earlier")


def bad_key(spot: Spot, event: Any, value: object, text: str) -> TextFault:
    """Returns the fault of a key that is not text; `text` is the whole text."""
    if isinstance(event, ScalarEvent):
        key = event.value[:63]
        length = event.end_mark.index - event.start_mark.index if event.end_mark and event.start_mark else 0
        end = spot.offset + length
        if text[end : end + 1] != ":":
            hint = "a comma in braces begins a new field; a decimal number has a point, as in 1.5"
            return TextFault(spot, "R008", f"key {key} is not text", hint)
        fix = (length, f'"{key}"') if key == event.value else None
        return TextFault(spot, "R008", f"key {key} is not text", f'write it as "{key}"', fix=fix)
    hint = 'an expression in braces needs quotes, as in "{{ inputs.name }}"' if isinstance(value, dict) else ""
    return TextFault(spot, "R008", f"a key is text, found {_TYPES.get(type(value), 'an alias')}", hint)


def duplicate_key(spot: Spot, key: str, first: Path | None) -> TextFault:
    """Returns the fault of a key that the mapping has already; `first` is the path of the first one."""
    return TextFault(spot, "R007", f"key '{key[:63]}' is here twice", "keep one of them", first=first)


def missing_separator(spot: Spot) -> TextFault:
    """Returns the fault of a second document that begins without a line `---` before it."""
    message = f"a second document begins in line {spot.line} without a line '---' before it"
    return TextFault(spot, "R007", message, "add a line with --- before this one", fix=(0, "---\n"))


def merge_key(spot: Spot) -> TextFault:
    """Returns the fault of a merge key."""
    message = "'<<' is the merge key of YAML 1.1, which 1.2 has not"
    return TextFault(spot, "R009", message, "write the fields out")
