"""What reading a text gives: its documents as plain values, the faults of the text, and where the large parts begin."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""Keys and indices from the root of a document to a value."""

MOST_FAULTS = 100
"""So many faults of a document's text are told, and as many notes; more are counted."""


LINE_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
"""What the parser counts as the end of a line."""


class Spot(NamedTuple):
    """A character of a text: line and column from 1, and its offset from 0."""

    line: int
    column: int
    offset: int


@dataclass(frozen=True, slots=True)
class TextFault:
    """Something wrong with the text itself. note: told, but nothing is wrong.

    first: the path whose key's line belongs to the message.
    """

    spot: Spot
    code: str
    message: str
    hint: str = ""
    note: bool = False
    first: Path | None = None

    def at(self, spot: Spot) -> TextFault:
        """The same fault elsewhere."""
        return replace(self, spot=spot)


@dataclass(eq=False, slots=True)
class Read:
    """One document. whole: its syntax is right, so that its value is known.

    begin: offset and line from which the marks in `spans` count. spans: where the containers of the outermost levels,
    and those with an anchor, begin and end. aliases: where one stands -> what it stands for, and whether that is a
    container with something in it. incomplete: parts that the faults keep from being known, and what these stand in.
    cleaned: read with U+FFFD in the place of every character that YAML forbids.
    """

    begin: tuple[int, int] = (0, 0)
    value: Any = None
    whole: bool = True
    faults: list[TextFault] = field(default_factory=list)
    untold_errors: int = 0
    untold_notes: int = 0
    spans: dict[Path, tuple[Any, Any]] = field(default_factory=dict)
    aliases: dict[Path, tuple[Path, bool]] = field(default_factory=dict)
    incomplete: set[Path] = field(default_factory=set)
    errors: int = 0
    cleaned: bool = False

    def add(self, fault: TextFault) -> None:
        """Keeps the fault, or counts it where there are enough."""
        alike = len(self.faults) - self.errors if fault.note else self.errors
        if alike < MOST_FAULTS:
            self.faults.append(fault)
            self.errors += not fault.note
        elif fault.note:
            self.untold_notes += 1
        else:
            self.untold_errors += 1

    def leave_open(self, path: Path | None) -> None:
        """Notes that something at `path` is not known."""
        if path is not None:
            self.incomplete.update((path, path[:-1]))


@dataclass(eq=False, slots=True)
class Plain:
    """What one pass over a text found. file: faults that are no single document's.

    excess: where the text holds more values than are read, so that the rest is unknown; None where it does not.
    count: how many values there are.
    """

    documents: list[Read]
    file: Read = field(default_factory=Read)
    excess: Spot | None = None
    count: int = 0

    @property
    def clean(self) -> bool:
        """Whether nothing in the text needs to be told."""
        return self.excess is None and not self.file.faults and not any(item.faults for item in self.documents)

    @property
    def values(self) -> list[Any]:
        """One a document, in order; none where the text is faulty."""
        faulty = self.excess is not None or self.file.errors or any(item.errors for item in self.documents)
        return [] if faulty else [item.value for item in self.documents]
