"""Field changes: what differs between two texts of one manifest, field by field, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from rohe_iac.deployment.files.unchanged_parts import cut_unchanged

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

MAX_SHOWN = 120
"""Characters of a value that is shown; a longer one is counted."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that differs.

    Attributes:
        field: Path of the field, without `spec` at its beginning; of a file's content `FILE: PATH`.
        old: Value before, for people; "" where the field was not there.
        new: Value after, for people; "" where the field is gone.
    """

    field: str
    old: str
    new: str

    def __str__(self) -> str:
        """Returns `limits.memory: 64Mi -> 128Mi`."""
        if not self.old:
            return f"{self.field}: added {self.new}"
        return f"{self.field}: removed {self.old}" if not self.new else f"{self.field}: {self.old} -> {self.new}"


def field_changes(before: str, after: str) -> tuple[FieldChange, ...]:
    """Returns the fields that differ between two YAML documents, sorted by path; none where only the form differs."""
    return _changes_of(*cut_unchanged(before, after))


@lru_cache(maxsize=1000)
def _changes_of(before: str, after: str) -> tuple[FieldChange, ...]:
    return value_changes(yaml.load(before, _LOADER), yaml.load(after, _LOADER))


def value_changes(before: Any, after: Any) -> tuple[FieldChange, ...]:
    """Returns the fields that differ between two values of YAML or JSON, sorted by path."""
    found = _differences(before, after, "")
    return tuple(sorted(found, key=lambda change: change.field))


def _differences(before: Any, after: Any, path: str) -> Iterator[FieldChange]:
    before, after = _parsed(before), _parsed(after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() | after.keys():
            yield from _differences(before.get(key), after.get(key), f"{path}.{key}" if path else str(key))
    elif before == after:
        return
    elif isinstance(before, list) and isinstance(after, list):
        yield from _list_differences(before, after, path)
    else:
        yield FieldChange(_short(path), _shown(before), _shown(after))


def _list_differences(before: Sequence[Any], after: Sequence[Any], path: str) -> Iterator[FieldChange]:
    """Yields the differences of two lists: of named items by name, else what is added and what is removed."""
    named = [
        {item["name"]: item for item in items if isinstance(item, dict) and isinstance(item.get("name"), str)}
        for items in (before, after)
    ]
    if all(len(names) == len(items) for names, items in zip(named, (before, after), strict=True)):
        for name in named[0].keys() | named[1].keys():
            yield from _differences(named[0].get(name), named[1].get(name), f"{path}.{name}")
        return
    removed = [_shown(item) for item in before if item not in after]
    added = [_shown(item) for item in after if item not in before]
    if len(removed) == len(added) == 1:
        yield FieldChange(_short(path), removed[0], added[0])
        return
    for text in removed:
        yield FieldChange(_short(path), text, "")
    for text in added:
        yield FieldChange(_short(path), "", text)
    if not removed and not added:
        yield FieldChange(_short(path), _shown(before), _shown(after))


def _short(path: str) -> str:
    """Returns a path without the parts that every manifest has."""
    path = path.removeprefix("spec.")
    return path.removeprefix("files.").replace(".content.", ": ", 1) if path.startswith("files.") else path


def _parsed(value: Any) -> Any:
    """Returns the value of a text that is a JSON mapping or list, so that its own fields can be compared."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split()) or "''"
    return text if len(text) <= MAX_SHOWN else f"({len(text):,} characters)"
