"""From texts of foreign files to blueprint documents, with what became of every field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.foundation.diagnostics import Place
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.importing.foreign.beside import Beside
from rohe_iac.importing.foreign.drafts import Document, Gathering
from rohe_iac.importing.foreign.journal import Field, Journal, Mapped, Unmapped
from rohe_iac.importing.foreign.reading import Fault, Unreadable, read_foreign
from rohe_iac.importing.foreign.units import CoresUnit
from rohe_iac.importing.foreign.yaml_text import comment_text, document_text
from rohe_iac.importing.recognition import FORMATS, joined, take_document

HEAD = "# Written by rohe import."
"""The first line of what import writes; only a file that begins with it is written over."""


class InvalidImport(RoheError):
    """A file cannot be read, or is of no known format; carries every fault found."""

    exit_code = ExitCode.INVALID

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [f"{item.place}: {item.message}" + (f" ({item.hint})" if item.hint else "") for item in faults]
        count = len(lines)
        super().__init__(
            f"{count} place{'s' if count != 1 else ''} cannot be imported",
            detail="\n".join(lines),
            hint="mend the places listed, or leave these files out",
        )


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """One document of a file. format: what it was taken for; every field is in `mapped` or in `unmapped`."""

    file: str
    format: str
    mapped: tuple[Mapped, ...]
    unmapped: tuple[Unmapped, ...]
    notes: tuple[tuple[Place, str], ...]


@dataclass(frozen=True)
class Imported:
    """Blueprint documents, the comment lines above each of them, and what became of the files."""

    documents: tuple[Document, ...]
    comments: tuple[tuple[str, ...], ...]
    files: tuple[ImportedDocument, ...]

    @cached_property
    def _bodies(self) -> tuple[str, ...]:
        return tuple(map(document_text, self.documents))

    @property
    def text(self) -> str:
        """The documents as YAML text."""
        return self.written()

    def written(self, line: Callable[[str], str] | None = None) -> str:
        """The documents as YAML text. line: gives a comment line for a kind, such as one for editors."""
        parts = []
        for document, body, comments in zip(self.documents, self._bodies, self.comments, strict=True):
            more = (line(str(document["kind"])),) if line is not None else ()
            parts.append(comment_text((*more, *comments)) + body)
        return f"{HEAD}\n" + "---\n".join(parts)


def import_texts(
    sources: Sequence[SourceText], *, name: str = "", cores_unit: CoresUnit | None = None, beside: Beside | None = None
) -> Imported:
    """Imports all files together. name: of the inventory, the stack and what has no name of its own.

    cores_unit: how the figures of single cores are meant; None: inferred node by node. beside: what knows the files
    that the imported ones name; None: there are none. Errors: InvalidImport.
    """
    into = Gathering(name=name, cores_unit=cores_unit, beside=beside or Beside())
    files: list[ImportedDocument] = []
    faults: list[Fault] = []
    roots: list[Field] = []
    for source in sources:
        try:
            reading = read_foreign(source.name, source.text)
        except Unreadable as error:
            faults.append(error.fault)
            continue
        if not reading.documents:
            faults.append(Fault(Place(source.name), "the file holds nothing", f"formats: {FORMATS}"))
        notes = reading.notes
        for node in reading.documents:
            roots.append(Field(node, (), Journal(notes=[*notes])))
            notes = []
    names = [root.place.file for root in roots]
    for file, root in zip(names, joined(roots), strict=True):
        found, journal = take_document(root, into), root.journal
        faults += sorted(journal.faults, key=lambda fault: (fault.place.line or 0, fault.place.column or 0))
        mapped, unmapped = journal.told(root.node)
        files.append(ImportedDocument(file, found, tuple(mapped), tuple(unmapped), tuple(journal.notes)))
    if faults:
        raise InvalidImport(faults)
    made = into.documents()
    return Imported(tuple(document for document, _ in made), tuple(comments for _, comments in made), tuple(files))
