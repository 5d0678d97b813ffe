"""All documents of a folder, read and validated one by one; links between them are checked in linking.py."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rohe_iac.blueprint.base import Model
from rohe_iac.blueprint.blueprint import Source
from rohe_iac.blueprint.discovery import ReadFile
from rohe_iac.blueprint.document import MAX_VALUES, read_plain
from rohe_iac.blueprint.finding import Document, Finding, SourceText
from rohe_iac.blueprint.hints import did_you_mean, nearest
from rohe_iac.blueprint.references import OF_ABSENCE
from rohe_iac.blueprint.validation import KINDS, shown, validate
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity

API_VERSION = "rohe.dev/v1"
OURS = re.compile(rf"rohe\.dev/|^\s*[\"']?kind[\"']?\s*:\s*[\"']?({'|'.join(KINDS)})\b", re.MULTILINE)
"""What a text holds that is meant for rohe."""

MOST_TOLD = 1_000
"""So many diagnostics are told in one run."""
_WEIGHT = (Severity.NOTE, Severity.WARNING, Severity.ERROR)

M = TypeVar("M", bound=Model)


@dataclass(eq=False)
class Tree:
    """Documents with what was found wrong so far. broken_names: names that only faulty documents hold."""

    root: Path
    sources: list[Source] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    _index: dict[tuple[str, str | None], list[Document]] = field(default_factory=dict, repr=False)
    _indexed: int = -1

    def of(self, kind: str, reader: Document | None = None) -> list[Document]:
        """The documents of one kind that have a model, by name; those that `reader` sees, all for None."""
        found = [item for item in self._named((kind, None)) if item.model is not None and _sees(reader, item)]
        return sorted(found, key=lambda document: document.name)

    def named(self, kind: str, name: str, reader: Document | None = None) -> Document | None:
        """The first document of that kind and name that `reader` sees."""
        found = self._named((kind, name))
        return next((item for item in found if item.model is not None and _sees(reader, item)), None)

    def _named(self, key: tuple[str, str | None]) -> list[Document]:
        # Documents come in by modules too; what is counted tells whether the table is of today.
        if self._indexed != len(self.documents):
            self._index, self._indexed = {}, len(self.documents)
            for document in self.documents:
                for known_as in (document.name, None):
                    self._index.setdefault((document.kind, known_as), []).append(document)
        return self._index.get(key, [])

    def is_broken(self, kind: str, name: str) -> bool:
        """Whether a document of that kind and name is there but too faulty to be used."""
        return any(item.model is None for item in (*self._named((kind, name)), *self._named((kind, ""))))

    def told(self) -> list[Diagnostic]:
        """Everything found, sorted by place, each once; the first MOST_TOLD, and how many there are beyond those."""
        every = {*self.diagnostics}
        faulty = {item.place for item in every if item.severity is Severity.ERROR and item.code.startswith("R0")}
        files = {place.file for place in faulty}
        for finding in self.findings:
            told = finding.told()
            # What only follows from a fault of the text is not told again.
            if told.place in faulty and not told.code.startswith("R0"):
                continue
            if told.place.file in files and told.code in OF_ABSENCE and finding.document.incomplete(finding.path):
                continue
            every.add(told)
        told_of = sorted(every, key=lambda item: (item.place, item.code, item.message))
        if len(told_of) <= MOST_TOLD:
            return told_of
        # What keeps the blueprint from being valid is never among what is left out.
        told_of.sort(key=lambda item: item.severity is not Severity.ERROR)
        first, more = told_of[:MOST_TOLD], len(told_of) - MOST_TOLD
        message = f"{more:,} more faults are not shown, of {len(told_of):,} found"
        first.sort(key=lambda item: (item.place, item.code, item.message))
        severity = max((item.severity for item in told_of[MOST_TOLD:]), key=_WEIGHT.index)
        return [*first, Diagnostic(first[-1].place, "R133", message, "mend the first, and run it again", severity)]


def _sees(reader: Document | None, document: Document) -> bool:
    """What came by a stack's use of a module is seen by that stack and what came with it, and by what came by none."""
    scope = "" if reader is None else reader.name if reader.kind == "Stack" else reader.scope
    return not scope or document.scope in ("", scope)


def read_tree(root: Path, files: Iterable[ReadFile], *, explicit: bool = False) -> Tree:
    """Reads and validates every document of the files. explicit: the user named the files, so each has to be ours."""
    tree = Tree(root)
    for file in files:
        before = len(tree.documents), len(tree.diagnostics), len(tree.findings)
        tree.documents += documents_of(tree, file)
        if explicit and before == (len(tree.documents), len(tree.diagnostics), len(tree.findings)):
            tree.diagnostics.append(
                Diagnostic(
                    Place(file.name), "R101", "the file holds no document", f"begin with apiVersion: {API_VERSION}"
                )
            )
    _leave_modules_out(tree)
    for document in tree.documents:
        tree.findings += validate(document)
    return tree


