"""A fault before its place is known: documents are plain values, and places are looked up only for what is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity

if TYPE_CHECKING:
    from rohe_iac.blueprint.base import Model
    from rohe_iac.blueprint.marks import Marked, MarkedDocument
    from rohe_iac.blueprint.rest import Rest

Path = tuple[str | int, ...]
"""Keys and indices from the root of a document to a value."""

EXCERPT_LENGTH = 160


@dataclass(eq=False)
class SourceText:
    """A file's text. name: its path relative to the root, with `/`."""

    name: str
    text: str

    @cached_property
    def marked(self) -> list[MarkedDocument]:
        """The documents with their places; a second reading, done once and only when asked for."""
        from rohe_iac.blueprint.marks import read_marked

        return read_marked(self.text)

    @cached_property
    def _lines(self) -> list[str]:
        from rohe_iac.blueprint.marks import LINE_BREAK

        return LINE_BREAK.split(self.text)

    @cached_property
    def ours(self) -> bool:
        """Whether the text holds anything that is meant for rohe."""
        from rohe_iac.blueprint.tree import OURS

        return OURS.search(self.text) is not None

    def excerpt(self, place: Place) -> str:
        """The place's line, at most so long that the column and what follows it are in it; "" where there is none."""
        if not 0 < place.line <= len(self._lines):
            return ""
        return self._lines[place.line - 1][: max(EXCERPT_LENGTH, place.column + EXCERPT_LENGTH // 2)].rstrip()


@dataclass(eq=False)
class Document:
    """One document. value: as plain values, in use only while the model has not taken its place.

    index: which of the file's documents. rest: what the model was made of, where faulty parts were left out;
    broken_names: the names in those. origin: the use of a module that it came by, scope: the stack of that use; both ""
    where it came by none. names_open: a module that it uses could not be taken in, so any name may be there.
    guesses: for how many of its names the nearest was looked for.
    """

    source: SourceText
    index: int
    value: Any
    kind: str = ""
    name: str = ""
    model: Model | None = None
    broken_names: frozenset[str] = frozenset()
    rest: Rest | None = None
    origin: str = ""
    scope: str = ""
    names_open: bool = False
    guesses: int = 0

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:
        """Where the value at `path` is written, or its key; as near as the path can be followed."""
        root = self._root
        if root is None:
            return Place(self.source.name)
        line, column = _followed(root, path, on_key)[1]
        return Place(self.source.name, line, column)

    def incomplete(self, path: Path) -> bool:
        """Whether a fault of the text keeps something directly at `path` from being known."""
        if self._root is None:
            return True
        node = _followed(self._root, path, False)[0]
        parts = [*(value for _, value in node.entries.values()), *node.items]
        return node.incomplete or any(part.incomplete for part in parts)

    @property
    def _root(self) -> Marked | None:
        documents = self.source.marked
        return documents[self.index].root if self.index < len(documents) else None


def _followed(root: Marked, path: Path, on_key: bool) -> tuple[Marked, tuple[int, int]]:
    node, spot = root, root.spot
    for step in path:
        if isinstance(step, int) and 0 <= step < len(node.items):
            node = node.items[step]
            spot = node.spot
        elif step in node.entries:
            key_spot, node = node.entries[str(step)]
            # A block value begins on a line of its own: its key tells more.
            spot = key_spot if on_key or (node.entries or node.items) else node.spot
    return node, spot


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one document, at a path in it. on_key: the key is at fault, not its value."""

    document: Document
    path: Path
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    on_key: bool = False

    def told(self) -> Diagnostic:
        """The finding with its place and line."""
        place = self.document.place(self.path, on_key=self.on_key)
        message = f"{self.message} (in module use '{self.document.origin}')" if self.document.origin else self.message
        return Diagnostic(place, self.code, message, self.hint, self.severity, self.document.source.excerpt(place))
