"""Stacks of one repository in one namespace of a cluster: objects of theirs that would have the same names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import warning
from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.observation import is_observed, names_broker

ModelT = TypeVar("ModelT", Pipeline, ObservationContract)

MAX_PARTS = 100_000
"""Parts of all stacks of clusters together that are compared."""

NAMED = 3
"""Parts that a message names of those that two stacks both have."""


def check(stacks: Iterable[tuple[Document, Stack]], tree: Tree) -> Iterator[Finding]:
    """Yields a finding for every stack with a part that an earlier one in its namespace has as well.

    Stacks that name different contexts, or of which one names none, are taken to be in different clusters.
    """
    known: dict[tuple[str | None, str], dict[str, str]] = {}
    left = MAX_PARTS
    for document, stack in stacks:
        target = stack.spec.target.kubernetes
        if target is None:
            continue
        owners = known.setdefault((target.context, target.namespace), {})
        left -= sum(
            len(pipeline.spec.services)
            for pipeline in _named(Pipeline, "Pipeline", stack.spec.pipelines, document, tree)
        )
        if left < 0:
            message = "whether stacks of one namespace have parts of the same names is not looked at from here on"
            yield warning(document, ("spec", "target"), "R133", message, "check fewer stacks at once")
            return
        parts = tuple(_parts(document, stack, tree))
        other = next((owners[part] for part in parts if part in owners), None)
        if other is not None:
            both = [part for part in parts if owners.get(part) == other]
            more = f" and {len(both) - NAMED} more" if len(both) > NAMED else ""
            named = ", ".join(both[:NAMED])
            yield warning(
                document,
                ("spec", "target", "kubernetes"),
                "R404",
                f"stack '{other}' is in the namespace {target.namespace} as well, and both have {named}{more}",
                "give each a namespace of its own: apply does not replace what belongs to another stack (exit code 5)",
            )
        for part in parts:
            owners.setdefault(part, document.name)


def _parts(document: Document, stack: Stack, tree: Tree) -> Iterator[str]:
    """Yields the parts of a stack whose objects are named after them and not after the stack, in words."""
    pipelines = _named(Pipeline, "Pipeline", stack.spec.pipelines, document, tree)
    contracts = _named(ObservationContract, "ObservationContract", stack.spec.contracts, document, tree)
    about = {contract.spec.pipeline: (contract,) for contract in contracts}
    observed = [item for item in pipelines if is_observed(item, about.get(item.metadata.name, ()))]
    if stack.spec.broker.embedded is not None and (observed or (names_broker(stack.spec) and pipelines)):
        yield "a broker"
    for pipeline in observed:
        yield f"an agent of pipeline {pipeline.metadata.name}"
    owners = Counter(service.name for pipeline in pipelines for service in pipeline.spec.services)
    for pipeline in pipelines:
        for service in pipeline.spec.services:
            # Of a name that two pipelines have, instances are named after the pipeline as well.
            prefix = "" if owners[service.name] == 1 else f"{pipeline.metadata.name}:"
            yield f"a service {prefix}{service.name}"


def _named(kind: type[ModelT], name: str, names: Iterable[str], document: Document, tree: Tree) -> list[ModelT]:
    """Returns the documents of these names that are there and well formed."""
    found = (tree.catalogue.named(name, wanted, document) for wanted in names)
    return [item.model for item in found if item is not None and isinstance(item.model, kind)]
