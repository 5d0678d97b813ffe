"""A fault before its place is known: documents are plain values, and places are looked up only for what is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rohe_iac.blueprint.document import read_plain
from rohe_iac.blueprint.reading import LINE_BREAK, Plain, Read, Spot
from rohe_iac.blueprint.reading import Path as Path
from rohe_iac.blueprint.work import STRAY
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity

if TYPE_CHECKING:
    from rohe_iac.blueprint.base import Model
    from rohe_iac.blueprint.rest import Rest

EXCERPT_LENGTH = 160
LONGEST_MESSAGE = 600
"""Messages and hints, in characters; what they quote may be of any length."""


@dataclass(eq=False)
class SourceText:
    """A file's text. name: its path relative to the root, with `/`."""

    name: str
    text: str

    @cached_property
    def plain(self) -> Plain:
        """The documents of the text, read once."""
        return read_plain(self.text)

    @cached_property
    def ours(self) -> bool:
        """Whether the text holds anything that is meant for rohe."""
        from rohe_iac.blueprint.identifying import OURS

        return OURS.search(self.text) is not None

    @cached_property
    def holds_stray(self) -> bool:
        """Whether an expression stands in the text that names an input of a module."""
        return STRAY.search(self.text) is not None

    def diagnostic(
        self, spot: Spot, code: str, message: str, hint: str = "", severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """A diagnostic of the spot, with its line: whole, or of a long one what stands around the column."""
        begin = spot.offset - spot.column + 1
        cut = 0 if spot.column <= 2 * EXCERPT_LENGTH else spot.column - 1 - EXCERPT_LENGTH // 2
        end = begin + max(EXCERPT_LENGTH, spot.column + EXCERPT_LENGTH // 2)
        excerpt = LINE_BREAK.split(self.text[begin + cut : end], maxsplit=1)[0].rstrip()
        place = Place(self.name, spot.line, spot.column)
        return Diagnostic(place, code, _short(message), _short(hint), severity, excerpt, cut)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}..."


@dataclass
class Allowance:
    """What is left of the work that a run may do for what it tells.

    guesses: names to hold against a misspelt one. fits: services and nodes to hold against each other. matching: steps
    of holding inputs against patterns. domains: nodes to look at for rules over several of them.
    """

    guesses: int = 30_000
    fits: int = 100_000
    matching: int = 2_000_000
    domains: int = 200_000


@dataclass(eq=False)
class Document:
    """One document. value: as plain values, in use only while the model has not taken its place.

    index: which of the file's documents. rest: what the model was made of, where faulty parts were left out;
    broken_names: the names in those. origin: the use of a module that it came by, scope: the stack of that use; both ""
    where it came by none. names_open: a module that it uses could not be taken in, so any name may be there.
    quiet: where a fault is told already.
    allowance: of the run, shared by all its documents.
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
    quiet: set[Path] = field(default_factory=set, repr=False)
    allowance: Allowance = field(default_factory=Allowance, repr=False)
    _spots: dict[tuple[Path, bool], Spot] = field(default_factory=dict, repr=False)

    @property
    def read(self) -> Read:
        """What reading the text gave of this document."""
        return self.source.plain.documents[self.index]

    def locate(self, wanted: Iterable[tuple[Path, bool]]) -> None:
        """Looks up the spots of many values, or of their keys, at once: cheaper than one by one."""
        from rohe_iac.blueprint.places import find_spots

        unknown = [want for want in wanted if want not in self._spots]
        if unknown:
            self._spots.update(find_spots(self.source.text, self.read, unknown))

    def spot(self, path: Path = (), *, on_key: bool = False) -> Spot:
        """Where the value at `path` is written, or its key; as near as the path can be followed."""
        self.locate([(path, on_key)])
        return self._spots[path, on_key]

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:
        """The spot as a place of the file."""
        spot = self.spot(path, on_key=on_key)
        return Place(self.source.name, spot.line, spot.column)

    def incomplete(self, path: Path) -> bool:
        """Whether a fault of the text keeps something directly at `path` from being known."""
        return not self.read.whole or path in self.read.incomplete


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one document, at a path in it. on_key: the key is at fault, not its value.

    more: how many faults it stands for, where it tells that there are more.
    """

    document: Document
    path: Path
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    on_key: bool = False
    more: int = 0

    def told(self) -> Diagnostic:
        """The finding with its place and line."""
        document = self.document
        message = f"{self.message} (in module use '{document.origin}')" if document.origin else self.message
        spot = document.spot(self.path, on_key=self.on_key)
        told = document.source.diagnostic(spot, self.code, message, self.hint, self.severity)
        return replace(told, more=self.more) if self.more else told

    def elsewhere(self, path: Path) -> Finding:
        """The same finding at another path."""
        return replace(self, path=path)
