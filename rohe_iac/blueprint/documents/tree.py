"""All documents of a folder, read and validated one by one; `checks.links` checks what is between them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import TypeVar

from rohe_iac.blueprint.documents.catalogue import Catalogue
from rohe_iac.blueprint.documents.discovery import ReadFile, names_in_unreadable
from rohe_iac.blueprint.documents.given_value import GivenValue
from rohe_iac.blueprint.findings.finding import Document, Finding, once_a_module
from rohe_iac.blueprint.findings.references import ABSENCE_CODES, NEEDLESS_BESIDE
from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.kinds import API_VERSION, KINDS
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.run_limits import Allowance, WorkBudget
from rohe_iac.blueprint.linked.blueprint import Source
from rohe_iac.blueprint.linked.fleet import single_nodes
from rohe_iac.blueprint.linked.offer import Offer, offer_of
from rohe_iac.blueprint.text.parsed import ParsedDocument, Path
from rohe_iac.blueprint.text.reader import MAX_VALUES
from rohe_iac.blueprint.validation.identify import identify
from rohe_iac.blueprint.validation.stray_expressions import check_strays, uses_values
from rohe_iac.blueprint.validation.stray_variables import check_variables_in_values
from rohe_iac.blueprint.validation.validate import validate
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity
from rohe_iac.foundation.user_modules import UserModules

MAX_DIAGNOSTICS = 1_000
"""The most diagnostics of one run."""


MAX_TREE_VALUES = 600_000
"""The most values that all files of a blueprint may hold."""


FILE_WEIGHT = 100
"""The number of values whose reading costs as much as opening a file."""


_MODULE = re.compile(r"\bkind[\"']?\s{0,9}:\s{0,9}[\"']?Module\b")


_WEIGHT = (Severity.NOTE, Severity.WARNING, Severity.ERROR)

M = TypeVar("M", bound=Model)


@dataclass(eq=False)
class Tree:
    """The documents of a blueprint with the faults found so far.

    Attributes:
        root: The blueprint's root.
        sources: The files that were read.
        documents: The documents meant for rohe.
        diagnostics: Faults with a place.
        findings: Faults whose place is not looked up yet.
        values: Number of values that were read.
        weight: Effort of reading: the number of values, and FILE_WEIGHT for each file.
        unread_files: Number of files that were not read.
        unread_note: The diagnostic that reports unread files; None where all were read.
        unread_names: Names in texts that cannot be read, and of documents whose kind or version is at fault.
        allowance: The limits of the run, shared by all documents.
        compared: Pairs of documents that were checked against each other.
        work: The budget for modules of the run.
        user_modules: The user modules below the root.
        files: Files inside the folders of modules, by name.
        templates: Documents with expressions that name values of a stack; each stack has its own computed.
        given: Values that take the place of those of stacks, by name.
        given_to: The name of the stack that they are given to; None for every stack that has values of these names.
        known_sources: Name and digest of each file in `sources`.
    """

    root: FilePath
    sources: list[Source] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    values: int = 0
    weight: int = 0
    unread_files: int = 0
    unread_note: Diagnostic | None = None
    unread_names: set[str] = field(default_factory=set)
    allowance: Allowance = field(default_factory=Allowance, repr=False)
    compared: set[tuple[Document, Document]] = field(default_factory=set, repr=False)
    work: WorkBudget = field(default_factory=WorkBudget, repr=False)
    user_modules: UserModules = field(init=False, repr=False)
    files: dict[str, ReadFile] = field(default_factory=dict, repr=False)
    templates: list[Document] = field(default_factory=list)
    given: Mapping[str, GivenValue] = field(default_factory=dict)
    given_to: str | None = None
    known_sources: set[tuple[str, str]] = field(default_factory=set, repr=False)
    _nodes: dict[Document, frozenset[str]] = field(default_factory=dict, repr=False)
    _offers: dict[Document, Offer] = field(default_factory=dict, repr=False)
    _catalogue: Catalogue = field(default_factory=lambda: Catalogue(()), repr=False)
    _catalogued: int = 0
    _faulty: bool = field(default=False, repr=False)
    _checked_until: tuple[int, int] = field(default=(0, 0), repr=False)
    _names_met: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def __post_init__(self) -> None:
        self.user_modules = UserModules(self.root)

    def nodes(self, document: Document) -> frozenset[str]:
        """Returns the names of the nodes in an inventory's document, gathered once; none where it has no model."""
        if document not in self._nodes and isinstance(document.model, Inventory):
            self._nodes[document] = frozenset(node.name for node, _ in single_nodes(document.model.spec))
        return self._nodes.get(document, frozenset())

    def offer(self, document: Document) -> Offer | None:
        """Returns the offer of a pipeline's document, gathered once; None where it has no model."""
        if document not in self._offers and isinstance(document.model, Pipeline):
            self._offers[document] = offer_of(document.model)
        return self._offers.get(document)

    @property
    def catalogue(self) -> Catalogue:
        """Returns the documents by kind and name."""
        # Modules add documents too; a different number of them shows that the catalogue is outdated.
        if self._catalogued != len(self.documents):
            self._catalogue, self._catalogued = Catalogue(self.documents, self.unread_names), len(self.documents)
        return self._catalogue

    def all_diagnostics(self) -> list[Diagnostic]:
        """Returns everything found, sorted by place, each once; at most MAX_DIAGNOSTICS, and the number left out."""
        return [*self._ordered(), *([self.unread_note] if self.unread_note is not None else [])]

    def _ordered(self) -> list[Diagnostic]:
        findings, more, worst = self._first_findings(once_a_module(dict.fromkeys(self.findings)))
        targets: dict[Document, list[tuple[Path, bool]]] = {}
        for finding in findings:
            targets.setdefault(finding.document, []).append((finding.path, finding.on_key))
        for document, places in targets.items():
            document.locate(places)
        seen = {(finding.code, finding.document.place(finding.path)) for finding in findings}
        diagnostics = {item for item in self.diagnostics if (NEEDLESS_BESIDE.get(item.code), item.place) not in seen}
        faulty = {
            diagnostic.place
            for diagnostic in diagnostics
            if diagnostic.severity is Severity.ERROR and diagnostic.code.startswith("R0")
        }
        files = {place.file for place in faulty}
        for finding in findings:
            diagnostic = finding.diagnostic()
            # A finding that only follows from a fault of the text is not reported.
            if diagnostic.place in faulty and not diagnostic.code.startswith("R0"):
                continue
            if (NEEDLESS_BESIDE.get(diagnostic.code), diagnostic.place) in seen:
                continue
            may_be_unknown = diagnostic.code in ABSENCE_CODES or diagnostic.code == "R108"
            if diagnostic.place.file in files and may_be_unknown and finding.document.incomplete(finding.path):
                continue
            diagnostics.add(diagnostic)
        ordered = sorted(diagnostics, key=_sort_key)
        if len(ordered) > MAX_DIAGNOSTICS:
            # Errors are never among the diagnostics that are left out.
            ordered.sort(key=lambda diagnostic: -_WEIGHT.index(diagnostic.severity))
            omitted = ordered[MAX_DIAGNOSTICS:]
            ordered = sorted(ordered[:MAX_DIAGNOSTICS], key=_sort_key)
            more += sum(diagnostic.more or 1 for diagnostic in omitted)
            worst = max(worst, *(_WEIGHT.index(diagnostic.severity) for diagnostic in omitted))
        if not more:
            return ordered
        total = more + sum(diagnostic.more or 1 for diagnostic in ordered)
        message = f"{more:,} more faults are not shown, of {total:,} found"
        hint = "correct the first ones, then run it again"
        return [*ordered, Diagnostic(ordered[-1].place, "R133", message, hint, _WEIGHT[worst], more=more)]

    def _first_findings(self, findings: list[Finding]) -> tuple[list[Finding], int, int]:
        """Returns the findings to look up places for, the number of faults in the others, and their worst weight."""
        if len(findings) <= 2 * MAX_DIAGNOSTICS:
            return findings, 0, 0
        findings.sort(
            key=lambda finding: (-_WEIGHT.index(finding.severity), finding.document.source.name, finding.document.index)
        )
        omitted = findings[2 * MAX_DIAGNOSTICS :]
        more = sum(finding.more or 1 for finding in omitted)
        return findings[: 2 * MAX_DIAGNOSTICS], more, max(_WEIGHT.index(finding.severity) for finding in omitted)

    @property
    def faulty(self) -> bool:
        """Checks whether anything found so far is an error."""
        if not self._faulty:
            # Read once for each file: only diagnostics and findings since then are looked at.
            diagnostic_count, finding_count = self._checked_until
            new: list[Diagnostic | Finding] = [*self.diagnostics[diagnostic_count:], *self.findings[finding_count:]]
            self._faulty = any(entry.severity is Severity.ERROR for entry in new)
            self._checked_until = len(self.diagnostics), len(self.findings)
        return self._faulty

    def register_name(self, document: Document) -> None:
        """Records a document's name; a second document of the name makes the tree faulty and is reported later."""
        if document.name:
            self._faulty = self._faulty or (document.kind, document.name) in self._names_met
            self._names_met.add((document.kind, document.name))

    def recheck_faulty(self) -> None:
        """Makes `faulty` look at everything again; has to be called when documents are taken away."""
        self._faulty, self._checked_until = False, (0, 0)

    def findings_left(self) -> int:
        """Returns how many more faults are worth describing in this run."""
        return max(0, 2 * MAX_DIAGNOSTICS - len(self.findings))


