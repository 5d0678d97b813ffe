"""What documents say of each other: every reference resolved or told, across all files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rohe_iac.blueprint import contract_checks, inventory_checks, pipeline_checks, stack_checks
from rohe_iac.blueprint.contract import ObservationContract
from rohe_iac.blueprint.finding import Document, Finding
from rohe_iac.blueprint.inventory import Inventory
from rohe_iac.blueprint.pipeline import Pipeline
from rohe_iac.blueprint.stack import Stack
from rohe_iac.blueprint.tree import Tree, models


def check_links(tree: Tree) -> Iterator[Finding]:
    """Every fault between documents, and every one inside a document that a model alone cannot tell."""
    for finding in _found(tree):
        rest = finding.document.rest
        # The model is of what was left when faulty parts were taken out; places are of the whole.
        yield finding if rest is None else replace(finding, path=rest.original(finding.path))


def _found(tree: Tree) -> Iterator[Finding]:
    yield from _names(tree.documents)
    for document, pipeline in models(tree.documents, Pipeline):
        yield from pipeline_checks.check(document, pipeline, tree.root)
    for document, inventory in models(tree.documents, Inventory):
        yield from inventory_checks.check(document, inventory)
    for document, contract in models(tree.documents, ObservationContract):
        yield from contract_checks.check(document, contract, tree)
    for document, stack in models(tree.documents, Stack):
        yield from stack_checks.check(document, stack, tree)


def _names(documents: Iterable[Document]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Document] = {}
    for document in documents:
        if not document.name:
            continue
        known = first.setdefault((document.kind, document.name), document)
        if known is not document:
            place = known.place(("metadata", "name"))
            yield Finding(
                document, ("metadata", "name"), "R201",
                f"a second {document.kind} named '{document.name}'; the first is at {place}",
                "names are unique within a kind",
            )  # fmt: skip
