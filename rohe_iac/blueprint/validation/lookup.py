"""Parts of a document by their paths."""

from __future__ import annotations

from typing import Any

from rohe_iac.blueprint.text.parsed import Path


def value_at(value: Any, path: Path) -> Any:
    """Returns the part of a document at a path; None where there is none."""
    for step in path:
        if isinstance(value, dict) and step in value:  # noqa: SIM114
            value = value[step]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value
