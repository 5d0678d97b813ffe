"""The result of reading a text: plain values by document, the faults of the text, and where large parts begin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""Keys and indices from the root of a document to a value."""

MAX_FAULTS = 100
"""The most faults of a document's text that are kept, and the most notes; further ones are counted."""


LINE_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
"""The line ends that the parser counts."""


class Spot(NamedTuple):
    """A character of a text: line and column from 1, and its offset from 0."""

    line: int
    column: int
    offset: int


def spot_at(text: str, offset: int) -> Spot:
    """Returns the spot of a character of the text."""
    line, begin = 1, 0
    for line_break in LINE_BREAK.finditer(text, 0, offset):
        line, begin = line + 1, line_break.end()
    return Spot(line, offset - begin + 1, offset)


@dataclass(frozen=True, slots=True)
class TextFault:
    """A fault of the text itself.

    Attributes:
        spot: Where the fault is.
        code: The code of the diagnostic.
        message: What is wrong.
        hint: What to do about the fault; "" where nothing is known.
        note: Whether the fault is only a note, and nothing is wrong.
        first: Path of a key whose line belongs to the message; None where there is none.
        fix: The length of the text at the spot to replace, and what takes its place; None where that is not sure.
    """

    spot: Spot
    code: str
    message: str
    hint: str = ""
    note: bool = False
    first: Path | None = None
    fix: tuple[int, str] | None = None

    def at(self, spot: Spot) -> TextFault:
        """Returns the same fault at another spot."""
        return replace(self, spot=spot)


@dataclass(eq=False, slots=True)
class ParsedDocument:
    """One document of a text.

    Attributes:
        origin: Offset and line from which the marks in `spans` count.
        value: The document as plain values.
        whole: Whether the syntax is right, so that the value is known.
        faults: The first faults and notes, at most MAX_FAULTS of each.
        omitted_errors: Number of further faults.
        omitted_notes: Number of further notes.
        spans: Begin and end mark of the containers of the outermost levels, and of those with an anchor.
        aliases: By the path of an alias: the path it stands for, and whether that is a container that is not empty.
        incomplete: Paths of values that a fault keeps from being known, and of the containers around them.
        errors: Number of faults in `faults` that are not notes.
        read_as: The text that was read in its place, of the same length; None where the text itself was.
    """

    origin: tuple[int, int] = (0, 0)
    value: Any = None
    whole: bool = True
    faults: list[TextFault] = field(default_factory=list)
    omitted_errors: int = 0
    omitted_notes: int = 0
    spans: dict[Path, tuple[Any, Any]] = field(default_factory=dict)
    aliases: dict[Path, tuple[Path, bool]] = field(default_factory=dict)
    incomplete: set[Path] = field(default_factory=set)
    errors: int = 0
    read_as: str | None = None

    def add(self, fault: TextFault) -> None:
        """Keeps the fault, or only counts it where enough of its kind are kept."""
        kept = len(self.faults) - self.errors if fault.note else self.errors
        if kept < MAX_FAULTS:
            self.faults.append(fault)
            self.errors += not fault.note
        elif fault.note:
            self.omitted_notes += 1
        else:
            self.omitted_errors += 1

    def mark_incomplete(self, path: Path | None) -> None:
        """Records that a value at `path` is not known."""
        if path is not None:
            self.incomplete.update((path, path[:-1]))


@dataclass(eq=False, slots=True)
class ParsedText:
    """The result of one pass over a text.

    Attributes:
        documents: The documents in order.
        file: The faults that belong to no single document.
        excess: Where the text holds more values than are read, so that the rest is unknown; None where it does not.
        count: Number of values in the text.
    """

    documents: list[ParsedDocument]
    file: ParsedDocument = field(default_factory=ParsedDocument)
    excess: Spot | None = None
    count: int = 0

    @property
    def values(self) -> list[Any]:
        """Returns the value of each document in order; no values where the text is faulty."""
        faulty = self.excess is not None or self.file.errors or any(item.errors for item in self.documents)
        return [] if faulty else [item.value for item in self.documents]
