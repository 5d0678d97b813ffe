"""The journal of what became of every field of an imported file, and the cursor that walks the file and writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from rohe_iac.foundation.diagnostics import Place
from rohe_iac.importing.foreign.reading import ImportFault, Scalar, YamlNode, key_text
from rohe_iac.importing.foreign.variables.substitution import UNFILLED

Path = tuple[str | int, ...]

NO_SUCH_FIELD = "rohe has no such field"


EMPTY = "empty: there is nothing to take over"


@dataclass(frozen=True, slots=True)
class Mapped:
    """A field of the file and what it became, such as `KIND/NAME: field`."""

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
class ImportJournal:
    """What became of the fields of one document, recorded while the document is imported.

    Attributes:
        mapped: Place and target of each mapped field, by path.
        dropped: Place and reason of each dropped field, by path.
        notes: What the user should know, each with its place.
        faults: What cannot be read, so that the import fails.
        recorded: Paths of all mapped and dropped fields, and of every field around them.
        subjects: What reports call a part of the document, in place of its path; by path.
    """

    mapped: dict[Path, tuple[Place, str]] = field(default_factory=dict)
    dropped: dict[Path, tuple[Place, str]] = field(default_factory=dict)
    notes: list[tuple[Place, str]] = field(default_factory=list)
    faults: list[ImportFault] = field(default_factory=list)
    recorded: set[Path] = field(default_factory=set)
    subjects: dict[Path, str] = field(default_factory=dict)

    def name_of(self, path: Path) -> str:
        """Returns what reports call a field: its path, or what it belongs to and its path in that."""
        for end in range(len(path), -1, -1) if self.subjects else ():
            subject = self.subjects.get(path[:end])
            if subject is not None:
                return f"{subject}.{path_text(path[end:])}" if path[end:] else subject
        return path_text(path)

    def record(self, entries: dict[Path, tuple[Place, str]], path: Path, place: Place, text: str) -> None:
        """Records a field in one of `mapped` and `dropped`. text: what the field became, or why it was dropped."""
        entries[path] = (place, text)
        while path not in self.recorded:
            self.recorded.add(path)
            path = path[:-1]

    def names_of_notes(self, root: YamlNode) -> dict[Place, str]:
        """Returns what reports call the fields that notes are about, by place."""
        noted = {place for place, _ in self.notes}
        found: dict[Place, str] = {}
        pending: list[tuple[Path, YamlNode]] = [((), root)] if noted else []
        while pending:
            path, node = pending.pop()
            if node.place in noted:
                found.setdefault(node.place, self.name_of(path))
            parts: list[tuple[str | int, YamlNode]] = [*(node.entries or {}).items(), *enumerate(node.items or [])]
            pending += [((*path, key), part) for key, part in reversed(parts)]
        return found

    def listing(self, root: YamlNode) -> tuple[list[Mapped], list[Unmapped]]:
        """Returns every field of the document in its order; each leaf counts by itself or by a field around it."""
        mapped: list[Mapped] = []
        unmapped: list[Unmapped] = []
        inner = {path[:end] for path in (*self.mapped, *self.dropped) for end in range(len(path))}
        for path, node in _walk(root, (), inner, {*self.mapped, *self.dropped}):
            if path in self.mapped:
                place, to = self.mapped[path]
                mapped.append(Mapped(self.name_of(path), place, to))
            if path in self.dropped:
                place, reason = self.dropped[path]
                unmapped.append(Unmapped(self.name_of(path), place, reason))
            elif path not in self.mapped:
                unmapped.append(Unmapped(self.name_of(path), node.place, _why_empty(node) or NO_SUCH_FIELD))
        return mapped, unmapped


def _is_empty(node: YamlNode) -> bool:
    """Checks whether a value holds nothing: null, a text of blanks, or a mapping or list of nothing else."""
    parts = [*(node.entries or {}).values(), *(node.items or [])]
    if parts:
        return all(_is_empty(part) for part in parts)
    return node.value is None or (isinstance(node.value, str) and not node.value.strip())


def _why_empty(node: YamlNode) -> str:
    """Returns the reason why nothing of a value is taken over; "" where it is not empty."""
    if not _is_empty(node):
        return ""
    return UNFILLED if node.substitution is not None and node.substitution.is_unfilled else EMPTY


def _walk(node: YamlNode, path: Path, inner: set[Path], known: set[Path]) -> Iterator[tuple[Path, YamlNode]]:
    """Yields the recorded fields and the leaves below `node`. inner: paths around recorded fields; known: recorded."""
    parts: list[tuple[str | int, YamlNode]] = [*(node.entries or {}).items()]
    parts += enumerate(node.items or [])
    if path in known:
        yield path, node
        if path not in inner:
            return
        # A parent's record holds for every child without one of its own.
        for key, part in parts:
            if (*path, key) in known or (*path, key) in inner:
                yield from _walk(part, (*path, key), inner, known)
    elif not parts:
        yield path, node
    else:
        for key, part in parts:
            yield from _walk(part, (*path, key), inner, known)


def path_text(path: Path) -> str:
    """Returns a path as text, such as `data.node1.ports[0]`; the path of the whole document is `(document)`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".") or "(document)"


