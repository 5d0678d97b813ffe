"""Expansion of modules into a stack: inputs are checked, scalars computed, names prefixed, and paths relocated."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from rohe_iac.blueprint.documents.discovery import ReadFile, read_file
from rohe_iac.blueprint.documents.tree import Tree, documents_of, documents_with_model
from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.references import name_hint
from rohe_iac.blueprint.language.module import Module
from rohe_iac.blueprint.language.promises.subject import rename_pipelines
from rohe_iac.blueprint.language.run_limits import MAX_VALUES, UNKNOWN
from rohe_iac.blueprint.language.stack import ModuleUse, Stack
from rohe_iac.blueprint.modules.module_paths import relocated
from rohe_iac.blueprint.modules.scalars import compute_scalars, validate_computed
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.written_numbers import texts_of_numbers, with_texts
from rohe_iac.blueprint.validation.validate import validate

MODULE_KINDS = ("Pipeline", "Inventory", "ObservationContract")


@dataclass(frozen=True)
class _PlacedUse:
    """A use of a module with its places.

    Attributes:
        stack: The document of the stack.
        at: Path of the use in the model, which lacks faulty parts.
        path: Path of the use as written.
        use: The use itself.
        folder: The module's folder, relative to the root.
    """

    stack: Document
    at: Path
    path: Path
    use: ModuleUse
    folder: str


def expand_modules(tree: Tree) -> None:
    """Adds the documents of every module that a stack uses; they are visible to that stack alone."""
    modules: dict[str, Document | None] = {
        item.source.name.rpartition("/")[0]: item for item in reversed(tree.documents) if item.kind == "Module"
    }
    for stack, model in documents_with_model([*tree.documents], Stack):
        first_uses: dict[tuple[str, str], str] = {}
        for index, use in enumerate(model.spec.modules):
            model_path: Path = ("spec", "modules", index)
            path = stack.remainder.original(model_path) if stack.remainder is not None else model_path
            if tree.work.exhausted or tree.findings_left() == 0:
                stack.has_unknown_names = True
                tree.findings.append(_unread_uses_finding(tree, stack, path, len(model.spec.modules) - index))
                break
            folder = _folder_of(use.source)
            if folder is not None and folder not in modules:
                modules[folder] = _find_module(tree, folder)
            module = modules[folder] if folder is not None else None
            if folder is None or module is None:
                stack.has_unknown_names = True
                tree.findings.append(_no_module_finding(tree, stack, path, use.source, folder))
                continue
            first_use = first_uses.setdefault((folder, use.prefix), use.name)
            if first_use != use.name:
                message = (
                    f"module use '{use.name}' takes in the same module as '{first_use}' without a prefix of its own"
                )
                tree.findings.append(Finding(stack, path, "R233", message, f"add prefix: {use.name}-"))
                continue
            if isinstance(module.model, Module):
                _expand_use(tree, _PlacedUse(stack, model_path, path, use, folder), module, module.model)


def _unread_uses_finding(tree: Tree, stack: Document, path: Path, count: int) -> Finding:
    """Returns the finding that a stack's uses of modules from here on, `count` of them, are not expanded."""
    others = f"this use of a module{f' and {count - 1:,} more' if count > 1 else ''}"
    if not tree.work.exhausted:
        message = f"{others} {'are' if count > 1 else 'is'} not looked at, since there are so many faults before"
        return Finding(stack, path, "R133", message, "correct those first, then run it again", more=count)
    if tree.work.values < 0:
        reason, hint = f"modules hold more than {MAX_VALUES:,} values", "use fewer or smaller modules in one run"
    else:
        reason, hint = "the expressions of all modules take too long", "use plain inputs, as in {{ inputs.NAME }}"
    return Finding(stack, path, "R231", f"with {others}, {reason} together", hint)


def _folder_of(source: str) -> str | None:
    """Returns the folder as `a/b` below the root; None where `source` is no folder below it."""
    if "://" in source or source.startswith(("git+", "/", "~")) or "\0" in source or "\\" in source:
        return None
    folder = os.path.normpath(source)
    return None if folder.startswith("..") else folder


