"""Expressions in documents outside of modules: of inputs, which stay text, and of values, which are computed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.text.expression_marks import STRAY, VALUES
from rohe_iac.blueprint.text.parsed import Path

MAX_STRAYS = 50
"""The most stray expressions of one document that are reported."""


def check_strays(document: Document) -> Iterator[Finding]:
    """Yields a warning for every scalar of a document outside modules that names an input, for it stays text."""
    if document.kind != "Module" and document.source.holds_stray_expression:
        message = "this stays plain text: inputs are those of a module"
        hint = "write {{ values.NAME }} for a value of the stack, or the value itself"
        for path in islice(_stray_paths(document.value, ()), MAX_STRAYS):
            yield warning(document, path, "R235", message, hint)


def uses_values(value: Any) -> bool:
    """Checks whether a scalar of a document holds an expression that names a value of a stack."""
    if isinstance(value, dict):
        return any(VALUES.search(key) or uses_values(part) for key, part in value.items())
    if isinstance(value, list):
        return any(map(uses_values, value))
    return isinstance(value, str) and VALUES.search(value) is not None


def _stray_paths(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _stray_paths(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _stray_paths(part, (*path, index))
    elif isinstance(value, str) and STRAY.search(value):
        yield path