@lru_cache(maxsize=4096)
def loose_spelling(key: str) -> str:
    """Returns a key in lower case without blanks, hyphens, underscores and dots, to compare keys by."""
    return re.sub(r"[\s_.-]", "", key).lower()


@dataclass(frozen=True, slots=True)
class Field:
    """A cursor on a value of the file; what an importer does with the value is recorded in the journal."""

    node: YamlNode
    path: Path
    journal: ImportJournal

    @property
    def place(self) -> Place:
        """Where the value is written."""
        return self.node.place

    @property
    def value(self) -> Scalar:
        """The scalar; None for a mapping or a list."""
        return self.node.value

    @property
    def is_mapping(self) -> bool:
        """Whether the value is a mapping."""
        return self.node.entries is not None

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return self.node.items is not None

    @property
    def is_scalar(self) -> bool:
        """Whether the value is a text, a number, true or false."""
        return not self.is_mapping and not self.is_list and self.node.value is not None

    @property
    def is_empty(self) -> bool:
        """Whether the value holds nothing, however deep."""
        return _is_empty(self.node)

    @property
    def text(self) -> str:
        """The scalar as text without blanks around it; "" for a mapping or a list."""
        return key_text(self.node.value).strip() if self.is_scalar else ""

    @property
    def raw(self) -> str:
        """The scalar as text with the blanks around it, a number as it is written; "" for a mapping or a list."""
        return (self.node.written or key_text(self.node.value)) if self.is_scalar else ""

    def get(self, *names: str) -> Field | None:
        """Returns the first entry with one of these names, in their order, that is neither null nor an empty text.

        Names are compared by loose spelling.
        """
        node = self.node
        if not node.entries:
            return None
        if node.by_spelling is None:
            node.by_spelling = {}
            for key, part in node.entries.items():
                if part.value not in (None, "") or part.entries is not None or part.items is not None:
                    node.by_spelling.setdefault(loose_spelling(key), (key, part))
        for name in names:
            found = node.by_spelling.get(loose_spelling(name))
            if found is not None:
                return Field(found[1], (*self.path, found[0]), self.journal)
        return None

    def entries(self) -> list[tuple[str, Field]]:
        """Returns all entries of a mapping, in order."""
        return [(key, Field(node, (*self.path, key), self.journal)) for key, node in (self.node.entries or {}).items()]

    def items(self) -> list[Field]:
        """Returns all items of a list, in order."""
        return [Field(node, (*self.path, index), self.journal) for index, node in enumerate(self.node.items or [])]

    def as_list(self) -> list[Field]:
        """Returns the items of a list; for any other value that is not null, the value alone."""
        return self.items() if self.is_list else [self] if self.is_scalar or self.is_mapping else []

    def map_to(self, target: str) -> None:
        """Records that the field became `target`."""
        self.journal.record(self.journal.mapped, self.path, self.place, target)

    def drop(self, reason: str) -> None:
        """Records that the field has no place in a blueprint, for this reason."""
        self.journal.record(self.journal.dropped, self.path, self.place, reason)

    def note(self, text: str) -> None:
        """Records what the user should know about the field."""
        self.journal.notes.append((self.place, text))

    def report_fault(self, message: str, hint: str = "") -> None:
        """Records that the field cannot be read, so that the import fails."""
        self.journal.faults.append(ImportFault(self.place, f"{self.journal.name_of(self.path)}: {message}", hint))

    def drop_rest(self, reasons: Mapping[str, str], otherwise: str = NO_SUCH_FIELD) -> None:
        """Drops every entry that is not recorded yet.

        Where only a part of an entry is recorded and the entry has a reason, the other parts are dropped too.

        Args:
            reasons: By the loose spelling of the key.
            otherwise: The reason for entries without one.
        """
        for key, part in self.entries():
            reason = reasons.get(loose_spelling(key))
            if part.path not in self.journal.recorded:
                part.drop(_why_empty(part.node) or reason or otherwise)
            elif reason is not None:
                part.drop_unrecorded(reason)

    def drop_unrecorded(self, reason: str) -> None:
        """Drops every part of the field that is not recorded yet, for this reason."""
        if self.path in self.journal.mapped or self.path in self.journal.dropped:
            return
        for part in [part for _, part in self.entries()] + self.items():
            if part.path in self.journal.recorded:
                part.drop_unrecorded(reason)
            else:
                part.drop(_why_empty(part.node) or reason)
