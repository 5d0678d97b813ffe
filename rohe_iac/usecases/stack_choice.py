"""Which stack a word of a command line means: the name of a stack, a folder, or a file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rohe_iac.blueprint.documents.discovery import ReadFile, documents_under, read_file, root_of
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.names import KINDS, is_name
from rohe_iac.usecases.known_names import known_names


@dataclass(frozen=True, slots=True)
class StackChoice:
    """A stack that a user means.

    Attributes:
        folder: a folder of its blueprint.
        stack: its name; None for the only stack of the blueprint.
    """

    folder: Path
    stack: str | None


DOCUMENTS = (".yaml", ".yml")
"""How names of files with documents end; no plan file has such a name."""


def names_plan(path: Path, word: str) -> bool:
    """Checks whether a word of the command line, and the path that it gives, name a plan file, even an absent one."""
    if path.suffix in DOCUMENTS or path.is_dir():
        return False
    return path.is_file() or bool(path.suffix) or "/" in word


def names_stack(folder: Path, word: str) -> bool:
    """Checks whether a word that may be an address as well means a stack: its name, or a folder or file."""
    if word.partition("/")[0] in KINDS:
        return False
    path = folder / word
    return word in known_names(folder).stacks or ((path.is_dir() or path.suffix in DOCUMENTS) and path.exists())


def chosen_stack(folder: Path, word: str | None) -> StackChoice:
    """Returns the stack that a word means in a folder.

    The name of a stack comes first, then a folder, then a file. A folder or file means the stack that is in it;
    where it has none, the only stack of the blueprint that it belongs to.

    Raises:
        UsageError: the folder or file has several stacks.
    """
    if word is None:
        return StackChoice(folder, None)
    path = folder / word
    if is_name(word) and (not path.exists() or word in known_names(folder).stacks):
        return StackChoice(folder, word)
    if path.is_dir():
        root = root_of(path)
        whole = path.resolve() == root.resolve()
        # All documents of a blueprint may be large; its only stack is found when it is loaded.
        return StackChoice(path, None if whole else _only(word, list(documents_under(root, path.resolve()))))
    if path.is_file():
        return StackChoice(path.parent, _only(word, [read_file(root_of(path.parent), path.resolve())]))
    return StackChoice(folder, word)


def _only(word: str, files: list[ReadFile]) -> str | None:
    """Returns the name of the only stack in the files; None where there is none.

    Raises:
        UsageError: there are several.
    """
    documents = [value for file in files if file.source is not None for value in read_plain(file.source.text).values]
    names = []
    for document in documents:
        metadata = document.get("metadata") if isinstance(document, dict) and document.get("kind") == "Stack" else None
        if isinstance(metadata, dict) and isinstance(metadata.get("name"), str):
            names.append(metadata["name"])
    if len(names) > 1:
        raise UsageError(f"{word} has several stacks", detail=", ".join(sorted(names)), hint="name one of them")
    return names[0] if names else None
