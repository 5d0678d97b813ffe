"""Edits of diagnostics, applied as an editor does."""

from __future__ import annotations

from rohe_iac.blueprint.text.parsed import LINE_BREAK
from rohe_iac.foundation.diagnostics import TextEdit


def apply_edit(text: str, edit: TextEdit) -> str:
    """Returns the text after the edit."""
    begin, end = _offset(text, edit.line, edit.column), _offset(text, edit.end_line, edit.end_column)
    return text[:begin] + edit.text + text[end:]


def _offset(text: str, line: int, column: int) -> int:
    begin = 0
    for _ in range(line - 1):
        match = LINE_BREAK.search(text, begin)
        begin = match.end() if match else len(text)
    return begin + column - 1
