"""Checks across all documents: every reference between them is resolved or reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rohe_iac.blueprint.checks import contract as contract_checks
from rohe_iac.blueprint.checks import device_parts, plausibility, shared_namespace, unsupported
from rohe_iac.blueprint.checks import inventory as inventory_checks
from rohe_iac.blueprint.checks import pipeline as pipeline_checks
from rohe_iac.blueprint.checks import stack as stack_checks
from rohe_iac.blueprint.checks.broker import given_certificates
from rohe_iac.blueprint.checks.sites.joined import others_of
from rohe_iac.blueprint.documents.tree import Tree, documents_with_model
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import ABSENCE_CODES
from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.validation.validate import MAX_FAULTS
from rohe_iac.foundation.diagnostics import Severity


def check_names(tree: Tree) -> Iterator[Finding]:
    """Yields a finding for every second document of a kind and name; all that is checked of a partly read tree."""
    yield from _limit_per_document(_check_duplicates(tree.documents))


def check_links(tree: Tree) -> Iterator[Finding]:
    """Yields every fault between documents, and every fault inside a document that its model cannot detect."""
    yield from _limit_per_document(_all_findings(tree))


def _limit_per_document(findings: Iterable[Finding]) -> Iterator[Finding]:
    counts: dict[tuple[Document, Severity], int] = {}
    for finding in findings:
        document = finding.document
        count = counts[document, finding.severity] = counts.get((document, finding.severity), 0) + 1
        if count > MAX_FAULTS:
            continue
        remainder = document.remainder
        if remainder is None:
            yield finding
            continue
        # Paths in the model are those of the remainder; places are looked up by paths in the whole document.
        named = finding.code in ("R221", "R401") and finding.path[-1:] == ("name",)
        around = finding.path[:-1] if finding.code == "R221" or named else finding.path
        if document.is_unknown(*finding.of) or remainder.is_substitute(finding.path):
            continue
        if finding.code not in (*ABSENCE_CODES, "R401") or not remainder.lost_below(around):
            yield finding.at(remainder.original(finding.path))
    for (document, severity), count in counts.items():
        if count > MAX_FAULTS:
            more = count - MAX_FAULTS
            noun = "faults" if severity is Severity.ERROR else f"{severity.value}s"
            message = f"{more:,} more {noun} in this {document.kind} are not shown"
            yield Finding(document, (), "R133", message, severity=severity, more=more)


def _all_findings(tree: Tree) -> Iterator[Finding]:
    yield from _check_duplicates(tree.documents)
    for document, pipeline in documents_with_model(tree.documents, Pipeline):
        yield from pipeline_checks.check(document, pipeline, tree.root)
        yield from plausibility.check_pipeline(document, pipeline)
    others = others_of(tree)
    for document, inventory in documents_with_model(tree.documents, Inventory):
        yield from inventory_checks.check(document, inventory, others.get(document, ()))
        yield from plausibility.check_inventory(document, inventory)
    for document, contract in documents_with_model(tree.documents, ObservationContract):
        yield from contract_checks.check(document, contract, tree)
    claimed = set[tuple[Document, Document]]()
    for document, stack in documents_with_model(tree.documents, Stack):
        yield from stack_checks.check(document, stack, tree)
        yield from given_certificates.check(document, stack, tree.root)
        yield from device_parts.check(document, stack, tree, claimed)
    yield from shared_namespace.check(documents_with_model(tree.documents, Stack), tree)
    yield from _without_effect(tree)


def _without_effect(tree: Tree) -> Iterator[Finding]:
    """Yields the fields without effect of all stacks, each once: two stacks may use the same pipeline."""
    seen, checked = set(), set[tuple[Document, str]]()
    for document, stack in documents_with_model(tree.documents, Stack):
        for finding in unsupported.check(document, stack, tree, checked):
            key = (id(finding.document), finding.path, finding.message)
            if key not in seen and not finding.message.startswith(unsupported.NOTHING_TO_RUN):
                seen.add(key)
                yield finding


def _check_duplicates(documents: Iterable[Document]) -> Iterator[Finding]:
    first_documents: dict[tuple[str, str], dict[str, Document]] = {}
    for document in documents:
        if not document.name:
            continue
        # Two stacks may each use a module with documents of the same name.
        same_name = first_documents.setdefault((document.kind, document.name), {})
        first_document = (
            next(iter(same_name.values()), None)
            if not document.scope
            else same_name.get("") or same_name.get(document.scope)
        )
        if first_document is None:
            same_name[document.scope] = document
            continue
        place = first_document.place(("metadata", "name"))
        yield Finding(
            document, ("metadata", "name"), "R201",
            f"a second {document.kind} named '{document.name}'; the first is at {place}",
            "names are unique within a kind",
        )  # fmt: skip
