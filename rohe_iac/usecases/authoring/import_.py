"""`rohe import`: files of ROHE, QoA4ML, model profiles, Docker Compose and Kubernetes as blueprint documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rohe_iac.blueprint.checks.links import check_links
from rohe_iac.blueprint.documents.discovery import ReadFile, decode_file, read_file, root_of
from rohe_iac.blueprint.documents.tree import read_tree
from rohe_iac.blueprint.findings.references import MISSING_CODES
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.text.reader import MAX_BYTES
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.garbage import pause_garbage_collection
from rohe_iac.foundation.names import is_name, is_variable
from rohe_iac.importing.foreign.project_settings import ProjectSettings
from rohe_iac.importing.foreign.reading import ImportFault
from rohe_iac.importing.foreign.units import CoresUnit
from rohe_iac.importing.import_texts import ImportResult, InvalidImport, import_texts
from rohe_iac.usecases.authoring.files_beside import FilesBeside
from rohe_iac.usecases.authoring.imported_places import place_in_source

PIPE = Path("-")
"""Stands for the standard input among the files to import."""


MISSING_FILE = "R225"
"""The code of a fault about a file that a document names and that is not there."""


@dataclass(frozen=True, slots=True)
class ComposeOptions:
    """What the user says about Compose files.

    Attributes:
        files: files of one project, merged in this order wherever they are.
        shell: the environment that variables are read from.
        variables: values of variables that count more, as NAME=VALUE.
        variable_files: files of variables in place of the file `.env`.
        profiles: the profiles whose services are imported beside those without one.
    """

    files: Sequence[Path] = ()
    shell: Mapping[str, str] = field(default_factory=dict)
    variables: Sequence[str] = ()
    variable_files: Sequence[Path] = ()
    profiles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Import:
    """Imported documents, and what `rohe validate` reports of them.

    Attributes:
        imported: the documents.
        diagnostics: warnings; an import never makes documents with errors.
        absent: references to what was not imported along with them, which validate reports as errors unless something
            else in the blueprint has that name.
    """

    imported: ImportResult
    diagnostics: tuple[Diagnostic, ...]
    absent: tuple[Diagnostic, ...] = ()


def import_files(
    folder: Path,
    paths: Sequence[Path],
    *,
    name: str = "",
    cores_unit: str = "",
    out: Path | None = None,
    piped: Callable[[], bytes] = bytes,
    compose: ComposeOptions | None = None,
) -> Import:
    """Reads the files and makes documents that `rohe validate` accepts.

    Args:
        folder: where relative paths start.
        paths: the files, and PIPE for the standard input.
        name: the name of the inventory, the stack and of what has no name of its own.
        cores_unit: percent, millicores or cores; empty to infer it.
        out: the file that the documents will be written to, below the blueprint's root; None for a file in `folder`.
        piped: reads the standard input.
        compose: what the user says about Compose files.

    Raises:
        UsageError: the name is not one, a file does not exist, or a variable is not NAME=VALUE.
        InvalidImport: files cannot be read, with every place.
    """
    if name and not is_name(name):
        raise UsageError(f"'{name[:60]}' is not a name", hint="a name has at most 63 characters a-z, 0-9 and hyphens")
    unit = CoresUnit(cores_unit) if cores_unit else None
    options = compose or ComposeOptions()
    settings = _settings(folder, options)
    place = next(part for part in (folder / (out or "x")).absolute().parents if part.is_dir())
    root = root_of(place).resolve()
    sources: list[SourceText] = []
    faults: list[ImportFault] = []
    for path in dict.fromkeys((*options.files, *paths)):
        shown, file = (str(path), _file(folder, path)) if path != PIPE else ("stdin", decode_file("stdin", piped()))
        if file.source is None:
            # Places show the path as the user wrote it.
            faults += [ImportFault(replace(item.place, file=shown), item.message, item.hint) for item in file.faults]
        elif len(file.source.text) > MAX_BYTES:
            faults.append(
                ImportFault(Place(shown), f"at most {MAX_BYTES >> 20} MiB are read", "split it into several files")
            )
        else:
            sources.append(SourceText(shown, file.source.text))
    with pause_garbage_collection():
        try:
            files = FilesBeside(folder, root)
            imported = import_texts(sources, name=name, cores_unit=unit, referenced_files=files, settings=settings)
        except InvalidImport as error:
            raise InvalidImport([*faults, *error.faults]) from error
        if faults:
            raise InvalidImport(faults)
        return checked_import(imported, root)


def _settings(folder: Path, options: ComposeOptions) -> ProjectSettings:
    return ProjectSettings(
        shell=options.shell,
        variables=dict(map(_pair, options.variables)),
        variable_files=tuple(_text(folder, path) for path in options.variable_files) or None,
        profiles=tuple(options.profiles),
        files=tuple(str(path) if path != PIPE else "stdin" for path in options.files),
    )


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not is_variable(name):
        # The text is not shown: it may hold a secret.
        raise UsageError(
            "--env takes NAME=VALUE, with a name of letters, digits and _", hint="write, for example, --env TAG=1.2"
        )
    return name, value


def _text(folder: Path, path: Path) -> str:
    """Returns the text of a file of variables.

    Raises:
        UsageError: the file does not exist, is a folder, or is no text.
    """
    file = _file(folder, path)
    if file.source is None:
        raise UsageError(f"{path} is no text", hint="name a file of lines NAME=VALUE")
    return file.source.text


def checked_import(imported: ImportResult, root: Path) -> Import:
    """Returns documents with what `rohe validate` would report of them below a root.

    Raises:
        InvalidImport: validate would report errors; no invalid document is ever written.
    """
    return Import(imported, *_checked(imported, root))


def _file(folder: Path, path: Path) -> ReadFile:
    """Returns a file that the user named.

    Raises:
        UsageError: the file does not exist, or is a folder.
    """
    whole = folder / path
    if whole.is_dir():
        raise UsageError(f"{path} is a folder", hint="name the files in it")
    if not whole.exists():
        raise UsageError(f"there is no file {path}", hint=f"name a file by its path from {folder.absolute()}")
    return read_file(Path.cwd(), Path(os.path.abspath(whole)))


def _checked(imported: ImportResult, root: Path) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Returns what `rohe validate` would report of the text: warnings, and references to what is not in it.

    Raises:
        InvalidImport: validate would report errors; no invalid document is ever written.
    """
    tree = read_tree(root, [decode_file("imported.yaml", imported.text.encode())])
    tree.findings += check_links(tree)
    everything = tree.all_diagnostics()
    present = [item for item in everything if item.code not in MISSING_CODES and not _is_about_new_file(item, imported)]
    errors = [item for item in present if item.severity is Severity.ERROR]
    if errors:
        raise InvalidImport(
            [
                ImportFault(place_in_source(item.place, imported), f"would be {item.code}: {item.message}", item.hint)
                for item in errors
            ]
        )
    warnings = tuple(item for item in present if item.severity is Severity.WARNING)
    return warnings, tuple(item for item in everything if item.code in MISSING_CODES)


def _is_about_new_file(item: Diagnostic, imported: ImportResult) -> bool:
    """Checks whether validate misses a file that is written along with the documents."""
    return item.code == MISSING_FILE and any(f"'{path}'" in item.message for path in imported.contents)
