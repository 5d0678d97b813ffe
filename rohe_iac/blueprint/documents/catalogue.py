"""Documents by kind and name, as each reader sees them: looked up in the same time however many there are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from rohe_iac.blueprint.findings.finding import Document


class Catalogue:
    """The documents of a tree at one moment.

    What came by a stack's use of a module is seen by that stack and what came with it, and by what came by none.
    """

    def __init__(self, documents: Iterable[Document], unread_names: Collection[str] = ()) -> None:
        """heard: names of what cannot be read as what it is."""
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
        """The documents of one kind that have a model, by name."""
        return sorted(self._listed.get((kind, None, None), []), key=lambda document: document.name)

    def named(self, kind: str, name: str, reader: Document | None = None) -> Document | None:
        """The first document of that kind and name that `reader` sees; any for None."""
        for scope in _visible_scopes(reader):
            for found in self._listed.get((kind, name, scope), ()):
                return found
        return None

    def names(self, kind: str, reader: Document) -> Collection[str]:
        """The names of the documents of one kind that `reader` sees."""
        seen = [names for scope in _visible_scopes(reader) if (names := self._names.get((kind, scope)))]
        return seen[0].keys() if len(seen) == 1 else _JoinedNames(seen)

    def is_broken(self, kind: str, name: str) -> bool:
        """Whether a document of that kind and name is there, or may be, but too faulty to be used."""
        # One whose name is at fault may be any.
        return (kind, name) in self._broken or (kind, "") in self._broken or name in self._unread_names


class _JoinedNames(Collection[str]):
    """Several collections as one, without a copy: there may be one for each of thousands of stacks."""

    def __init__(self, parts: list[dict[str, None]]) -> None:
        self._parts = parts

    def __contains__(self, name: object) -> bool:
        return any(name in part for part in self._parts)

    def __iter__(self) -> Iterator[str]:
        return (name for part in self._parts for name in part)

    def __len__(self) -> int:
        return sum(map(len, self._parts))


def _visible_scopes(reader: Document | None) -> tuple[str | None, ...]:
    """Whose documents a reader sees."""
    scope = "" if reader is None else reader.name if reader.kind == "Stack" else reader.scope
    return ("", scope) if scope else (None,)
