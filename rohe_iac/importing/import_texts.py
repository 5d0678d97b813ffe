"""Makes blueprint documents of the texts of foreign files, and lists what became of every field."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.foundation.diagnostics import Place
from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.importing.foreign.drafts import Document, Drafts
from rohe_iac.importing.foreign.journal import Field, ImportJournal, Mapped, Unmapped
from rohe_iac.importing.foreign.project_settings import ProjectSettings
from rohe_iac.importing.foreign.reading import ImportFault, Unreadable, read_foreign
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles
from rohe_iac.importing.foreign.units import CoresUnit
from rohe_iac.importing.foreign.yaml_text import comment_text, document_text
from rohe_iac.importing.recognition import FORMATS, KUBERNETES, import_documents, join_documents

HEAD = "# Written by rohe import."
"""The first line of files that import writes; only a file that begins with it is overwritten."""


class InvalidImport(RoheError):
    """Files cannot be read, or are of no known format; carries every fault found."""

    exit_code = ExitCode.INVALID

    def __init__(self, faults: Sequence[ImportFault]) -> None:
        self.faults = tuple(faults)
        lines = [f"{fault.place}: {fault.message}" + (f" ({fault.hint})" if fault.hint else "") for fault in faults]
        count = len(lines)
        super().__init__(
            f"{count} place{'s' if count != 1 else ''} cannot be imported",
            detail="\n".join(lines),
            hint="correct the places listed, or leave these files out",
        )


@dataclass(frozen=True, slots=True)
class ImportedDocument:
    """What became of one document of a file, or of its objects; every field is in `mapped` or in `unmapped`.

    Attributes:
        file: The name of the file.
        format: The name of the format that the document was imported as.
        mapped: Fields that are in the blueprint documents.
        unmapped: Fields that are not, with reasons.
        notes: What the user should know, each with its place.
        is_text: Whether it was a text, so that places have lines and columns.
        names: The fields that notes are about, by place.
    """

    file: str
    format: str
    mapped: tuple[Mapped, ...]
    unmapped: tuple[Unmapped, ...]
    notes: tuple[tuple[Place, str], ...]
    is_text: bool = True
    names: Mapping[Place, str] = field(default_factory=dict)

    def joined(self, other: ImportedDocument) -> ImportedDocument:
        """Returns both documents as one, of the same file and format."""
        return ImportedDocument(
            self.file,
            self.format,
            (*self.mapped, *other.mapped),
            (*self.unmapped, *other.unmapped),
            (*self.notes, *other.notes),
            self.is_text,
            {**self.names, **other.names},
        )


@dataclass(frozen=True)
class ImportResult:
    """The result of an import.

    Attributes:
        documents: Blueprint documents.
        comments: The comment lines above each document.
        files: What became of each document of the imported files.
        contents: Files that documents name and that came inside of imported files, by path below the blueprint's root.
    """

    documents: tuple[Document, ...]
    comments: tuple[tuple[str, ...], ...]
    files: tuple[ImportedDocument, ...]
    contents: Mapping[str, bytes] = field(default_factory=dict)

    @cached_property
    def _bodies(self) -> tuple[str, ...]:
        return tuple(map(document_text, self.documents))

    @property
    def text(self) -> str:
        """The documents as YAML text."""
        return self.to_yaml()

    def to_yaml(self, line: Callable[[str], str] | None = None) -> str:
        """Returns the documents as YAML text. line: returns a comment line for a kind, such as one for editors."""
        parts = []
        for document, body, comments in zip(self.documents, self._bodies, self.comments, strict=True):
            first = (line(str(document["kind"])),) if line is not None else ()
            parts.append(comment_text((*first, *comments)) + body)
        return f"{HEAD}\n" + "---\n".join(parts)


def import_texts(
    sources: Sequence[SourceText],
    *,
    name: str = "",
    cores_unit: CoresUnit | None = None,
    referenced_files: ReferencedFiles | None = None,
    settings: ProjectSettings | None = None,
) -> ImportResult:
    """Imports all files together and returns their documents.

    Args:
        sources: The files.
        name: The name of the inventory, the stack and documents without a name of their own.
        cores_unit: The unit of the figures of single cores; None: inferred node by node.
        referenced_files: Access to files that imported files refer to; None: there are none.
        settings: What the user says about Compose files; None: nothing.

    Raises:
        InvalidImport: A file cannot be read, or is of no known format.
    """
    drafts = Drafts(
        name=name,
        cores_unit=cores_unit,
        referenced_files=referenced_files or ReferencedFiles(),
        settings=settings or ProjectSettings(),
    )
    files: list[ImportedDocument] = []
    faults: list[ImportFault] = []
    roots: list[Field] = []
    for source in sources:
        try:
            read = read_foreign(source.name, source.text)
        except Unreadable as error:
            faults.append(error.fault)
            continue
        if not read.documents:
            faults.append(ImportFault(Place(source.name), "the file holds nothing", f"formats: {FORMATS}"))
        notes = read.notes
        for node in read.documents:
            roots.append(Field(node, (), ImportJournal(notes=[*notes])))
            notes = []
    names = [root.place.file for root in roots]
    joined = join_documents(roots, drafts)
    for file, root, format_name in zip(names, joined, import_documents(joined, drafts), strict=True):
        journal = root.journal
        faults += sorted(journal.faults, key=lambda fault: (fault.place.line or 0, fault.place.column or 0))
        mapped, unmapped = journal.listing(root.node)
        names_of_notes = journal.names_of_notes(root.node)
        document = ImportedDocument(
            file, format_name, tuple(mapped), tuple(unmapped), tuple(journal.notes), names=names_of_notes
        )
        if format_name == KUBERNETES and files and (files[-1].file, files[-1].format) == (file, format_name):
            document = files.pop().joined(document)
        files.append(document)
    if faults:
        raise InvalidImport(faults)
    documents = drafts.documents()
    return ImportResult(
        tuple(document for document, _ in documents),
        tuple(comments for _, comments in documents),
        tuple(files),
        drafts.files,
    )
