"""How imports and exports look: what became of every field, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rohe_iac.cli.console import Screen
from rohe_iac.cli.options import Output
from rohe_iac.foundation.diagnostics import Diagnostic, Place
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
    for line in report_lines(done.imported.files):
        err.print(line, markup=False)
    codes = [item.code for item in done.diagnostics]
    for code in dict.fromkeys(codes):
        first = done.diagnostics[codes.index(code)]
        more = f", and {codes.count(code) - 1} more" if codes.count(code) > 1 else ""
        hint = f"; {first.hint}" if first.hint else ""
        err.print(f"`rohe validate` will warn: {code} {first.message}{more}{hint}", markup=False)
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
    if not done.files:
        why = "OpenSLO can say no objective of the stack" if done.left_out else "the stack has no contract"
        screen.err.print(f"nothing to write: {why}", markup=False)
    for name, count in done.files:
        screen.out.print(f"{folder / name}: {count}", markup=False)
    groups: dict[tuple[str, str], list[str]] = {}
    for where, field, why in done.left_out:
        groups.setdefault((field, why), []).append(where)
    for (field, why), where_all in groups.items():
        shown = ", ".join(where_all[:3]) + (f" and {len(where_all) - 3} more" if len(where_all) > 3 else "")
        screen.err.print(f"  not written: {field} of {shown}: {why}", markup=False)


def report_lines(files: Sequence[ImportedDocument]) -> Iterator[str]:
    """Yields what became of files: their formats, then what is not mapped, and notes, the same ones of all once."""
    for file in files:
        mapped = f"{counted(len(file.mapped), 'field')} mapped, {len(file.unmapped)} not"
        yield f"{file.file}: {file.format}; {mapped}"
    groups: dict[tuple[str, str], list[_Remark]] = {}
    for file in files:
        for item in file.unmapped:
            remark = _Remark(file, item.field, item.place)
            groups.setdefault(("not mapped", item.reason), []).append(remark)
    for file in files:
        for place, text in file.notes:
            groups.setdefault(("note", text), []).append(_Remark(file, file.names.get(place, ""), place))
    for (head, text), remarks in groups.items():
        fields = "; ".join(_by_file(remarks))
        places = list(dict.fromkeys(str(remark.place) for remark in remarks if remark.file.is_text))
        where = ", ".join([*places[:1], *([f"and {len(places) - 1} more"] if places[1:] else [])])
        yield f"  {head}: " + (f"{fields}: " if fields else "") + text + (f" ({where})" if where else "")


@dataclass(frozen=True, slots=True)
class _Remark:
    """A remark about a field of a file; field: "" for the whole document."""

    file: ImportedDocument
    field: str
    place: Place


def _by_file(remarks: Sequence[_Remark]) -> Iterator[str]:
    """Yields the fields of each file, with the name of the file where there are several."""
    fields: dict[str, list[str]] = {}
    for remark in remarks:
        if remark.field and remark.field != "(document)":
            fields.setdefault(remark.file.file, []).append(remark.field)
    for name, found in fields.items():
        yield f"{name}: {_together(found)}" if len(fields) > 1 else _together(found)


def _together(fields: Sequence[str]) -> str:
    """Returns fields as one text, with what they have in common written once: `services.{web, api}.{restart, tty}`."""
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys(fields):
        groups.setdefault(re.sub(r"(\[\d+\])+$", "", name).rpartition(".")[2], []).append(name)
    ends: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for names in groups.values():
        start, middles, end = _parted(names)
        ends.setdefault((start, middles), []).append(end)
    shown = [f"{start}{_braced(middles)}{_braced(found)}" for (start, middles), found in ends.items()]
    return ", ".join(shown[:MAX_NAMES]) + (f" and {len(shown) - MAX_NAMES} more" if len(shown) > MAX_NAMES else "")


def _parted(names: Sequence[str]) -> tuple[str, tuple[str, ...], str]:
    """Returns how names begin alike, what differs, and how they end alike."""
    if len(names) == 1:
        start, dot, last = names[0].rpartition(".")
        return "", (start,) if dot else (names[0],), f".{last}" if dot else ""
    start = _common_start(names)
    start = start[: max(start.rfind(sign) for sign in ".[/") + 1]
    rest = [name[len(start) :] for name in names]
    end = _common_start([name[::-1] for name in rest])[::-1]
    signs = ".]" if start.endswith("[") else "."
    end = end[min((place for sign in signs if (place := end.find(sign)) >= 0), default=len(end)) :]
    return start, tuple(name[: len(name) - len(end)] for name in rest), end


def _common_start(texts: Sequence[str]) -> str:
    shortest = min(texts, key=len)
    columns = enumerate(zip(*texts, strict=False))
    return shortest[: next((index for index, signs in columns if len(set(signs)) > 1), len(shortest))]


def _braced(parts: Sequence[str]) -> str:
    """Returns one part as it is, and several in braces, after the dot that all begin with."""
    if len(parts) == 1:
        return parts[0]
    dot = "." if all(part.startswith(".") for part in parts) else ""
    more = f" and {len(parts) - MAX_NAMES} more" if len(parts) > MAX_NAMES else ""
    return f"{dot}{{{', '.join(part.removeprefix(dot) for part in parts[:MAX_NAMES])}{more}}}"


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
                "notes": _notes(file),
            }
            for file in done.imported.files
        ],
        "warnings": [_warning(item) for item in done.diagnostics],
        "absent": [_warning(item) for item in done.absent],
        "documents": list(done.imported.documents),
    }
    return value | ({"out": out} if out is not None else {"text": done.imported.text})


def _warning(item: Diagnostic) -> dict[str, str]:
    """Returns what `rohe validate` will report as JSON values; `hint` is left out where there is none."""
    return {"code": item.code, "message": item.message} | ({"hint": item.hint} if item.hint else {})


def _notes(file: ImportedDocument) -> list[dict[str, Any]]:
    """Returns the notes about a file as JSON values, equal ones once with all their places and fields."""
    found: dict[str, dict[str, Any]] = {}
    for place, text in file.notes:
        note = found.setdefault(text, {"place": str(place), "text": text, "places": [], "fields": []})
        for key, value in (("places", str(place)), ("fields", file.names.get(place, ""))):
            if value and value not in note[key]:
                note[key].append(value)
    return list(found.values())
