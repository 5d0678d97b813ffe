"""A fault before its place is known: documents are plain values, and places are looked up only for reported faults."""

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
    """One document of a file.

    Attributes:
        source: The text of the file.
        index: The position of the document in the file, from 0.
        value: The document as plain values; None once the model has taken its place.
        kind: One of the kinds of documents; "" where it is none of them.
        name: The name in its metadata; "" where there is none.
        model: The validated document; None where too much of it is faulty.
        broken_names: Names in parts that were left out of the model, since they are faulty.
        remainder: The value that the model was made of, where faulty parts were left out.
        origin: The use of a module that the document came by; "" where it came by none.
        scope: The stack of that use; "" where there is none.
        has_unknown_names: Whether a module that it uses could not be expanded, so that any name may exist.
        reported: Paths of values whose fault is reported already.
        allowance: The limits of the run, shared by all its documents.
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
        """Returns the document as it was read from the text."""
        return self.source.parsed.documents[self.index]

    def locate(self, targets: Iterable[tuple[Path, bool]]) -> None:
        """Looks up the spots of many values, or of their keys, at once: cheaper than one by one."""
        from rohe_iac.blueprint.text.places import find_spots

        missing = [target for target in targets if target not in self._spots]
        if missing:
            self._spots.update(find_spots(self.source.text, self.parsed, missing))

    def spot(self, path: Path = (), *, on_key: bool = False) -> Spot:
        """Returns the spot of the value at `path`, or of its key; as near as the path can be followed."""
        self.locate([(path, on_key)])
        return self._spots[path, on_key]

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:
        """Returns the same spot as a place of the file."""
        spot = self.spot(path, on_key=on_key)
        return Place(self.source.name, spot.line, spot.column)

    def incomplete(self, path: Path) -> bool:
        """Checks whether a fault of the text keeps something directly at `path` from being known."""
        return not self.parsed.whole or path in self.parsed.incomplete


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one document.

    Attributes:
        document: The document with the fault.
        path: Keys and indices to the value at fault.
        code: The code of the diagnostic.
        message: What is wrong.
        hint: What to do about the fault; "" where nothing is known.
        severity: How much the fault weighs.
        on_key: Whether the key is at fault rather than the value.
        more: Number of further faults that the finding stands for.
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
        """Returns the finding with its place and line."""
        document = self.document
        message = f"{self.message} (in module use '{document.origin}')" if document.origin else self.message
        spot = document.spot(self.path, on_key=self.on_key)
        diagnostic = document.source.diagnostic(spot, self.code, message, self.hint, self.severity)
        return replace(diagnostic, more=self.more) if self.more else diagnostic

    def at(self, path: Path) -> Finding:
        """Returns the same finding at another path."""
        return replace(self, path=path)