def _sort_key(diagnostic: Diagnostic) -> tuple[Place, str, str]:
    return (diagnostic.place, diagnostic.code, diagnostic.message)


def read_tree(root: FilePath, files: Iterable[ReadFile], *, explicit: bool = False) -> Tree:
    """Reads and validates every document of the files.

    After an error no more is read than a single file may hold; the number of unread files is reported.

    Args:
        root: The blueprint's root.
        files: The files in the order of their paths.
        explicit: Whether the user named the files, so that each has to hold documents for rohe.
    """
    tree = Tree(root)
    other_files: list[ReadFile] = []
    for file in files:
        # Modules come first: files in their folders are not read by themselves.
        if file.source is not None and _MODULE.search(file.source.text):
            _read_file(tree, file, explicit=explicit)
        else:
            other_files.append(file)
    folders = {_folder_of(document.source.name) for document in tree.documents if document.kind == "Module"}
    unread_files: list[ReadFile] = []
    for file in other_files:
        if file.source is not None and _reads_no_more(tree, file):
            unread_files.append(file)
        else:
            _read_file(tree, file, explicit=explicit, inside=_is_inside(file.name, folders))
    _set_module_files_aside(tree)
    if unread_files and not tree.faulty:
        # All faults were in folders of modules, which are not read by themselves.
        for file in unread_files:
            _read_file(tree, file, explicit=explicit)
        _set_module_files_aside(tree)
    elif unread_files:
        tree.unread_files = len(unread_files)
        more = f"this file and {len(unread_files) - 1:,} more are" if len(unread_files) > 1 else "this file is"
        message = f"{more} not looked at, since there are faults before"
        hint = "correct those first, then run it again"
        tree.unread_note = Diagnostic(Place(unread_files[0].name), "R133", message, hint, Severity.NOTE)
    return tree