def _find_module(tree: Tree, folder: str) -> Document | None:
    """Returns the Module in a folder whose files have not been read, such as one whose name begins with a dot."""
    for name in _names_in(tree.root / folder):
        if not name.endswith((".yaml", ".yml")):
            continue
        file = read_file(tree.root, tree.root / folder / name)
        if file.source is None or "Module" not in file.source.text:
            continue
        for document in documents_of(tree, file, kinds=("Module",)):
            tree.findings += validate(document)
            tree.documents.append(document)
            return document
    return None


def _names_in(folder: FilePath) -> list[str]:
    """Returns the names in a folder, sorted; none where it is no folder or cannot be read."""
    try:
        return sorted(os.listdir(folder))
    except (OSError, ValueError):
        return []


def _no_module_finding(tree: Tree, stack: Document, path: Path, source: str, folder: str | None) -> Finding:
    source_path = (*path, "source")
    if folder is None:
        hint = "copy the module below the blueprint's folder and name that folder"
        return Finding(stack, source_path, "R231", f"'{source[:80]}' is not a folder of the blueprint", hint)
    if os.path.isfile(tree.root / folder):
        hint = f"name its folder, {FilePath(folder).parent.as_posix()}"
        return Finding(stack, source_path, "R231", f"'{source[:80]}' is a file", hint)
    if os.path.isdir(tree.root / folder):
        hint = "it needs a document of kind Module"
        return Finding(stack, source_path, "R231", f"no Module in the folder '{folder[:80]}'", hint)
    hint = _similar_path_hint(stack, tree.root / folder, folders=True, within=folder.rpartition("/")[0])
    return Finding(stack, source_path, "R231", f"no folder '{folder[:80]}'", hint)


def _similar_path_hint(document: Document, path: FilePath, *, folders: bool = False, within: str = "") -> str:
    """Returns a hint that names a file, or folder, of a similar name; "" once the run has given many hints.

    Args:
        document: The document that names the path.
        path: The path that does not exist.
        folders: Whether only folders are meant.
        within: The folder to put before the names.
    """
    if document.allowance.guesses <= 0:
        return ""
    names = [name for name in _names_in(path.parent) if not folders or os.path.isdir(path.parent / name)]
    prefix = f"{within}/" if within else ""
    return name_hint(document, prefix + path.name, [prefix + name for name in names])


def _expand_use(tree: Tree, placed: _PlacedUse, document: Document, module: Module) -> None:
    remainder, inputs_path = document.remainder, ("spec", "inputs")
    # The missing part of a declaration may be its default, or a bound.
    partial = {
        name for name in module.spec.inputs if remainder is not None and remainder.lost_below((*inputs_path, name))
    }
    faulty = (document.broken_names - module.spec.inputs.keys()) | partial
    inputs = dict(_input_values(tree, placed, document, module, faulty))
    documents: list[Document] = []
    for index, source in enumerate(module.spec.sources):
        if tree.findings_left() == 0:
            placed.stack.has_unknown_names = True
            tree.findings.append(_unread_uses_finding(tree, placed.stack, placed.path, 1))
            return
        fault = _missing_source(tree, placed, source)
        if fault is not None:
            placed.stack.has_unknown_names = True
            tree.findings.append(Finding(document, ("spec", "sources", index), "R232", *fault))
            continue
        file_documents = documents_of(tree, _read_module_file(tree, f"{placed.folder}/{source}"))
        documents += [inner for inner in file_documents if inner.kind in MODULE_KINDS]
        for inner in file_documents:
            if inner.kind not in MODULE_KINDS:
                inner.origin = placed.use.name
                hint = f"a module holds {', '.join(MODULE_KINDS)}"
                tree.findings.append(
                    Finding(inner, ("kind",), "R104", f"a {inner.kind} has no place in a module", hint)
                )
        tree.work.values -= documents[-1].source.parsed.count if documents else 1
        if tree.work.exhausted:
            tree.findings.append(_unread_uses_finding(tree, placed.stack, placed.path, 1))
            placed.stack.has_unknown_names = True
            return
    inner_names = {(inner.kind, inner.name) for inner in documents}
    for inner in documents:
        inner.origin, inner.scope = placed.use.name, placed.stack.name
        tree.findings += compute_scalars(tree, inner, inputs)
        if tree.work.left < 0:
            placed.stack.has_unknown_names = True
            return
        if placed.use.prefix:
            _rename(inner, placed.use.prefix, inner_names)
        tree.findings += validate_computed(tree, inner)
        if inner.model is not None:
            inner.model = relocated(inner.model, placed.folder)
    tree.documents += documents


