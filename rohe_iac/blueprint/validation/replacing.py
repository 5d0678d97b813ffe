"""What to write in place of a value of the wrong type."""

from __future__ import annotations

from pydantic import ValidationError

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.hints.change import AS_WRITTEN, change_of
from rohe_iac.blueprint.hints.foreign_terms import cores_instead, entries_instead, list_instead, mapping_instead
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.fields import annotations_at, fields_at, required_at
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.blueprint.text.scalars import old_meaning, resolve
from rohe_iac.blueprint.validation.lookup import value_at

EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "tuple_type": "a list",
    "list_type": "a list",
    "finite_number": "a finite number",
}
"""By the type of an error of Pydantic: what was expected, in words."""

_LONGEST = 60

_COMMAND_LINES = frozenset(("command", "args", "exec"))
"""Fields that are lists of the words of a command line."""

_PORTS_OF_PROBES = ("tcp", "grpc")
"""Fields of probes that are the name of a port alone."""


def _in_braces(document: Document, path: Path) -> str:
    """Returns the text of a mapping that is written in braces in one line; "" where it is not, or is long."""
    document.locate_extents([(path, False)])
    begin, end = document.extent(path) or (0, 0)
    text = document.source.text[begin:end]
    return text if text.startswith("{") and text.endswith("}") and "\n" not in text and len(text) <= _LONGEST else ""


def replacement_hint(
    document: Document, path: Path, kind: str, value: object, model: type[Model], location: tuple[str | int, ...]
) -> str:
    """Returns what to write in place of a value of the wrong type."""
    if kind == "string_type":
        if location[-1] in _PORTS_OF_PROBES and isinstance(value, dict) and "port" in value:
            return _port_hint(document, path, value["port"])
        if isinstance(value, dict) and list(value) == ["port"] and isinstance(value["port"], str | None):
            return f'write it in quotes: "{{port{":" if value["port"] else ""}{value["port"] or ""}}}"'
        if isinstance(value, dict) and isinstance(value.get("name"), str):
            return f"write its name alone: {value['name'][:63]}"
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
            return f"write it without brackets: {value[0][:63]}"
        return quoted_hint(value)
    if kind in ("tuple_type", "list_type"):
        item = (*location, 0)
        if (
            isinstance(value, dict)
            and value
            and fields_at(model, item).issuperset(value)
            and (braces := _in_braces(document, path))
        ):
            return f"write it as [{braces}]"
        if location[-1] == "cores":
            return cores_instead(value) or "write what each core has, as in [1, 1]"
        hint = list_instead(
            value,
            fields_at(model, item),
            required=required_at(model, item),
            shared=_shared_volumes(document),
            texts=str in annotations_at(model, item),
            command=location[-1] in _COMMAND_LINES,
        )
        return hint if _is_mended_by(hint, model, item) else "begin each item with a dash: `- ` before its first field"
    if EXPECTED[kind] == "a mapping":
        fields = sorted(fields_at(model, location))
        if not fields:
            return entries_instead(value, may_be_empty=_may_be_empty(model, (*location, "")))
        shared = _shared_volumes(document)
        hint = mapping_instead(value, fields, required_at(model, location), shared)
        return (_is_mended_by(hint, model, location) and hint) or f"fields here: {', '.join(fields)}"
    if kind in ("int_type", "float_type", "bool_type") and isinstance(value, str):
        if kind == "bool_type" and old_meaning(value) == "a boolean":
            return f"write {'true' if value.lower() in ('yes', 'on') else 'false'}"
        return f"write {value} without quotes" if isinstance(resolve(value[:40]), int | float) else ""
    return ""


def _is_mended_by(hint: str, model: type[Model], location: tuple[str | int, ...]) -> bool:
    """Checks that a mapping which a hint says to write is right there, or has faults alone that their hints mend."""
    parts = [part for part in annotations_at(model, location) if isinstance(part, type) and issubclass(part, Model)]
    change = change_of(hint)
    if change is None or not parts:
        return True
    values = read_plain(change.text).values
    written = values[0] if len(values) == 1 else None
    return any(
        _has_sure_hints(part, item) for part in parts for item in (written if isinstance(written, list) else [written])
    )


def _has_sure_hints(part: type[Model], value: object) -> bool:
    """Checks that a value is right as a part of the language, or that hints name the edit of each of its faults."""
    try:
        part.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        hints = [str(item.get("ctx", {}).get("hint", "")) for item in error.errors(include_url=False)]
        return all(change_of(hint) is not None for hint in hints)
    return True


def _port_hint(document: Document, path: Path, port: object) -> str:
    """Returns how a probe names a port that is written as a mapping, by its name or its number."""
    ports = value_at(document.value, (*path[: len(("spec", "services", 0))], "ports"))
    known = [entry for entry in (ports if isinstance(ports, list) else ()) if isinstance(entry, dict)]
    names = [
        entry.get("name")
        for entry in known
        if port is not None and port in (entry.get("name"), entry.get("containerPort"))
    ]
    name = names[0] if names else port
    if isinstance(name, str):
        return f"write its name alone: {name[:63]}"
    return "name one of the service's ports, as in tcp: http"


def _may_be_empty(model: type[Model], location: tuple[str | int, ...]) -> bool:
    """Checks whether the value at `location` is a mapping that needs no field."""
    return bool(fields_at(model, location)) and not required_at(model, location)


def _shared_volumes(document: Document) -> dict[str, object]:
    """Returns the volumes that a pipeline shares, by name, each with its access mode."""
    volumes = value_at(document.value, ("spec", "volumes")) if document.kind == "Pipeline" else None
    if isinstance(volumes, dict):  # by name, which is reported
        volumes = [{"name": name} for name in volumes]
    named = [
        {"name": item} if isinstance(item, str) else item for item in (volumes if isinstance(volumes, list) else ())
    ]
    return {
        volume["name"]: volume.get("accessMode")
        for volume in named
        if isinstance(volume, dict) and isinstance(volume.get("name"), str)
    }


def quoted_hint(value: object) -> str:
    """Returns the hint to write a number in quotes, as it is written; "" for any other value."""
    return f'write it as "{AS_WRITTEN}"' if isinstance(value, int | float) else ""
