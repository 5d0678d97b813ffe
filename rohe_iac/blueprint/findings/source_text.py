"""The text of a file, which gives messages their excerpts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rohe_iac.blueprint.text.edits import edit_of
from rohe_iac.blueprint.text.expression_marks import STRAY, VALUES
from rohe_iac.blueprint.text.parsed import LINE_BREAK, ParsedText, Spot
from rohe_iac.blueprint.text.reader import read_plain
from rohe_iac.foundation.diagnostics import Diagnostic, Place, Severity

EXCERPT_LENGTH = 160


LONGEST_MESSAGE = 600
"""The longest message or hint, in characters; what it quotes may be of any length."""


@dataclass(eq=False)
class SourceText:
    """The text of a file.

    Attributes:
        name: Path relative to the root, with `/`.
        text: The whole text.
    """

    name: str
    text: str

    @cached_property
    def parsed(self) -> ParsedText:
        """Returns the documents of the text, read once."""
        return read_plain(self.text)

    @cached_property
    def ours(self) -> bool:
        """Checks whether the text holds anything that is meant for rohe."""
        from rohe_iac.blueprint.language.kinds import OURS

        return OURS.search(self.text) is not None

    @cached_property
    def holds_stray_expression(self) -> bool:
        """Checks whether the text holds an expression that names an input of a module."""
        return STRAY.search(self.text) is not None

    @cached_property
    def holds_values(self) -> bool:
        """Checks whether the text holds an expression that names a value of a stack."""
        return VALUES.search(self.text) is not None

    def diagnostic(
        self,
        spot: Spot,
        code: str,
        message: str,
        hint: str = "",
        severity: Severity = Severity.ERROR,
        fix: tuple[int, str] | None = None,
    ) -> Diagnostic:
        """Returns a diagnostic at the spot with its line as excerpt; of a long line the part around the column.

        Args:
            spot: Where the fault is.
            code: The code.
            message: What is wrong.
            hint: What to do about it.
            severity: How much it weighs.
            fix: The length of the text at the spot to replace, and what takes its place; None where that is not known.
        """
        edit = edit_of(self.text, spot.offset, spot.offset + fix[0], fix[1], spot) if fix is not None else None
        begin = spot.offset - spot.column + 1
        cut = 0 if spot.column <= 2 * EXCERPT_LENGTH else spot.column - 1 - EXCERPT_LENGTH // 2
        end = begin + max(EXCERPT_LENGTH, spot.column + EXCERPT_LENGTH // 2)
        excerpt = LINE_BREAK.split(self.text[begin + cut : end], maxsplit=1)[0].rstrip()
        place = Place(self.name, spot.line, spot.column)
        return Diagnostic(place, code, _shorten(message), _shorten(hint), severity, excerpt, cut, fix=edit)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}..."
