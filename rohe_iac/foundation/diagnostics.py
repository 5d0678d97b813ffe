"""Diagnostics of what people wrote: many at once, each with its place, a stable code and a hint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from rohe_iac.foundation.errors import ExitCode, RoheError


class Severity(Enum):
    """The weight of a diagnostic: an ERROR makes the blueprint invalid (exit code 3), the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """A place in a file.

    Attributes:
        file: Path relative to the blueprint's root.
        line: Counted from 1.
        column: Counted from 1, in characters.
    """

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class TextEdit:
    """A change of a file's text.

    Attributes:
        line: Line where the text to replace begins, counted from 1.
        column: Column where it begins, counted from 1, in characters.
        end_line: Line of the place after its last character.
        end_column: Column of that place.
        text: What takes its place; "" where it is taken out.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault of what people wrote.

    Attributes:
        place: Where the fault is.
        code: Stable code: R and three digits.
        message: What is wrong, in one line.
        hint: What to do about the fault; "" where nothing is known.
        severity: How much the fault weighs.
        excerpt: The line itself, or a part of it.
        cut: Number of characters of a long line that are left out before the excerpt.
        more: Number of faults that are not shown, in a diagnostic that reports so.
        fix: The edit that the hint says; None where the hint is an instruction that a person has to follow.
    """

    place: Place
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    cut: int = 0
    more: int = 0
    fix: TextEdit | None = None


class InvalidBlueprint(RoheError):
    """The blueprint has at least one error; `diagnostics` holds every diagnostic found, sorted by place."""

    exit_code = ExitCode.INVALID

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(
            sorted(diagnostics, key=lambda diagnostic: (diagnostic.place, diagnostic.code, diagnostic.message))
        )
        errors = sum(diagnostic.severity is Severity.ERROR for diagnostic in self.diagnostics)
        super().__init__(
            f"the blueprint has {errors} error{'s' if errors != 1 else ''}",
            hint="correct the places listed, then run `rohe validate` again",
        )
