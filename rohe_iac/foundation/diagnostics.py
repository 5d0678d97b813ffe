"""What people wrote wrong: many at once, each with its place, a stable code and a hint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from rohe_iac.foundation.errors import ExitCode, RoheError


class Severity(Enum):
    """How much a diagnostic weighs: an ERROR makes the blueprint invalid (exit 3), the others do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, order=True, slots=True)
class Place:
    """Where in a file: path relative to the blueprint root; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault of what people wrote. `code` is stable (R followed by three digits), `excerpt` is the line itself.

    cut: how many characters of a long line are left out before the excerpt. more: how many faults are not shown, of a
    diagnostic that tells so.
    """

    place: Place
    code: str
    message: str
    hint: str = ""
    severity: Severity = Severity.ERROR
    excerpt: str = ""
    cut: int = 0
    more: int = 0


class InvalidBlueprint(RoheError):
    """The blueprint has at least one error; carries every diagnostic found, sorted by place."""

    exit_code = ExitCode.INVALID

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(sorted(diagnostics, key=lambda item: (item.place, item.code, item.message)))
        errors = sum(item.severity is Severity.ERROR for item in self.diagnostics)
        super().__init__(
            f"the blueprint has {errors} error{'s' if errors != 1 else ''}",
            hint="mend the places listed and run `rohe validate` again",
        )