def _reads_no_more(tree: Tree, following: ReadFile) -> bool:
    """Checks whether the next file is not to be read; where the blueprint's size alone is the reason, adds a fault."""
    if tree.values > MAX_TREE_VALUES and not tree.faulty:
        message = f"the files before this one hold more than {MAX_TREE_VALUES:,} values together"
        hint = "put the documents under blueprints/, apart from other YAML files; or make several blueprints of it"
        tree.diagnostics.append(Diagnostic(Place(following.name), "R004", message, hint))
    return tree.weight > MAX_VALUES and tree.faulty


def _read_file(tree: Tree, file: ReadFile, *, explicit: bool, inside: bool = False) -> None:
    """Reads and validates a file; one inside a Module's folder is kept for the uses of the Module."""
    before = len(tree.diagnostics), len(tree.findings)
    documents = documents_of(tree, file)
    if inside:
        tree.files[file.name] = file
        documents = [document for document in documents if document.kind == "Module"]
    for document in documents:
        tree.findings += check_strays(document)
        tree.findings += check_variables_in_values(document)
        if document.kind != "Module" and document.source.holds_values and uses_values(document.value):
            tree.templates.append(document)
            tree.register_name(document)
            continue
        tree.findings += validate(document, tree.findings_left())
        if document.model is not None:
            # The model replaces the value, whose memory is freed.
            document.value = document.parsed.value = None
        tree.register_name(document)
    tree.documents += [document for document in documents if document not in tree.templates]
    if explicit and not inside and not documents and before == (len(tree.diagnostics), len(tree.findings)):
        hint = f"begin with apiVersion: {API_VERSION}"
        tree.diagnostics.append(Diagnostic(Place(file.name), "R101", "the file holds no document", hint))


def documents_of(tree: Tree, file: ReadFile, kinds: Collection[str] = tuple(KINDS)) -> list[Document]:
    """Returns the documents of a file that are of some kinds; adds its faults and its digest to the tree."""
    tree.diagnostics += file.faults
    tree.unread_names |= file.unread_names
    if file.source is None:
        return []
    if (file.name, file.sha256) not in tree.known_sources:
        tree.known_sources.add((file.name, file.sha256))
        tree.sources.append(Source(file.name, file.sha256))
    return [document for document in _identify_documents(tree, file.source) if document.kind in kinds]


