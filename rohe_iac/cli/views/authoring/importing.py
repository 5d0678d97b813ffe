"""How imports and exports look: what became of every field, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.foundation.diagnostics import Place
from rohe_iac.foundation.quantities import counted
from rohe_iac.importing.import_texts import ImportedDocument
from rohe_iac.usecases.authoring.export import Export
from rohe_iac.usecases.authoring.import_ import Import

MAX_NAMES = 20
"""Names of fields that the screen shows for one reason; `-o json` has all."""


def show_import(screen: Screen, done: Import, output: Output, out: str | None) -> None:
    """Prints the report: as JSON on stdout, else on stderr, as the documents themselves may go to stdout."""
    if output is Output.json:
        screen.print_json(_value(done, out), "import")
        return
    err = screen.err
    for file in done.imported.files:
        for line in _file_lines(file):
            err.print(line, markup=False)
    codes = [item.code for item in done.diagnostics]
    for code in dict.fromkeys(codes):
        first = done.diagnostics[codes.index(code)].message
        more = f", and {codes.count(code) - 1} more" if codes.count(code) > 1 else ""
        err.print(f"`rohe validate` will warn: {code} {first}{more}", markup=False)
    absent = list(dict.fromkeys(item.message for item in done.absent))
    if absent:
        err.print(
            f"missing from what was imported: {', '.join(absent[:MAX_NAMES])}; if the blueprint does not have that "
            "either, check it with `rohe validate --allow-missing-references`",
            markup=False,
        )
    kinds = [str(document["kind"]) for document in done.imported.documents]
    documents = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    written = f" written to {out}" if out is not None else ""
    err.print(f"{documents}{written}" if documents else "nothing to write: the files give no document", markup=False)


def show_export(screen: Screen, done: Export, output: Output, folder: Path) -> None:
    """Prints the files that were written on stdout, and what is not in them on stderr."""
    if output is Output.json:
        screen.print_json(
            {
                "files": [{"file": str(folder / name), "entries": count} for name, count in done.files],
                "leftOut": [{"address": where, "field": field, "reason": why} for where, field, why in done.left_out],
            },
            "export",
        )
        return
    for name, count in done.files:
        screen.out.print(f"{folder / name}: {count}", markup=False)
    groups: dict[tuple[str, str], list[str]] = {}
    for where, field, why in done.left_out:
        groups.setdefault((field, why), []).append(where)
    for (field, why), where_all in groups.items():
        shown = ", ".join(where_all[:3]) + (f" and {len(where_all) - 3} more" if len(where_all) > 3 else "")
        screen.err.print(f"  not written: {field} of {shown}: {why}", markup=False)


def _file_lines(file: ImportedDocument) -> Iterator[str]:
    """Yields what became of one file: its format, the fields that are not mapped, and notes, the same ones once."""
    mapped = f"{counted(len(file.mapped), 'field')} mapped, {len(file.unmapped)} not"
    yield f"{file.file}: {file.format}; {mapped}"
    for place, reason, names in _by_reason(file):
        yield f"  not mapped: {_by_last_name(names)}: {reason}" + (f" ({place})" if file.is_text else "")
    texts = [text for _, text in file.notes]
    for text in dict.fromkeys(texts):
        written = str(file.notes[texts.index(text)][0]) if file.is_text else ""
        more = f"and {texts.count(text) - 1} more" if texts.count(text) > 1 else ""
        where = ", ".join(filter(None, (written, more)))
        yield f"  note: {text}" + (f" ({where})" if where else "")


def _by_reason(file: ImportedDocument) -> list[tuple[Place, str, list[str]]]:
    """Returns the fields that are not mapped by reason, each with the place of its first field."""
    groups: dict[str, tuple[Place, str, list[str]]] = {}
    for item in file.unmapped:
        groups.setdefault(item.reason, (item.place, item.reason, []))[2].append(item.field)
    return list(groups.values())


def _by_last_name(fields: list[str]) -> str:
    """Returns one field for all with the same last name: `data.node1.accelerator and 4 more of that name`."""
    groups: dict[str, list[str]] = {}
    for name in fields:
        groups.setdefault(re.sub(r"(\[\d+\])+$", "", name).rpartition(".")[2], []).append(name)
    shown = [names[0] + (f" and {len(names) - 1} more of that name" if names[1:] else "") for names in groups.values()]
    return ", ".join(shown[:MAX_NAMES]) + (f" and {len(shown) - MAX_NAMES} more" if len(shown) > MAX_NAMES else "")


def _value(done: Import, out: str | None) -> dict[str, Any]:
    """Returns an import as JSON values."""
    value: dict[str, Any] = {
        "files": [
            {
                "file": file.file,
                "format": file.format,
                "mapped": [{"field": item.field, "place": str(item.place), "to": item.to} for item in file.mapped],
                "notMapped": [
                    {"field": item.field, "place": str(item.place), "reason": item.reason} for item in file.unmapped
                ],
                "notes": [{"place": str(place), "text": text} for place, text in file.notes],
            }
            for file in done.imported.files
        ],
        "warnings": [{"code": item.code, "message": item.message} for item in done.diagnostics],
        "absent": [{"code": item.code, "message": item.message} for item in done.absent],
        "documents": list(done.imported.documents),
    }
    return value | ({"out": out} if out is not None else {"text": done.imported.text})
