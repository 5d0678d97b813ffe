"""`rohe import`: files of the original ROHE, QoA4ML and Docker Compose as blueprint documents."""

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
from rohe_iac.foundation.errors import ExitCode, RoheError, UsageError
from rohe_iac.foundation.garbage import pause_garbage_collection
from rohe_iac.foundation.names import is_name, is_variable
from rohe_iac.importing.foreign.project_settings import ProjectSettings
from rohe_iac.importing.foreign.reading import ImportFault
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.units import CoresUnit
from rohe_iac.importing.import_texts import HEAD, ImportResult, InvalidImport, import_texts
from rohe_iac.usecases.authoring.imported_places import place_in_source
from rohe_iac.usecases.authoring.schema import modeline, write_schemas

PIPE = Path("-")
"""Stands for the standard input among the files to import."""


MISSING_FILE = "R225"
"""The code of a fault about a file that a document names and that is not there."""


SCHEMAS = ".schemas"
"""The folder at a blueprint's root that has the schemas of its documents for editors."""


class UnwritableOutput(RoheError):
    """The file to write to was not written by `rohe import`, or cannot be written."""

    exit_code = ExitCode.USAGE


YAML = (".yaml", ".yml", ".json")


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
    """ImportResult documents, and what `rohe validate` reports of them.

    Attributes:
        imported: the documents.
        diagnostics: warnings; an import never makes documents with errors.
        absent: references to what was not imported along with them, which validate reports as errors unless something
            else in the blueprint has that name.
    """

    imported: ImportResult
    diagnostics: tuple[Diagnostic, ...]
    absent: tuple[Diagnostic, ...] = ()


class FilesBeside(ReferencedFiles):
    """Files that imported files name: below the folder of the naming file, or below the blueprint's root."""

    def __init__(self, folder: Path, root: Path) -> None:
        super().__init__()
        self._folder, self._root = folder, root

    def text(self, file: str, path: str) -> str | None:
        """Returns the text of a file; None where the file does not exist, lies elsewhere or is no text."""
        found = self._found(file, path)
        read = read_file(self._root, found) if found is not None else None
        return read.source.text if read is not None and read.source is not None else None

    def yaml_text(self, file: str, path: str) -> str | None:
        """Returns the text of a file that ends as YAML and JSON do, wherever it is."""
        if Path(path).suffix.lower() not in YAML:
            return None
        read = read_file(self._root, Path(os.path.abspath(self._folder / self.folder_of(file) / path)))
        return read.source.text if read.source is not None else None

    def folder_name(self, file: str) -> str:
        """Returns the last part of the folder that paths in a file are relative to."""
        return (self._folder / self.folder_of(file)).resolve().name

    def below_root(self, file: str, path: str) -> str | None:
        """Returns the path from the blueprint's root to a regular file below it; None for every other file."""
        found = self._found(file, path)
        if found is None or not os.path.isfile(found) or not found.is_relative_to(self._root):
            return None
        return found.relative_to(self._root).as_posix()

    def is_folder(self, file: str, path: str) -> bool:
        """Checks whether the path is a folder."""
        found = self._found(file, path)
        return found is not None and os.path.isdir(found)

    def _found(self, file: str, path: str) -> Path | None:
        """Returns where a path that a file names leads; None where it lies outside of both folders."""
        folder = self._folder / self.folder_of(file)
        try:
            found, tops = (folder / path).resolve(), (folder.resolve(), self._root)
        except (OSError, ValueError, RuntimeError):  # a NUL in the path, or links that go in circles
            return None
        return found if any(found.is_relative_to(top) for top in tops) else None


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
