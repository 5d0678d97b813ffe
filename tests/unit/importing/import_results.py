"""What tests read from the result of an import."""

from __future__ import annotations

from collections.abc import Callable

from rohe_iac.importing.import_texts import ImportResult

Importer = Callable[..., ImportResult]
"""A fixture that imports samples by name, or contents."""


def reasons(result: ImportResult) -> dict[str, str]:
    """Returns the reason of every field that was not mapped, by the field."""
    return {unmapped.field: unmapped.reason for file in result.files for unmapped in file.unmapped}


def notes(result: ImportResult) -> str:
    """Returns the texts of all notes, a line each."""
    return "\n".join(text for file in result.files for _, text in file.notes)
