"""Documents by kind and name, as each document may refer to them; a lookup takes constant time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.hints.nearest import MAX_NAMES, nearest


class Catalogue:
    """The documents of a tree at one moment.

    A document from a stack's use of a module is visible to that stack, to the other documents of its modules, and to
    documents that came by no module.
    """

    def __init__(self, documents: Iterable[Document], unread_names: Collection[str] = ()) -> None:
        """Lists the documents; `unread_names` are names of documents that cannot be read."""
        self._unread_names = unread_names
        # By kind, name and scope; None stands for any.
        self._listed: dict[tuple[str, str | None, str | None], list[Document]] = {}
        self._names: dict[tuple[str, str | None], dict[str, None]] = {}
        self._broken: set[tuple[str, str]] = set()
        for document in documents:
            if document.model is None or not document.name:
                self._broken.add((document.kind, document.name))
            if document.model is None:
                continue
            for scope in (document.scope, None):
                self._names.setdefault((document.kind, scope), {})[document.name] = None
                for name in (document.name, None):
                    self._listed.setdefault((document.kind, name, scope), []).append(document)

    def of(self, kind: str) -> list[Document]:
        """Returns the documents of one kind that have a model, sorted by name."""
        return sorted(self._listed.get((kind, None, None), []), key=lambda document: document.name)

    def named(self, kind: str, name: str, reader: Document | None = None) -> Document | None:
        """Returns the first document of that kind and name that is visible to `reader`; any such document for None."""
        for scope in _visible_scopes(reader):
            for document in self._listed.get((kind, name, scope), ()):
                return document
        return None

    def meant(self, kind: str, name: str, reader: Document) -> Document | None:
        """Returns the document that `reader` means by a name: that of the name, else the one with the nearest name.

        A misspelt name is reported by itself; what else is wrong with the document that it surely means is found at
        once. None where no name is near, or where a faulty document may have the name.
        """
        found = self.named(kind, name, reader)
        names = self.names(kind, reader)
        if found is not None or self.is_broken(kind, name) or len(names) > MAX_NAMES or reader.allowance.guesses <= 0:
            return found
        reader.allowance.guesses -= len(names)
        near = nearest(name, sorted(names))
        return self.named(kind, near, reader) if near else None

    def all_named(self, kind: str, names: Iterable[str], reader: Document | None = None) -> list[Document]:
        """Returns the documents of these names that exist, as `named` finds each."""
        return [found for name in names if (found := self.named(kind, name, reader)) is not None]

    def names(self, kind: str, reader: Document) -> Collection[str]:
        """Returns the names of the documents of one kind that are visible to `reader`."""
        seen = [names for scope in _visible_scopes(reader) if (names := self._names.get((kind, scope)))]
        return seen[0].keys() if len(seen) == 1 else _JoinedNames(seen)

    def is_broken(self, kind: str, name: str) -> bool:
        """Checks whether a document of that kind and name exists, or may exist, but is too faulty to be used."""
        # One whose name is at fault may be any.
        return (kind, name) in self._broken or (kind, "") in self._broken or name in self._unread_names


class _JoinedNames(Collection[str]):
    """Several collections of names as one, without a copy: there may be one for each of thousands of stacks."""

    def __init__(self, parts: list[dict[str, None]]) -> None:
        self._parts = parts

    def __contains__(self, name: object) -> bool:
        return any(name in part for part in self._parts)

    def __iter__(self) -> Iterator[str]:
        return (name for part in self._parts for name in part)

    def __len__(self) -> int:
        return sum(map(len, self._parts))


def _visible_scopes(reader: Document | None) -> tuple[str | None, ...]:
    """Returns the scopes whose documents are visible to `reader`; None stands for any scope."""
    scope = "" if reader is None else reader.name if reader.kind == "Stack" else reader.scope
    return ("", scope) if scope else (None,)