def documents_of(tree: Tree, file: ReadFile, kinds: Collection[str] = tuple(KINDS)) -> list[Document]:
    """The documents of a file, those of some kinds; its faults and its digest go into the tree."""
    tree.diagnostics += file.faults
    if file.source is None:
        return []
    source = Source(file.name, file.sha256)
    if source not in tree.sources:
        tree.sources.append(source)
    return [document for document in _identified_in(tree, file.source) if document.kind in kinds]


def _identified_in(tree: Tree, source: SourceText) -> Iterator[Document]:
    plain = read_plain(source.text)
    if plain.excess is not None:
        place = Place(source.name, *plain.excess)
        message = f"the file holds more than {MAX_VALUES:,} values, each alias counted with what it stands for"
        hint = "write less, or fewer aliases; or split it into several files"
        tree.diagnostics.append(Diagnostic(place, "R004", message, hint, excerpt=source.excerpt(place)))
        return
    if plain.clean:
        values: list[Any] = plain.values
    else:
        values = [marked.root.value if marked.root is not None else None for marked in source.marked]
    for index, value in enumerate(values):
        document = Document(source, index, value)
        found = _identified(document)
        for finding in found:
            tree.findings.append(finding)
        ours = document.kind != "" or any(finding.severity is Severity.ERROR for finding in found)
        if not plain.clean:
            tree.diagnostics += _text_faults(document, ours)
        if document.kind:
            yield document


def _text_faults(document: Document, ours: bool) -> Iterator[Diagnostic]:
    marked = document.source.marked[document.index]
    for fault in marked.faults:
        place = Place(document.source.name, *fault.spot)
        severity = Severity.NOTE if fault.note else Severity.ERROR
        if not ours and (marked.root is not None or fault.code in ("R004", "R006")) and not document.source.ours:
            continue
        if fault.note and not ours:
            continue
        yield Diagnostic(place, fault.code, fault.message, fault.hint, severity, document.source.excerpt(place))


def _identified(document: Document) -> list[Finding]:
    """Sets kind and name where the document is one of ours; tells why not where it was meant to be."""
    value = document.value
    if value is None:
        return []
    if not isinstance(value, dict):
        if document.source.ours:
            return [Finding(document, (), "R101", f"a document is a mapping, found {shown(value)}")]
        return []
    version, kind = value.get("apiVersion"), value.get("kind")
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    document.name = name if isinstance(name, str) else ""
    if version is None:
        meant = nearest("apiVersion", (key for key in value if value[key] == API_VERSION)) or next(
            (key for key in value if value[key] == API_VERSION), ""
        )
        if meant:
            return [
                Finding(
                    document, (meant,), "R106", f"unknown field '{meant}'", "did you mean 'apiVersion'?", on_key=True
                )
            ]
        if isinstance(kind, str) and kind in KINDS:
            hint = f"begin it with apiVersion: {API_VERSION}"
            return [Finding(document, (), "R102", f"the {kind} has no apiVersion", hint)]
        return []
    if not isinstance(version, str) or not version.startswith("rohe.dev/"):
        if isinstance(version, str) and nearest(version, (API_VERSION,)):
            return [
                Finding(document, ("apiVersion",), "R103", f"'{version}' is not read", f"did you mean '{API_VERSION}'?")
            ]
        message = f"skipped: apiVersion {shown(version)} is not one of rohe's"
        return [Finding(document, ("apiVersion",), "R105", message, severity=Severity.NOTE)]
    if version != API_VERSION:
        return [
            Finding(
                document, ("apiVersion",), "R103", f"apiVersion '{version[:40]}' is not known", f"use {API_VERSION}"
            )
        ]
    if kind is None:
        return [Finding(document, (), "R107", "field 'kind' is missing", f"one of: {', '.join(KINDS)}")]
    if not isinstance(kind, str) or kind not in KINDS:
        hint = did_you_mean(kind, KINDS) if isinstance(kind, str) else f"one of: {', '.join(KINDS)}"
        return [Finding(document, ("kind",), "R104", f"unknown kind {shown(kind)}", hint)]
    document.kind = kind
    return []


def _leave_modules_out(tree: Tree) -> None:
    """What lies in a folder with a Module comes in by being used; the Module itself stays, to be checked."""
    folders = {_folder(document) for document in tree.documents if document.kind == "Module"}
    if not folders:
        return
    inside = {document for document in tree.documents if any(_within(_folder(document), folder) for folder in folders)}
    tree.documents = [item for item in tree.documents if item.kind == "Module" or item not in inside]
    tree.findings = [
        item
        for item in tree.findings
        if item.document.kind == "Module" or not any(_within(_folder(item.document), folder) for folder in folders)
    ]


def _folder(document: Document) -> str:
    return document.source.name.rpartition("/")[0]


def _within(folder: str, top: str) -> bool:
    return folder == top or top == "" or folder.startswith(f"{top}/")


def models(documents: Iterable[Document], kind: type[M]) -> list[tuple[Document, M]]:
    """The documents with their models, those of one type."""
    return [(document, document.model) for document in documents if isinstance(document.model, kind)]
