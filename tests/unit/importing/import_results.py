"""What tests read from the result of an import."""

from __future__ import annotations

import json
from collections.abc import Callable

from rohe_iac.importing.foreign.journal import Field, ImportJournal, path_text
from rohe_iac.importing.foreign.reading import read_foreign
from rohe_iac.importing.import_texts import ImportResult

Importer = Callable[..., ImportResult]
"""A fixture that imports samples by name, or contents."""


def reasons(result: ImportResult) -> dict[str, str]:
    """Returns the reason of every field that was not mapped, by the field."""
    return {unmapped.field: unmapped.reason for file in result.files for unmapped in file.unmapped}


def notes(result: ImportResult) -> str:
    """Returns the texts of all notes, a line each."""
    return "\n".join(text for file in result.files for _, text in file.notes)


def field_of(value: object, file: str = "f") -> Field:
    """Returns a field with the value, as read from a file, and a journal of its own."""
    return Field(read_foreign(file, json.dumps(value)).documents[0], (), ImportJournal())


def dropped(field: Field) -> dict[str, str]:
    """Returns the reason of every dropped field, by the field."""
    return {path_text(path): reason for path, (_, reason) in field.journal.dropped.items()}


def mapped(field: Field) -> dict[str, str]:
    """Returns what every mapped field became, by the field."""
    return {path_text(path): target for path, (_, target) in field.journal.mapped.items()}