def _identify_documents(tree: Tree, source: SourceText) -> Iterator[Document]:
    text = source.parsed
    tree.values += text.count
    tree.weight += text.count + FILE_WEIGHT
    tree.diagnostics += excess_diagnostics(source)
    tree.diagnostics += text_diagnostics(source, text.file)
    if not all(parsed.whole for parsed in text.documents):
        tree.unread_names |= names_in_unreadable(source.text)
    for index, parsed in enumerate(text.documents):
        document = Document(source, index, parsed.value, allowance=tree.allowance)
        findings = identify(document) if parsed.whole and text.excess is None else []
        tree.findings += findings
        ours = document.kind != "" or any(finding.severity is Severity.ERROR for finding in findings)
        if ours or source.ours or (not parsed.whole and text.excess is None):
            tree.diagnostics += text_diagnostics(source, parsed, document, notes=ours)
        if document.kind:
            yield document
        elif document.name and any(finding.severity is Severity.ERROR for finding in findings):
            tree.unread_names.add(document.name)


def excess_diagnostics(source: SourceText) -> list[Diagnostic]:
    """Returns the diagnostic that a file holds too many values, where it does."""
    if source.parsed.excess is None:
        return []
    message = f"the file holds more than {MAX_VALUES:,} values, each alias counted with the values that it repeats"
    hint = "write less, or fewer aliases; or split it into several files"
    return [source.diagnostic(source.parsed.excess, "R004", message, hint)]


def text_diagnostics(
    source: SourceText, parsed: ParsedDocument, document: Document | None = None, *, notes: bool = True
) -> list[Diagnostic]:
    """Returns the faults of a text, and how many more there are; `notes` says whether notes are wanted."""
    if not parsed.faults:
        return []
    diagnostics: list[Diagnostic] = []
    if document is not None and parsed.whole:
        document.locate((fault.first, True) for fault in parsed.faults if fault.first is not None)
    for fault in parsed.faults:
        if fault.note and not notes:
            continue
        message = fault.message
        if fault.first is not None and document is not None and parsed.whole:
            message += f", first in line {document.spot(fault.first, on_key=True).line}"
        severity = Severity.NOTE if fault.note else Severity.ERROR
        diagnostics.append(source.diagnostic(fault.spot, fault.code, message, fault.hint, severity, fault.fix))
    for severity, count in (
        (Severity.ERROR, parsed.omitted_errors),
        (Severity.NOTE, parsed.omitted_notes if notes else 0),
    ):
        if count:
            last = next(fault.spot for fault in reversed(parsed.faults) if fault.note is (severity is Severity.NOTE))
            noun = "notes on the text" if severity is Severity.NOTE else "faults of the text"
            message = f"{count:,} more {noun} from here on are not shown"
            diagnostics.append(replace(source.diagnostic(last, "R133", message, "", severity), more=count))
    return diagnostics


def _set_module_files_aside(tree: Tree) -> None:
    """Drops documents and findings in the folders of Modules, which uses of the Modules add; the Modules stay."""
    folders = {_folder_of(document.source.name) for document in tree.documents if document.kind == "Module"}
    if not folders:
        return
    names = {document.source.name for document in tree.documents}
    names |= {item.source.name for item in tree.templates}
    names |= {finding.document.source.name for finding in tree.findings}
    inside = {name for name in names if _is_inside(name, folders)}
    tree.templates = [item for item in tree.templates if item.source.name not in inside]
    kept = [item for item in tree.documents if item.kind == "Module" or item.source.name not in inside]
    if len(kept) < len(tree.documents):
        tree.documents = kept
        tree.recheck_faulty()
    tree.findings = [
        item for item in tree.findings if item.document.kind == "Module" or item.document.source.name not in inside
    ]


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0]


def _is_inside(name: str, folders: Collection[str]) -> bool:
    """Checks whether a file is in one of the folders, or below."""
    if not folders:
        return False
    folder = _folder_of(name)
    while folder and folder not in folders:
        folder = _folder_of(folder)
    return folder in folders


def documents_with_model(documents: Iterable[Document], kind: type[M]) -> list[tuple[Document, M]]:
    """Returns the documents whose model is of one type, each with its model."""
    return [(document, document.model) for document in documents if isinstance(document.model, kind)]
