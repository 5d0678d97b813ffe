"""Where in the user's files a place of an imported document comes from."""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.foundation.diagnostics import Place
from rohe_iac.importing.foreign.reading import YamlNode, key_text, read_foreign
from rohe_iac.importing.import_texts import ImportResult


def place_in_source(place: Place, imported: ImportResult) -> Place:
    """Returns the place in the file that the value at a place of the documents' text was imported from.

    Where the value was not imported from one field, that is the nearest field around it, else the first file.
    """
    target = ""
    for line, column, found in _values(imported):
        is_behind = (line, column) > (place.line, place.column)
        # A diagnostic is at a value, or at a key that the value follows.
        if not is_behind or line == place.line or not target:
            target = found
        if is_behind or (line, column) == (place.line, place.column):
            break
    mapped = [item for file in imported.files for item in file.mapped]
    while target:
        for item in mapped:
            if item.to == target or item.to.startswith(f"{target}."):
                return item.place
        target = target.rpartition(".")[0]
    return Place(imported.files[0].file) if imported.files else place


def _values(imported: ImportResult) -> Iterator[tuple[int, int, str]]:
    """Yields line and column of each value of the documents, with its address as reports of imports write it."""
    for node in read_foreign("imported.yaml", imported.text).documents:
        entries = node.entries or {}
        metadata = entries["metadata"].entries or {}
        head = f"{key_text(entries['kind'].value)}/{key_text(metadata['name'].value)}: "
        yield metadata["name"].line + 1, metadata["name"].column + 1, f"{head}metadata.name"
        yield from _below(entries["spec"], head, "")


def _below(node: YamlNode, head: str, path: str) -> Iterator[tuple[int, int, str]]:
    if path:
        yield node.line + 1, node.column + 1, f"{head}{path}"
    for key, part in (node.entries or {}).items():
        yield from _below(part, head, f"{path}.{key}".removeprefix("."))
    for item in node.items or []:
        name = (item.entries or {}).get("name")
        yield from _below(item, head, f"{path}.{key_text(name.value)}" if name is not None else path)