def _read_module_file(tree: Tree, name: str) -> ReadFile:
    """Returns a module's file, read once however often the module is used."""
    if name not in tree.files:
        tree.files[name] = read_file(tree.root, tree.root / name)
    return tree.files[name]


def _missing_source(tree: Tree, placed: _PlacedUse, source: str) -> tuple[str, str] | None:
    if FilePath(source).is_absolute() or ".." in FilePath(source).parts or "\0" in source:
        return f"'{source[:60]}' leaves the module's folder", "name a file in it"
    # A path from a document may be too long for any file, for which methods of pathlib raise.
    path = tree.root / placed.folder / source
    if not os.path.isfile(path):
        return f"no file '{source[:60]}'", _similar_path_hint(placed.stack, path)
    return None


def _input_values(
    tree: Tree, placed: _PlacedUse, document: Document, module: Module, faulty: Collection[str]
) -> Iterator[tuple[str, Any]]:
    """Yields the value of each input, UNKNOWN where it has a fault; adds the faults to the tree.

    Args:
        tree: The tree.
        placed: The use that gives values.
        document: The document of the module.
        module: The module, which declares inputs.
        faulty: Names that may be those of inputs whose declaration is at fault.
    """
    path: Path = (*placed.path, "inputs")
    declared, values = module.spec.inputs, placed.use.inputs
    for name, value in values.items():
        if tree.findings_left() == 0:
            break
        if name in faulty or _has_unknown(value):
            continue
        if name not in declared:
            hint = name_hint(placed.stack, name, declared)
            message = f"the module has no input '{name[:63]}'"
            tree.findings.append(Finding(placed.stack, (*path, name), "R234", message, hint, on_key=True))
        elif objection := declared[name].objection(value, tree.allowance):
            tree.findings.append(Finding(placed.stack, (*path, name), "R234", f"input '{name}': {objection}"))
    for name, declaration in declared.items():
        if name in faulty:
            continue
        if _has_unknown(values.get(name)):
            yield name, UNKNOWN
        elif name in values and not declaration.objection(values[name], tree.allowance):
            yield name, with_texts(values[name], _input_texts(placed, name))
        elif not declaration.required:
            at = ("spec", "inputs", name, "default")
            texts = texts_of_numbers(document.source.text, document.parsed, declaration.default, at)
            yield name, with_texts(declaration.default, texts)
        elif name not in values and not _has_faulty_inputs(placed):
            where = path if "inputs" in placed.use.model_fields_set else placed.path
            hint = f"add inputs: {{{name}: ...}}, {declaration.noun}"
            tree.findings.append(Finding(placed.stack, where, "R234", f"input '{name}' is required", hint))
            yield name, UNKNOWN
        else:
            yield name, UNKNOWN
    for name in faulty:
        yield name, UNKNOWN


def _has_unknown(value: Any) -> bool:
    """Checks whether an expression with a fault, which is reported, gives the value or a part of it."""
    if isinstance(value, dict | list):
        return any(map(_has_unknown, value.values() if isinstance(value, dict) else value))
    return value is UNKNOWN


def _input_texts(placed: _PlacedUse, name: str) -> Mapping[Path, str]:
    """Returns how the numbers of an input are written in the stack, or in the value that its expression came to."""
    stack, path = placed.stack, (*placed.path, "inputs", name)
    if path in stack.number_texts:
        return {(): stack.number_texts[path]}
    return texts_of_numbers(stack.source.text, stack.parsed, placed.use.inputs[name], path)


def _has_faulty_inputs(placed: _PlacedUse) -> bool:
    """Checks whether inputs of the use are at fault, so that it is unknown which ones it gives."""
    return placed.stack.is_unknown(placed.at)


def _rename(document: Document, prefix: str, known: set[tuple[str, str]]) -> None:
    value = document.value
    if document.name:
        document.name = value["metadata"]["name"] = prefix + document.name
    spec = value.get("spec")
    if document.kind == "ObservationContract" and isinstance(spec, dict):
        rename_pipelines(spec, {name: prefix + name for kind, name in known if kind == "Pipeline"})
