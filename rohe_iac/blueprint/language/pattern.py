"""Regular expressions of module inputs, matched in linear time by RE2 (https://github.com/google/re2/wiki/Syntax).

Python's own engine backtracks, and some expressions make it run for ever. RE2 knows no references and no looking
around; its classes `\\d`, `\\w` and `\\s` are those of ASCII.
"""

from __future__ import annotations

from functools import lru_cache

LONGEST_PATTERN = 300
"""The longest expression, in characters."""

MAX_MEMORY = 1 << 18
"""The most bytes of a compiled expression, with counted repetitions written out."""

LONGEST_TEXT = 256
"""The longest text that is matched, in characters."""


class BadPattern(ValueError):
    """The expression cannot be matched here; the message says why."""


class Pattern:
    """A compiled expression.

    Attributes:
        cost: The number of its instructions, of which each takes at most one step for one character of a text.
    """

    def __init__(self, text: str) -> None:
        """Compiles an expression.

        Raises:
            BadPattern: The expression is faulty, too long, or uses what is not supported.
        """
        # RE2 is loaded where a pattern is used, which few blueprints do.
        import re2

        if len(text) > LONGEST_PATTERN:
            raise BadPattern(f"it has {len(text):,} characters, at most {LONGEST_PATTERN} are read")
        options = re2.Options()
        options.max_mem, options.log_errors = MAX_MEMORY, False
        try:
            self._compiled = re2.compile(text, options=options)
        except UnicodeEncodeError:
            raise BadPattern("it has characters that are not Unicode text") from None
        except re2.error as error:
            reason = error.args[0].decode(errors="replace") if error.args else "no reason is known"
            raise BadPattern(f"RE2 does not read it: {reason}") from None
        self.cost: int = self._compiled.programsize

    def matches(self, text: str) -> bool:
        """Checks whether the expression describes the whole text."""
        try:
            return self._compiled.fullmatch(text) is not None
        except UnicodeEncodeError:
            return False


@lru_cache(maxsize=256)
def compile_pattern(text: str) -> Pattern:
    """Returns the compiled expression, kept for later calls.

    Raises:
        BadPattern: The expression cannot be matched.
    """
    return Pattern(text)
