"""What documents say of each other: every reference resolved or told, across all files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from rohe_iac.blueprint import contract_checks, inventory_checks, pipeline_checks, stack_checks
from rohe_iac.blueprint.contract import ObservationContract
from rohe_iac.blueprint.finding import Document, Finding
from rohe_iac.blueprint.inventory import Inventory
from rohe_iac.blueprint.pipeline import Pipeline
from rohe_iac.blueprint.references import OF_ABSENCE
from rohe_iac.blueprint.stack import Stack
from rohe_iac.blueprint.tree import Tree, models
from rohe_iac.blueprint.validation import MOST_FAULTS


def check_links(tree: Tree) -> Iterator[Finding]:
    """Every fault between documents, and every one inside a document that a model alone cannot tell."""
    counts: dict[Document, int] = {}
    for finding in _found(tree):
        document = finding.document
        counts[document] = counts.get(document, 0) + 1
        if counts[document] > MOST_FAULTS:
            continue
        rest = document.rest
        if rest is None:
            yield finding
            continue
        # The model is of what was left when faulty parts were taken out; places are of the whole.
        around = finding.path[:-1] if finding.code == "R221" else finding.path
        if finding.code not in OF_ABSENCE or not rest.lost_under(around):
            yield replace(finding, path=rest.original(finding.path))
    for document, count in counts.items():
        if count > MOST_FAULTS:
            more = count - MOST_FAULTS
            yield Finding(document, (), "R133", f"{more:,} more faults in this {document.kind} are not shown")


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
    first: dict[tuple[str, str], list[Document]] = {}
    for document in documents:
        if not document.name:
            continue
        alike = first.setdefault((document.kind, document.name), [])
        # Two stacks may each use a module with documents of one name.
        known = next(
            (item for item in alike if "" in (item.scope, document.scope) or item.scope == document.scope), None
        )
        alike.append(document)
        if known is not None:
            place = known.place(("metadata", "name"))
            yield Finding(
                document, ("metadata", "name"), "R201",
                f"a second {document.kind} named '{document.name}'; the first is at {place}",
                "names are unique within a kind",
            )  # fmt: skip
