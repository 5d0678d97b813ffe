"""The JSON of diagnostics, as `validate -o json` prints it."""

from __future__ import annotations

from typing import Literal, TypedDict


class EditForm(TypedDict):
    """A text to replace, up to before endLine and endColumn; lines and columns count from 1."""

    line: int
    column: int
    endLine: int
    endColumn: int
    text: str


class DiagnosticForm(TypedDict):
    """One fault of a document; line and column count from 1. The fix is the edit of the hint; null where it is none."""

    file: str
    line: int
    column: int
    severity: Literal["error", "warning", "note"]
    code: str
    message: str
    hint: str
    fix: EditForm | None
    excerpt: str


class DiagnosticsForm(TypedDict):
    """What `rohe validate` found."""

    valid: bool
    documents: dict[str, int]
    errors: int
    warnings: int
    notes: int
    notShown: int
    diagnostics: list[DiagnosticForm]
