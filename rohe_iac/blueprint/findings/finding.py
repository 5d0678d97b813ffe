"""A fault before its place is known: documents are plain values, and places are looked up only for reported faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rohe_iac.blueprint.findings.source_text import SourceText
from rohe_iac.blueprint.hints.change import AS_WRITTEN, HintedPart, change_of
from rohe_iac.blueprint.language.run_limits import Allowance
from rohe_iac.blueprint.text.edits import edit_of, entry_extent
from rohe_iac.blueprint.text.parsed import ParsedDocument, Path, Spot
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity, TextEdit

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
        has_unknown_names: Whether any name may exist: a part has no name, or a module could not be expanded.
        reported: Paths, as written, of values whose fault is reported already.
        number_texts: By the path of a number that an expression came to: how that number was written.
        computed: By the path, as written, of a scalar with a computed expression: the values of a stack that it names.
        keys_of_items: By the path of a list that is written as a mapping by name, the keys in order.
        moved: By the path of a part where a hint wants it: its path as written, where the hint was followed in mind.
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
    number_texts: dict[Path, str] = field(default_factory=dict, repr=False)
    computed: dict[Path, tuple[str, ...]] = field(default_factory=dict, repr=False)
    keys_of_items: dict[Path, tuple[str, ...]] = field(default_factory=dict, repr=False)
    moved: dict[Path, Path] = field(default_factory=dict, repr=False)
    allowance: Allowance = field(default_factory=Allowance, repr=False)
    _spots: dict[tuple[Path, bool], Spot] = field(default_factory=dict, repr=False)
    _extents: dict[tuple[Path, bool], tuple[int, int]] = field(default_factory=dict, repr=False)

    @property
    def parsed(self) -> ParsedDocument:
        """Returns the document as it was read from the text."""
        return self.source.parsed.documents[self.index]

    def locate(self, targets: Iterable[tuple[Path, bool]]) -> None:
        """Looks up the spots of many values, or of their keys, at once: cheaper than one by one."""
        from rohe_iac.blueprint.text.places import find_spots

        missing = {target: self._as_written(*target) for target in targets if target not in self._spots}
        if missing:
            spots = find_spots(self.source.text, self.parsed, list(dict.fromkeys(missing.values())))
            self._spots.update({target: spots[written] for target, written in missing.items()})

    def locate_extents(self, targets: Iterable[tuple[Path, bool]]) -> None:
        """Looks up where many values, or their keys, begin and end, at once."""
        from rohe_iac.blueprint.text.places import find_spots

        find_spots(
            self.source.text, self.parsed, dict.fromkeys(self._as_written(*item) for item in targets), self._extents
        )

    def extent(self, path: Path, *, on_key: bool = False) -> tuple[int, int] | None:
        """Returns the offsets where a value, or its key, begins and ends; None where that is not looked up or known."""
        return self._extents.get(self._as_written(path, on_key))

    def written_path(self, path: Path) -> Path:
        """Returns the path of a value as it is in the text."""
        return self._as_written(path, False)[0]

    def is_computed(self, path: Path) -> bool:
        """Checks whether an expression gives the value at `path`, alone or with what is around it."""
        path = self.written_path(path) if self.computed else ()
        return any(path[:length] in self.computed for length in range(1, len(path) + 1))

    def _as_written(self, path: Path, on_key: bool) -> tuple[Path, bool]:
        """Returns the path of a value in the text, where items of a list may be written as a mapping by name."""
        length = len(path) if self.moved else 0
        while length:
            if path[:length] in self.moved:
                path = (*self.moved[path[:length]], *path[length:])
                length = len(path)
            else:
                length -= 1
        for listed, keys in self.keys_of_items.items():
            depth = len(listed)
            index = path[depth] if path[:depth] == listed and len(path) > depth else None
            if isinstance(index, int) and index < len(keys):
                inside = path[depth + 1 :]
                whole = not inside or inside == ("name",)
                return (*listed, keys[index], *(() if whole else inside)), on_key or whole
        return path, on_key

    def spot(self, path: Path = (), *, on_key: bool = False) -> Spot:
        """Returns the spot of the value at `path`, or of its key; as near as the path can be followed."""
        self.locate([(path, on_key)])
        return self._spots[path, on_key]

    def place(self, path: Path = (), *, on_key: bool = False) -> Place:
        """Returns the same spot as a place of the file."""
        spot = self.spot(path, on_key=on_key)
        return Place(self.source.name, spot.line, spot.column)

    def is_unknown(self, *paths: Path) -> bool:
        """Checks whether a value at one of these paths of the model is at fault, or a part of it is."""
        return self.remainder is not None and any(map(self.remainder.is_unknown, paths))

    def lacks_names(self, *paths: Path) -> bool:
        """Checks whether there may be further names at one of these paths of the model, since something is at fault."""
        return self.remainder is not None and any(map(self.remainder.lacks_names, paths))

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
        of: Paths of values that the finding follows from, beside the one at fault; as in the model, which lacks faulty
            parts. Where one of them is not known, neither is the finding.
    """

    document: Document
    path: Path
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    on_key: bool = False
    more: int = 0
    of: tuple[Path, ...] = ()

    def diagnostic(self) -> Diagnostic:
        """Returns the finding with its place and line."""
        document = self.document
        message = f"{self.message} (in module use '{document.origin}')" if document.origin else self.message
        spot = document.spot(self.path, on_key=self.on_key)
        hint = self.hint
        if AS_WRITTEN in hint:
            document.locate_extents(self.places_of_change())
            begin, end = document.extent(self.path) or (0, 0)
            hint = hint.replace(AS_WRITTEN, document.source.text[begin:end])
        diagnostic = document.source.diagnostic(spot, self.code, message, hint, self.severity)
        return replace(diagnostic, more=self.more, fix=self._fix(hint))

    def places_of_change(self) -> list[tuple[Path, bool]]:
        """Returns the values and keys whose extent has to be known for the edit that the hint says."""
        change = change_of(self.hint, on_key=self.on_key)
        if not self._has_own_text() or (change is None and AS_WRITTEN not in self.hint):
            return []
        return (
            [(self.path, False)]
            if change is not None and change.kind is HintedPart.VALUE
            else [(self.path, True), (self.path, False)]
        )

    def _has_own_text(self) -> bool:
        """Checks whether the value at fault is in the text as it is, not in a module or by an expression."""
        return bool(self.path) and not self.document.origin and not self.document.is_computed(self.path)

    def _fix(self, hint: str) -> TextEdit | None:
        """Returns the edit that the hint says; None where the hint is an instruction."""
        change = change_of(hint, on_key=self.on_key)
        if change is None or not self._has_own_text():
            return None
        document, text = self.document, self.document.source.text
        if not document.extent(self.path, on_key=change.kind is not HintedPart.VALUE):
            document.locate_extents(self.places_of_change())
        extent = document.extent(self.path, on_key=change.kind is not HintedPart.VALUE)
        if extent is not None and change.kind is HintedPart.ENTRY:
            value = document.extent(self.path)
            extent = entry_extent(text, extent[0], value[1]) if value is not None else None
        if extent is None:
            return None
        # A value that is empty begins right after the colon of its key.
        blank = " " if extent[0] == extent[1] and text[extent[0] - 1 : extent[0]] == ":" else ""
        return edit_of(text, *extent, blank + change.text, document.spot(self.path, on_key=self.on_key))

    def at(self, path: Path) -> Finding:
        """Returns the same finding at another path."""
        return replace(self, path=path)


def once_a_module(findings: Iterable[Finding]) -> list[Finding]:
    """Returns the findings, of those that every use of a module has the one of the first use."""
    kept: list[Finding] = []
    seen: set[tuple[SourceText, int, Path, str, str]] = set()
    for finding in findings:
        document = finding.document
        if document.origin:
            key = (document.source, document.index, finding.path, finding.code, finding.message)
            if key in seen:
                continue
            seen.add(key)
        kept.append(finding)
    return kept
