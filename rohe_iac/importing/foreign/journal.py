"""What became of every field of an imported file: mapped, or not mapped and why; and a cursor that walks the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rohe_iac.foundation.diagnostics import Place
from rohe_iac.importing.foreign.reading import Fault, Node, Scalar, key_text

Path = tuple[str | int, ...]

NO_SUCH_FIELD = "rohe has no such field"


EMPTY = "empty: there is nothing to take over"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A field of the file and what it became, `KIND/NAME: field`."""

    field: str
    place: Place
    to: str


@dataclass(frozen=True, slots=True)
class Unmapped:
    """A field of the file that has no place in a blueprint, with the reason."""

    field: str
    place: Place
    reason: str


@dataclass
class Journal:
    """Kept while one document of a file is imported. faults: what cannot be read, so that the import fails."""

    mapped: dict[Path, tuple[Place, str]] = field(default_factory=dict)
    dropped: dict[Path, tuple[Place, str]] = field(default_factory=dict)
    notes: list[tuple[Place, str]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    touched: set[Path] = field(default_factory=set)
    """Paths of all that something is told of, and of what that is part of."""

    def tell(self, book: dict[Path, tuple[Place, str]], path: Path, place: Place, text: str) -> None:
        """Writes a line of one of the two books."""
        book[path] = (place, text)
        while path not in self.touched:
            self.touched.add(path)
            path = path[:-1]

    def told(self, root: Node) -> tuple[list[Mapped], list[Unmapped]]:
        """Every field of the document in its order: each leaf is mapped or not, by itself or by what it is part of."""
        mapped: list[Mapped] = []
        unmapped: list[Unmapped] = []
        inner = {path[:end] for path in (*self.mapped, *self.dropped) for end in range(len(path))}
        for path, node in _walk(root, (), inner, {*self.mapped, *self.dropped}):
            if path in self.mapped:
                place, to = self.mapped[path]
                mapped.append(Mapped(shown_path(path), place, to))
            if path in self.dropped:
                place, reason = self.dropped[path]
                unmapped.append(Unmapped(shown_path(path), place, reason))
            elif path not in self.mapped:
                unmapped.append(Unmapped(shown_path(path), node.place, EMPTY if _is_empty(node) else NO_SUCH_FIELD))
        return mapped, unmapped


def _is_empty(node: Node) -> bool:
    """Whether nothing is in it: null, a text of blanks, or a mapping or list of nothing else."""
    parts = [*(node.entries or {}).values(), *(node.items or [])]
    if parts:
        return all(_is_empty(part) for part in parts)
    return node.value is None or (isinstance(node.value, str) and not node.value.strip())


def _walk(node: Node, path: Path, inner: set[Path], known: set[Path]) -> Iterator[tuple[Path, Node]]:
    parts: list[tuple[str | int, Node]] = [*(node.entries or {}).items()]
    parts += enumerate(node.items or [])
    if path in known:
        yield path, node
        if path not in inner:
            return
        # What is told of the whole holds for the parts of which nothing is told.
        for key, part in parts:
            if (*path, key) in known or (*path, key) in inner:
                yield from _walk(part, (*path, key), inner, known)
    elif not parts:
        yield path, node
    else:
        for key, part in parts:
            yield from _walk(part, (*path, key), inner, known)


def shown_path(path: Path) -> str:
    """`data.node1.ports[0]`; the whole document is `(document)`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "(document)"


@lru_cache(maxsize=4096)
def plain(key: str) -> str:
    """A key as it is compared: case, blanks, hyphens and underscores mean nothing."""
    return re.sub(r"[\s_.-]", "", key).lower()


@dataclass(frozen=True, slots=True)
class Field:
    """A value of the file with its path; what is done with it is written to the journal."""

    node: Node
    path: Path
    journal: Journal

    @property
    def place(self) -> Place:
        """Where it is written."""
        return self.node.place

    @property
    def value(self) -> Scalar:
        """The scalar; None for a mapping or a list."""
        return self.node.value

    @property
    def is_mapping(self) -> bool:
        """Whether it is a mapping."""
        return self.node.entries is not None

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return self.node.items is not None

    @property
    def is_scalar(self) -> bool:
        """Whether it is a text, number, true or false."""
        return not self.is_mapping and not self.is_list and self.node.value is not None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it, however deep."""
        return _is_empty(self.node)

    @property
    def text(self) -> str:
        """The scalar as text, blanks around it left out; "" for a mapping or a list."""
        return key_text(self.node.value).strip() if self.is_scalar else ""

    def get(self, *names: str) -> Field | None:
        """The entry of the first of these names that is there and holds something; spelling is compared loosely."""
        node = self.node
        if not node.entries:
            return None
        if node.spelled is None:
            node.spelled = {}
            for key, part in node.entries.items():
                if part.value not in (None, "") or part.entries is not None or part.items is not None:
                    node.spelled.setdefault(plain(key), (key, part))
        for name in names:
            found = node.spelled.get(plain(name))
            if found is not None:
                return Field(found[1], (*self.path, found[0]), self.journal)
        return None

    def entries(self) -> list[tuple[str, Field]]:
        """All entries of a mapping, in order."""
        return [(key, Field(node, (*self.path, key), self.journal)) for key, node in (self.node.entries or {}).items()]

    def items(self) -> list[Field]:
        """All items of a list, in order."""
        return [Field(node, (*self.path, index), self.journal) for index, node in enumerate(self.node.items or [])]

    def listed(self) -> list[Field]:
        """All items of a list; of anything else that is not empty, that alone."""
        return self.items() if self.is_list else [self] if self.is_scalar or self.is_mapping else []

    def to(self, target: str) -> None:
        """It became `target`."""
        self.journal.tell(self.journal.mapped, self.path, self.place, target)

    def drop(self, reason: str) -> None:
        """It has no place in a blueprint, for this reason."""
        self.journal.tell(self.journal.dropped, self.path, self.place, reason)

    def note(self, text: str) -> None:
        """Something that the user should know of it."""
        self.journal.notes.append((self.place, text))

    def fault(self, message: str, hint: str = "") -> None:
        """It cannot be read."""
        self.journal.faults.append(Fault(self.place, f"{shown_path(self.path)}: {message}", hint))

    def rest(self, reasons: Mapping[str, str], otherwise: str = NO_SUCH_FIELD) -> None:
        """Drops every entry of which nothing is told yet; the reason by the plain spelling of its key.

        Where something is told of a part of an entry that has a reason, the reason holds for its other parts.
        """
        for key, part in self.entries():
            reason = reasons.get(plain(key))
            if part.path not in self.journal.touched:
                part.drop(EMPTY if part.is_empty else reason or otherwise)
            elif reason is not None:
                part.drop_untold(reason)

    def drop_untold(self, reason: str) -> None:
        """Drops every part of which nothing is told yet, for this reason."""
        if self.path in self.journal.mapped or self.path in self.journal.dropped:
            return
        for part in [part for _, part in self.entries()] + self.items():
            if part.path in self.journal.touched:
                part.drop_untold(reason)
            else:
                part.drop(EMPTY if part.is_empty else reason)
