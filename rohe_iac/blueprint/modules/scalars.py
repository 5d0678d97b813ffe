"""All expressions of a document, computed with the inputs of its module or the values of its stack."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, get_origin

from rohe_iac.blueprint.documents.tree import Tree
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.hints.change import AS_WRITTEN
from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.blueprint.language.base import Model
from rohe_iac.blueprint.language.fields import annotations_at
from rohe_iac.blueprint.language.kinds import KINDS
from rohe_iac.blueprint.language.run_limits import UNKNOWN, Refused
from rohe_iac.blueprint.text.expression_marks import VALUES, holds_expression
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.written_numbers import WrittenFloat, WrittenInt, without_texts
from rohe_iac.blueprint.validation.validate import validate

MAX_FAILING = 200
"""The most expressions of one document that are reported because they cannot be computed."""

_SCALARS = (str, int, float, bool, type(None))

_WORD = re.compile(r"[\w-]+")

_VALUE_NAME = re.compile(r"\bvalues(?:\.|\[['\"])([A-Za-z][\w-]*)")
"""A value of a stack in an expression; after a dot its name has no hyphen, which does no harm here."""

_DECLARATIONS: Path = ("spec", "values")
"""Where a stack has its values, which are no expressions."""


def compute_scalars(
    tree: Tree, document: Document, inputs: Mapping[str, Any] | None, namespace: str = "inputs"
) -> list[Finding]:
    """Computes the document's scalars, notes the paths where expressions were, and returns the findings.

    An expression whose fault is reported elsewhere has the value UNKNOWN.

    Args:
        tree: The tree, whose budget of work is spent.
        document: The document, whose value is replaced.
        inputs: What expressions may use, by name; None where nothing of it is known, so that all are UNKNOWN.
        namespace: `inputs` in a module; in other documents `values`, where only expressions that name one are computed.
    """
    from rohe_iac.blueprint.modules.template import compute_scalar

    findings: list[Finding] = []
    failing = 0

    def refuse(path: Path, reason: str, unknown_name: str = "", *, on_key: bool = False) -> None:
        nonlocal failing
        failing += 1
        if not on_key:
            document.reported.add(path)
        if failing <= min(MAX_FAILING, tree.findings_left()):
            similar = next((name for name in inputs or () if reason.startswith(f"'{name}' is not known")), "")
            hint = f"did you mean {namespace}.{similar}?" if similar else ""
            if unknown_name:
                where = "values of the stack" if namespace == "values" else "inputs of the module"
                hint = did_you_mean(unknown_name, list(inputs or ())) or f"add it to the {where}"
            findings.append(Finding(document, path, "R235", reason, hint, on_key=on_key))

    def holds(text: str) -> bool:
        return holds_expression(text) if namespace == "inputs" else VALUES.search(text) is not None

    def walk(value: Any, path: Path) -> Any:
        if path == _DECLARATIONS and document.kind == "Stack":
            return value
        if isinstance(value, dict):
            for key in value:
                if holds(key):
                    refuse((*path, key), "a key is not computed, only a value is", on_key=True)
            return {key: walk(part, (*path, key)) for key, part in value.items()}
        if isinstance(value, list):
            return [walk(part, (*path, index)) for index, part in enumerate(value)]
        if not isinstance(value, str) or not holds(value) or tree.work.left < 0:
            return value
        document.computed[path] = tuple(dict.fromkeys(match[1] for match in _VALUE_NAME.finditer(value)))
        if inputs is None or (unknown and unknown.intersection(_WORD.findall(value))):
            document.reported.add(path)
            return UNKNOWN
        try:
            computed = compute_scalar(value, inputs, tree.work, namespace)
        except Refused as error:
            refuse(path, str(error), error.name)
            return UNKNOWN
        if isinstance(computed, WrittenInt | WrittenFloat):
            document.number_texts[path] = computed.text
        return without_texts(computed)

    unknown = {name for name, value in (inputs or {}).items() if value is UNKNOWN}
    document.value = walk(document.value, ())
    if failing > len(findings):
        more = failing - len(findings)
        message = f"{more:,} more expressions in this {document.kind} cannot be computed"
        findings.append(Finding(document, (), "R133", message, more=more))
    name = document.value.get("metadata", {}).get("name") if isinstance(document.value.get("metadata"), dict) else None
    document.name = name if isinstance(name, str) else ""
    return findings


def validate_computed(tree: Tree, document: Document) -> list[Finding]:
    """Validates a document whose scalars are computed, and returns the findings that are not reported already."""
    findings = [
        _with_origin(tree, _with_string_hint(finding))
        for finding in validate(document, tree.findings_left())
        if document.written_path(finding.path) not in document.reported
    ]
    model = KINDS[document.kind]
    document.has_unknown_names = document.has_unknown_names or any(_may_name(model, path) for path in document.reported)
    return findings


def _with_origin(tree: Tree, finding: Finding) -> Finding:
    """Returns a finding; about the value of an expression its message says where the values in that come from."""
    document, path = finding.document, finding.document.written_path(finding.path)
    lengths = range(1, len(path) + 1) if document.computed else ()
    names = [name for length in lengths for name in document.computed.get(path[:length], ())]
    stack = document.name if document.kind == "Stack" else document.scope
    given = tree.given if tree.given_to in (None, stack) else {}
    origins = [f"values.{name} of {given[name].origin if name in given else 'the stack'}" for name in names[:3]]
    return replace(finding, message=f"{finding.message} ({', '.join(origins)})") if origins else finding


def _may_name(model: type[Model], path: Path) -> bool:
    """Checks whether the value at `path` may be, or hold, the name of a part."""
    leaves = annotations_at(model, path)
    is_scalar = bool(leaves) and all(leaf in _SCALARS or get_origin(leaf) is Literal for leaf in leaves)
    return path[-1] == "name" or not is_scalar


def _with_string_hint(finding: Finding) -> Finding:
    """Returns a finding; about the value of an expression it has a hint how to make text of that, where it says to."""
    document, path = finding.document, finding.document.written_path(finding.path)
    wants_text = finding.code == "R108" and finding.message.startswith("expected text")
    if not document.is_computed(finding.path) or not (wants_text or AS_WRITTEN in finding.hint):
        return finding
    if not wants_text:
        return replace(finding, hint="write it as a list: [...]")
    if path in document.computed:
        return replace(finding, hint="an expression alone keeps its type: end it with | string to make text of it")
    return replace(finding, hint="write it in quotes where the expression has its value from")
