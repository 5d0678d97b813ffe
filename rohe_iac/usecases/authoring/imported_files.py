"""Writes what `rohe import` made: documents, their schemas, and files that the documents name."""

from __future__ import annotations

import os
from pathlib import Path

from rohe_iac.blueprint.documents.discovery import root_of
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.importing.import_texts import HEAD, ImportResult
from rohe_iac.usecases.authoring.schema import modeline, write_schemas

SCHEMAS = ".schemas"
"""The folder at a blueprint's root that has the schemas of its documents for editors."""


class UnwritableOutput(RoheError):
    """The file to write to was not written by `rohe import`, or cannot be written."""

    exit_code = ExitCode.USAGE


def write_documents(path: Path, imported: ImportResult) -> None:
    """Writes the documents, if any, each with the name of its schema, and at the blueprint's root schemas and files.

    Raises:
        UnwritableOutput: a file cannot be written, was not written by `rohe import`, or has another content.
        UsageError: the schemas cannot be written.
    """
    if not imported.documents:
        return
    try:
        if path.exists() and not path.read_bytes().startswith(HEAD.encode()):
            hint = "name another file, or remove this one"
            raise UnwritableOutput(f"{path} is there and was not written by `rohe import`", hint=hint)
        path.parent.mkdir(parents=True, exist_ok=True)
        root = root_of(path.parent)
        _write_contents(root, imported)
        schemas = root / SCHEMAS
        write_schemas(schemas, dict.fromkeys(str(document["kind"]) for document in imported.documents))
        # Symbolic links are followed at both ends: an editor goes up from where the file really is.
        folder = os.path.relpath(schemas.resolve(), path.parent.resolve()).replace(os.sep, "/")
        path.write_text(imported.to_yaml(lambda kind: modeline(kind, folder)), encoding="utf-8")
    except OSError as error:
        hint = "name a file that you may write to"
        fault = UnwritableOutput(f"cannot write {path}: {error.strerror}", hint=hint)
        raise fault.caused_by(error) from error


def _write_contents(root: Path, imported: ImportResult) -> None:
    """Writes the files that documents name: all of them or none.

    Raises:
        UnwritableOutput: a file would be outside of the root, or is there with another content.
    """
    places = {root / name: content for name, content in imported.contents.items()}
    for place, content in places.items():
        _check_place(root, place, content)
    written: list[Path] = []
    try:
        for place, content in places.items():
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                written.append(place)
                place.write_bytes(content)
    except OSError:
        for place in written:
            place.unlink(missing_ok=True)
        raise


def _check_place(root: Path, place: Path, content: bytes) -> None:
    """Checks that a file may be written at a place: below the root, symbolic links followed, and over nothing else."""
    if not place.resolve().is_relative_to(root.resolve()):
        raise UnwritableOutput(
            f"{place} would be outside of {root}, and files are written below the blueprint's root alone",
            hint="rename the key of the imported file, or remove the symbolic link that leads outside",
        )
    if place.exists() and (not place.is_file() or place.read_bytes() != content):
        raise UnwritableOutput(f"{place} is there with another content", hint="move it, or remove it")
    above = next(folder for folder in place.parents if folder.exists())
    if not above.is_dir():
        raise UnwritableOutput(f"{above} is no folder, and {place.name} has to be in it", hint="move it, or remove it")
