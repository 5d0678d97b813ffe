"""From a folder of documents to one linked Blueprint, or to every fault in the documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rohe_iac.blueprint.checks import unsupported
from rohe_iac.blueprint.checks.links import check_links, check_names
from rohe_iac.blueprint.checks.profile import check_profiles
from rohe_iac.blueprint.documents.discovery import documents_under, project_of, read_file, root_of
from rohe_iac.blueprint.documents.given_value import NO_VALUES, GivenValue
from rohe_iac.blueprint.documents.tree import Tree, documents_with_model, read_tree
from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.findings.references import FILE_CODES, MISSING_CODES
from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.blueprint.language.contract import ObservationContract
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.language.stack import Stack
from rohe_iac.blueprint.linked.blueprint import Blueprint, Places, Source
from rohe_iac.blueprint.linked.file_variables import VariableFiles, with_file_variables
from rohe_iac.blueprint.linked.fleet import single_nodes, whole_inventory
from rohe_iac.blueprint.modules.expand import expand_modules
from rohe_iac.blueprint.modules.stack_values import compute_documents, compute_stacks
from rohe_iac.blueprint.text.parsed import Path as ValuePath
from rohe_iac.blueprint.text.written_numbers import texts_of_numbers
from rohe_iac.foundation.diagnostics import Diagnostic, InvalidBlueprint, Place, Severity
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.garbage import pause_garbage_collection


@dataclass(frozen=True)
class CheckResult:
    """The result of `rohe validate`.

    Attributes:
        root: The blueprint's root.
        diagnostics: Everything found, sorted by place.
        kinds: Number of documents by kind.
        sources: The files that were read.
    """

    root: Path
    diagnostics: tuple[Diagnostic, ...]
    kinds: dict[str, int]
    sources: tuple[Source, ...]

    @property
    def valid(self) -> bool:
        """Checks whether there is no error."""
        return not any(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)


def check(
    paths: Sequence[Path],
    *,
    allow_missing_references: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
    stack: str | None = None,
) -> CheckResult:
    """Returns every fault of every document.

    Args:
        paths: One folder of a blueprint, which is checked whole, or files to check alone.
        allow_missing_references: Whether references to nothing are notes instead of errors.
        values: Values that take the place of those of stacks, by name.
        stack: Name of the stack that they are given to, and that has to have them all; None for every stack, which may
            lack some.

    Raises:
        UsageError: There is no such path, or nothing to check.
    """
    with pause_garbage_collection():
        tree = _tree(paths)
        tree.given, tree.given_to = values, stack
        diagnostics = _check_tree(tree, MISSING_CODES if allow_missing_references else frozenset())
    kinds: dict[str, int] = {}
    counted: set[tuple[str, int, str]] = set()
    for document in tree.documents:
        # Each stack has its own of a document with values; it was written once.
        if (written := (document.source.name, document.index, document.name)) not in counted:
            counted.add(written)
            kinds[document.kind] = kinds.get(document.kind, 0) + 1
    if not kinds and not diagnostics:
        raise UsageError(
            f"there are no documents of rohe under {tree.root}",
            hint="documents are *.yaml files under blueprints/, or under the folder itself where there is none",
        )
    return CheckResult(tree.root, diagnostics, dict(sorted(kinds.items())), tuple(tree.sources))


def load(
    directory: Path,
    stack: str | None = None,
    *,
    allow_missing_references: bool = False,
    allow_missing_files: bool = False,
    values: Mapping[str, GivenValue] = NO_VALUES,
) -> Blueprint:
    """Returns the blueprint of one stack: all documents read, every reference resolved.

    Args:
        directory: A folder of the blueprint, from which the root is found.
        stack: Name of the Stack document; None where there is just one.
        allow_missing_references: Whether to leave out pipelines and contracts that are named and do not exist.
        allow_missing_files: Whether folders, profiles and user modules that documents name may be missing.
        values: Values that take the place of those of the stack, by name.

    Raises:
        InvalidBlueprint: A document has an error; holds every fault of every document.
        UsageError: There is no such stack, or there are several and none is named.
    """
    with pause_garbage_collection():
        tree = _tree([directory])
        tree.given, tree.given_to = values, stack or _only_stack(tree)
        notes = (MISSING_CODES if allow_missing_references else frozenset()) | (
            FILE_CODES if allow_missing_files else frozenset()
        )
        diagnostics = _check_tree(tree, notes)
    if any(diagnostic.severity is Severity.ERROR for diagnostic in diagnostics):
        raise InvalidBlueprint(diagnostics)
    document = _choose_stack(tree, stack)
    assert isinstance(document.model, Stack)
    spec = document.model.spec
    pipelines = [
        referenced
        for name in spec.pipelines
        if (referenced := tree.catalogue.named("Pipeline", name, document)) is not None
    ]
    contracts = [
        referenced
        for name in spec.contracts
        if (referenced := tree.catalogue.named("ObservationContract", name, document)) is not None
    ]
    inventories = tree.catalogue.all_named("Inventory", spec.inventories, document)
    if len(inventories) < len(spec.inventories):
        raise InvalidBlueprint([diagnostic for diagnostic in diagnostics if diagnostic.code == "R203"])
    variables = VariableFiles(tree.root)
    services = tuple(
        with_file_variables(model, variables.read)
        for _, model in sorted(documents_with_model(pipelines, Pipeline), key=lambda item: item[0].name)
    )
    return Blueprint(
        root=tree.root,
        project=project_of(tree.root),
        stack=document.model,
        pipelines=services,
        inventory=whole_inventory(
            [model for _, model in documents_with_model(inventories, Inventory)], document.model.metadata.name
        ),
        contracts=tuple(
            model
            for _, model in sorted(documents_with_model(contracts, ObservationContract), key=lambda item: item[0].name)
        ),
        sources=tuple(sorted((*tree.sources, *variables.sources), key=lambda source: source.path)),
        places=_places([document, *pipelines, *inventories, *contracts]),
        warnings=diagnostics,
        values={name: values[name].value if name in values else value for name, value in spec.values.items()},
        value_origins={name: given.origin for name, given in values.items()},
        value_texts=_value_texts(document, spec.values, values),
        unsupported=tuple(
            sorted(
                (finding.diagnostic() for finding in unsupported.check(document, document.model, tree, set())),
                key=lambda diagnostic: (diagnostic.place, diagnostic.message),
            )
        ),
    )


def _tree(paths: Sequence[Path]) -> Tree:
    if all(path.is_dir() for path in paths):
        roots = {root_of(path) for path in paths}
        if len(roots) > 1:
            raise UsageError("the folders belong to several blueprints", hint="check one blueprint at a time")
        root = roots.pop()
        return read_tree(root, documents_under(root))
    for path in paths:
        if not path.exists() and not path.is_symlink():
            raise UsageError(f"there is no file or folder {path}")
        if path.is_dir():
            raise UsageError("files and folders are mixed", hint="name one folder, or files only")
    root = root_of(paths[0].parent)
    return read_tree(root, [read_file(root, Path.cwd() / path) for path in paths], explicit=True)


def _check_tree(tree: Tree, notes: frozenset[str]) -> tuple[Diagnostic, ...]:
    """Returns every diagnostic of the tree; findings of the codes in `notes` are notes."""
    if not tree.unread_files:
        compute_stacks(tree)
        expand_modules(tree)
        compute_documents(tree)
        tree.findings += check_links(tree)
        check_profiles(tree)
    else:
        tree.findings += check_names(tree)
    if notes:
        tree.findings = [
            replace(finding, severity=Severity.NOTE) if finding.code in notes else finding for finding in tree.findings
        ]
    return tuple(tree.all_diagnostics())


def _only_stack(tree: Tree) -> str | None:
    """Returns the name of the only stack, before values are computed; None where there are several, or none."""
    names = [document.name for document in (*tree.documents, *tree.templates) if document.kind == "Stack"]
    return names[0] if len(names) == 1 and names[0] else None


def _choose_stack(tree: Tree, stack: str | None) -> Document:
    stacks = tree.catalogue.of("Stack")
    names = [document.name for document in stacks]
    if not stacks:
        raise UsageError(
            f"there is no Stack under {tree.root}",
            hint="a Stack document names the pipelines, the inventory and the target; or name the folder with -C DIR",
        )
    if stack is None:
        if len(stacks) > 1:
            raise UsageError("the blueprint has several stacks", detail=", ".join(names), hint="name one of them")
        return stacks[0]
    if stack not in names:
        raise UsageError(f"there is no stack '{stack}'", hint=did_you_mean(stack, names))
    return stacks[names.index(stack)]


def _value_texts(
    document: Document, own: Mapping[str, Any], values: Mapping[str, GivenValue]
) -> tuple[tuple[ValuePath, str], ...]:
    """Returns how the numbers in the values in force are written, by their paths from the name on, sorted."""
    texts = texts_of_numbers(document.source.text, document.parsed, own, ("spec", "values"))
    found = [(path, text) for path, text in texts.items() if path[0] not in values]
    found += [((name, *path), text) for name, given in values.items() for path, text in given.texts.items()]
    return tuple(sorted(found, key=lambda item: [str(step) for step in item[0]]))


def _places(documents: list[Document]) -> Places:
    find: dict[str, Callable[[], Place]] = {}
    for document in documents:
        word = {"ObservationContract": "contract"}.get(document.kind, document.kind.lower())
        find[f"{word}/{document.name}"] = _place_finder(document, ())
        if isinstance(document.model, Pipeline):
            for index, service in enumerate(document.model.spec.services):
                find[f"service/{document.name}:{service.name}"] = _place_finder(document, ("spec", "services", index))
        elif isinstance(document.model, Inventory):
            for node, index in single_nodes(document.model.spec):
                find[f"node/{node.name}"] = _place_finder(document, ("spec", "nodes", index))
    return Places(find)


def _place_finder(document: Document, path: tuple[str | int, ...]) -> Callable[[], Place]:
    return lambda: document.place(path)
