"""Values of stacks: documents with expressions that name them are computed for each stack that takes the document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rohe_iac.blueprint.documents.tree import Tree, documents_with_model
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.blueprint.language.run_limits import UNKNOWN
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.modules.scalars import compute_scalars, validate_computed
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.written_numbers import texts_of_numbers, with_texts
from rohe_iac.foundation.diagnostics import Severity
from rohe_iac.foundation.errors import UsageError

NAMESPACE = "values"
"""What expressions call the values of a stack."""


def compute_stacks(tree: Tree) -> None:
    """Computes the stacks whose documents use their own values, so that their modules can be expanded.

    Raises:
        UsageError: A value is given that no stack has.
    """
    known: dict[str, None] = {}
    is_known = True
    for stack in [item for item in (*tree.documents, *tree.templates) if item.kind == "Stack"]:
        if tree.given_to in (None, stack.name):
            declared = _declared(stack)
            is_known = is_known and declared is not None
            known |= dict.fromkeys(declared or ())
    for name in tree.given:
        if name not in known and is_known:
            which = f"stack '{tree.given_to}'" if tree.given_to else "blueprint"
            raise UsageError(f"the {which} has no value '{name[:63]}'", hint=did_you_mean(name, known))
    for stack in [item for item in tree.templates if item.kind == "Stack"]:
        _take(tree, stack, _values_of(tree, stack))
    tree.templates = [item for item in tree.templates if item.kind != "Stack"]


def compute_documents(tree: Tree) -> None:
    """Adds, for each stack, the documents that it names and that use its values; they are visible to it alone."""
    taken: set[Document] = set()
    by_name: dict[tuple[str, str], list[Document]] = {}
    for template in tree.templates:
        by_name.setdefault((template.kind, template.name), []).append(template)
    stacks = documents_with_model([*tree.documents], Stack) if tree.templates else []
    for document, stack in stacks:
        values = _values_of(tree, document)
        named = [("Pipeline", name) for name in stack.spec.pipelines]
        named += [("ObservationContract", name) for name in stack.spec.contracts]
        named += [("Inventory", name) for name in stack.spec.inventories]
        for key in dict.fromkeys(named):
            for template in by_name.get(key, ()):
                tree.work.values -= template.source.parsed.count
                if tree.work.exhausted or tree.findings_left() == 0:
                    document.has_unknown_names = True
                    message = "the expressions of all stacks take too long together"
                    tree.findings.append(Finding(document, (), "R231", message, "use fewer or smaller documents"))
                    return
                taken.add(template)
                copy = Document(
                    template.source, template.index, template.value, template.kind, template.name, scope=document.name,
                    allowance=template.allowance,
                )  # fmt: skip
                _take(tree, copy, values)
    for template in tree.templates:
        if template not in taken:
            # No stack says what its expressions come to; all else of it is checked.
            _take(tree, template, None)
    tree.templates = []


def _take(tree: Tree, document: Document, values: Mapping[str, Any] | None) -> None:
    """Computes and validates a document, and adds it to the tree with its findings."""
    tree.findings += compute_scalars(tree, document, values, NAMESPACE)
    tree.findings += validate_computed(tree, document)
    tree.documents.append(document)


def _declared(stack: Document) -> Mapping[str, Any] | None:
    """Returns the values that a stack's document has, by name, UNKNOWN where one is at fault; None where all are."""
    path: Path = ("spec", "values")
    remainder = stack.remainder
    if isinstance(stack.model, Stack):
        if remainder is not None and remainder.lacks_names(path):
            return None
        removed = remainder.removed_from(path) if remainder is not None else ()
        return {**stack.model.spec.values, **dict.fromkeys(removed, UNKNOWN)}
    spec = stack.value.get("spec") if isinstance(stack.value, dict) else None
    values = spec.get("values", {}) if isinstance(spec, dict) else {}
    return values if isinstance(values, dict) else None


def _values_of(tree: Tree, stack: Document) -> dict[str, Any] | None:
    """Returns the values of a stack with those that are given in their place; UNKNOWN where one has to be given.

    None where they are at fault altogether, which is reported.

    A value that has to be given is asked of the stack that is named; of every stack it is a note where none is, and
    nothing is said of the others where one is.
    """
    declared = _declared(stack)
    if declared is None:
        return None
    given = tree.given if tree.given_to in (None, stack.name) else {}
    texts = texts_of_numbers(stack.source.text, stack.parsed, declared, ("spec", "values"))
    values = with_texts(declared, texts)
    values |= {name: with_texts(given[name].value, given[name].texts) for name in declared if name in given}
    for name, value in values.items():
        if value is None and tree.given_to in (None, stack.name):
            lack = "is not given" if tree.given_to else "is not given, so what uses it is not checked"
            severity = Severity.ERROR if tree.given_to else Severity.NOTE
            hint = f"give it with --set {name}=..., or with -f FILE"
            path = ("spec", "values", name)
            finding = Finding(stack, path, "R235", f"the value '{name[:63]}' {lack}", hint, severity)
            if finding not in tree.findings:
                tree.findings.append(finding)
    return {name: UNKNOWN if value is None else value for name, value in values.items()}
