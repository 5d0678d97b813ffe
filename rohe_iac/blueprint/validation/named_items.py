"""Mappings by name in place of lists: `services: {camera: {...}}` is read as a list of items with these names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.language.run_limits import UNKNOWN

FIELDS: Mapping[str, tuple[str, ...]] = {"Pipeline": ("services",), "ObservationContract": ("objectives",)}
"""By kind, the fields of `spec` whose items may be written as a mapping by name."""


def list_named_items(document: Document) -> None:
    """Makes lists of the mappings by name in a document, and notes their keys, by which places are found.

    A mapping whose values are not all mappings, or have names of their own, stays as it is, and is a fault.
    """
    spec = document.value.get("spec") if isinstance(document.value, dict) else None
    if not isinstance(spec, dict):
        return
    for field in FIELDS.get(document.kind, ()):
        written = spec.get(field)
        if isinstance(written, dict) and written and all(map(_is_item, written.items())):
            items = [item if item is UNKNOWN else {"name": name, **(item or {})} for name, item in written.items()]
            spec = {name: items if name == field else value for name, value in spec.items()}
            document.keys_of_items["spec", field] = tuple(written)
    document.value = {name: spec if name == "spec" else value for name, value in document.value.items()}


def _is_item(entry: tuple[Any, Any]) -> bool:
    name, item = entry
    return isinstance(name, str) and (
        item is None or item is UNKNOWN or (isinstance(item, dict) and "name" not in item)
    )
