"""Edits of a text: where an entry of a mapping can be taken out, and lines and columns of what changes."""

from __future__ import annotations

import re

from rohe_iac.blueprint.text.parsed import LINE_BREAK, Spot
from rohe_iac.foundation.diagnostics import TextEdit

_COMMA_AFTER = re.compile(r"\s*,\s*(?=(\})?)")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")
_BLANKS = re.compile(" *(?=[^ \r\n#])")
_DASHES = re.compile(r"[ \t]*(?:-[ \t]+)*")
_FAR = 10_000
"""How far before an entry, in characters, the begin of its line and the comma before it are looked for."""


def edit_of(text: str, begin: int, end: int, replacement: str, near: Spot) -> TextEdit:
    """Returns the edit that puts `replacement` in the place of the text between two offsets, counted from a spot."""
    return TextEdit(*_line_and_column(text, begin, near), *_line_and_column(text, end, near), replacement)


def entry_extent(text: str, begin: int, end: int) -> tuple[int, int] | None:
    """Returns what to take out for an entry of a mapping whose key begins and whose value ends at these offsets.

    In braces that is the entry and one comma; in lines of its own, the lines. None where the mapping would be left
    without any entry, so that its dash or key would mean something else.
    """
    line = _line_begin(text, begin)
    before = text[line:begin]
    if (comma := _COMMA_AFTER.match(text, end)) and not comma[1]:
        return begin, comma.end()
    if not _DASHES.fullmatch(before):
        head = text[max(0, begin - _FAR) : begin]
        inside = head.rstrip()
        return (begin - len(head) + len(inside) - 1, end) if inside.endswith(",") else (begin, end)
    rest = _REST_OF_LINE.match(text, end)
    if rest is None:
        return None
    if not before.strip():
        return line, rest.end()
    # The first entry of an item: the next one takes its place behind the dash.
    blanks = _BLANKS.match(text, rest.end())
    return (begin, blanks.end()) if blanks and len(blanks[0]) == len(before) else None


def _line_begin(text: str, offset: int) -> int:
    first = max(0, offset - _FAR)
    return next((match.end() for match in reversed(list(LINE_BREAK.finditer(text, first, offset)))), first)


def _line_and_column(text: str, offset: int, near: Spot) -> tuple[int, int]:
    if offset < near.offset:
        breaks = len(LINE_BREAK.findall(text, offset, near.offset))
        return near.line - breaks, offset - _line_begin(
            text, offset
        ) + 1 if breaks else near.column - near.offset + offset
    ends = [match.end() for match in LINE_BREAK.finditer(text, near.offset, offset)]
    return near.line + len(ends), offset - ends[-1] + 1 if ends else near.column + offset - near.offset
