"""`rohe import`: files of the original ROHE, QoA4ML and Docker Compose as blueprint documents."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from rohe_iac.foundation.names import is_name
from rohe_iac.importing.foreign.beside import Beside
from rohe_iac.importing.foreign.reading import Fault
from rohe_iac.importing.foreign.units import CoresUnit
from rohe_iac.importing.import_texts import HEAD, Imported, InvalidImport, import_texts
from rohe_iac.usecases.authoring.schema import modeline, write_schemas

PIPE = Path("-")


SCHEMAS = ".schemas"
"""The folder at a blueprint's root that editors find the schemas of its documents in."""


class UnwritableOutput(RoheError):
    """The file to write to is somebody else's, or cannot be written."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Import:
    """What was imported, and what `rohe validate` tells of it: warnings, never errors.

    absent: references to what was not imported along with it, which validate tells as errors where nothing else in the
    blueprint has that name.
    """

    imported: Imported
    diagnostics: tuple[Diagnostic, ...]
    absent: tuple[Diagnostic, ...] = ()


class FilesBeside(Beside):
    """The files that imported ones name: below the folder of the one that names them, or below the blueprint's root."""

    def __init__(self, folder: Path, root: Path) -> None:
        self._folder, self._root = folder, root

    def text(self, file: str, path: str) -> str | None:
        """The text of a file; None where it is not there, lies elsewhere or is none."""
        found = self._found(file, path)
        read = read_file(self._root, found) if found is not None else None
        return read.source.text if read is not None and read.source is not None else None

    def below_root(self, file: str, path: str) -> str | None:
        """The path from the blueprint's root to a regular file below it, else None."""
        found = self._found(file, path)
        if found is None or not os.path.isfile(found) or not found.is_relative_to(self._root):
            return None
        return found.relative_to(self._root).as_posix()

    def is_folder(self, file: str, path: str) -> bool:
        """Whether it is a folder."""
        found = self._found(file, path)
        return found is not None and os.path.isdir(found)

    def _found(self, file: str, path: str) -> Path | None:
        folder = (self._folder / file).parent
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
) -> Import:
    """Reads the files and makes documents that `rohe validate` accepts.

    folder: where relative paths start. name: of the inventory, the stack and what has no name of its own.
    cores_unit: percent or millicores, "" to infer. out: where the documents will be written, which says where the
    blueprint's root is; None: in `folder`. piped: reads what the path `-` stands for.
    Errors: UsageError; InvalidImport with every place that cannot be read.
    """
    if name and not is_name(name):
        raise UsageError(f"'{name[:60]}' is not a name", hint="a name has at most 63 characters a-z, 0-9 and hyphens")
    unit = CoresUnit(cores_unit) if cores_unit else None
    place = next(part for part in (folder / (out or "x")).absolute().parents if part.is_dir())
    root = root_of(place).resolve()
    sources: list[SourceText] = []
    faults: list[Fault] = []
    for path in dict.fromkeys(paths):
        shown, file = (str(path), _file(folder, path)) if path != PIPE else ("stdin", decode_file("stdin", piped()))
        if file.source is None:
            # Places are told as the user wrote the path.
            faults += [Fault(replace(item.place, file=shown), item.message, item.hint) for item in file.faults]
        elif len(file.source.text) > MAX_BYTES:
            faults.append(Fault(Place(shown), f"at most {MAX_BYTES >> 20} MiB are read", "split it into several files"))
        else:
            sources.append(SourceText(shown, file.source.text))
    with pause_garbage_collection():
        try:
            imported = import_texts(sources, name=name, cores_unit=unit, beside=FilesBeside(folder, root))
        except InvalidImport as error:
            raise InvalidImport([*faults, *error.faults]) from error
        if faults:
            raise InvalidImport(faults)
        return Import(imported, *_checked(imported, root))


def _file(folder: Path, path: Path) -> ReadFile:
    whole = folder / path
    if whole.is_dir():
        raise UsageError(f"{path} is a folder", hint="name the files in it")
    if not whole.exists():
        raise UsageError(f"there is no file {path}", hint=f"name a file by its path from {folder.absolute()}")
    return read_file(Path.cwd(), Path(os.path.abspath(whole)))


def _checked(imported: Imported, root: Path) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """What `rohe validate` would tell of the text: warnings, and references into the void.

    Errors: InvalidImport where it is told as an error, so that no invalid document is ever written.
    """
    tree = read_tree(root, [decode_file("imported.yaml", imported.text.encode())])
    tree.findings += check_links(tree)
    everything = tree.all_diagnostics()
    told = [item for item in everything if item.code not in MISSING_CODES]
    errors = [item for item in told if item.severity is Severity.ERROR]
    if errors:
        raise InvalidImport([Fault(item.place, f"would be {item.code}: {item.message}", item.hint) for item in errors])
    warnings = tuple(item for item in told if item.severity is Severity.WARNING)
    return warnings, tuple(item for item in everything if item.code in MISSING_CODES)


def write_documents(path: Path, imported: Imported) -> None:
    """Writes the documents, if any, each tied to its schema, and those schemas beside the blueprint's root.

    A file that rohe import did not write is left alone. Errors: UnwritableOutput, UsageError.
    """
    if not imported.documents:
        return
    try:
        if path.exists() and not path.read_bytes().startswith(HEAD.encode()):
            hint = "name another file, or remove this one"
            raise UnwritableOutput(f"{path} is there and was not written by `rohe import`", hint=hint)
        path.parent.mkdir(parents=True, exist_ok=True)
        schemas = root_of(path.parent) / SCHEMAS
        write_schemas(schemas, dict.fromkeys(str(document["kind"]) for document in imported.documents))
        # Both ends with their links followed: an editor goes up from where the file really is.
        folder = os.path.relpath(schemas.resolve(), path.parent.resolve()).replace(os.sep, "/")
        path.write_text(imported.written(lambda kind: modeline(kind, folder)), encoding="utf-8")
    except OSError as error:
        hint = "name a file that you may write to"
        raise UnwritableOutput(f"cannot write {path}: {error.strerror}", hint=hint) from error
