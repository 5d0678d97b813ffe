"""A fault before its place is known: documents are plain values, and places are looked up only for what is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.language.run_limits import Allowance
from rohe_iac.blueprint.text.parsed import ParsedDocument, Path, Spot
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity

if TYPE_CHECKING:
    from rohe_iac.blueprint.findings.remainder import Remainder
    from rohe_iac.blueprint.language.base import Model


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
    remainder: Remainder | None = None
    origin: str = ""
    scope: str = ""
    has_unknown_names: bool = False
    reported: set[Path] = field(default_factory=set, repr=False)
    allowance: Allowance = field(default_factory=Allowance, repr=False)
    _spots: dict[tuple[Path, bool], Spot] = field(default_factory=dict, repr=False)

    @property
    def parsed(self) -> ParsedDocument:
        """What reading the text gave of this document."""
        return self.source.parsed.documents[self.index]

    def locate(self, targets: Iterable[tuple[Path, bool]]) -> None:
        """Looks up the spots of many values, or of their keys, at once: cheaper than one by one."""
        from rohe_iac.blueprint.text.places import find_spots

        missing = [target for target in targets if target not in self._spots]
        if missing:
            self._spots.update(find_spots(self.source.text, self.parsed, missing))

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
        return not self.parsed.whole or path in self.parsed.incomplete


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

    def diagnostic(self) -> Diagnostic:
        """The finding with its place and line."""
        document = self.document
        message = f"{self.message} (in module use '{document.origin}')" if document.origin else self.message
        spot = document.spot(self.path, on_key=self.on_key)
        diagnostic = document.source.diagnostic(spot, self.code, message, self.hint, self.severity)
        return replace(diagnostic, more=self.more) if self.more else diagnostic

    def at(self, path: Path) -> Finding:
        """The same finding at another path."""
        return replace(self, path=path)
