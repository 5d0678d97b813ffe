"""Texts that the parser can read, in place of those that it cannot: of the same length, so that every place stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from rohe_iac.blueprint.text.parsed import TextFault

MAX_FORBIDDEN = 10_000
"""The most forbidden characters with which a text is still read."""

MAX_UNQUOTED = 50
"""The most values without quotes that are read as if they had them."""

MAX_READ = 4 * 2**20
"""The most characters that are read again for them."""

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""A character that YAML does not allow (YAML 1.2.2, chapter 5.1)."""

_FORBIDDEN_CHARACTERS = [
    chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF) if _FORBIDDEN.match(chr(code))
]

_SIGNS = "@`%>|[]{},:&*!#?-="
"""Signs that mean something to the parser; each has a character of Unicode without a meaning to stand for it."""

_HIDDEN = {ord(sign): chr(0xFDD0 + number) for number, sign in enumerate(_SIGNS)}
_SHOWN = {ord(hidden): chr(sign) for sign, hidden in _HIDDEN.items()}
_ANY_HIDDEN = re.compile("[\ufdd0-\ufdef]")


def without_forbidden(text: str) -> str:
    """Returns the text with U+FFFD for every character that YAML does not allow."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def forbidden_characters(text: str, most: int) -> Iterator[tuple[int, str]]:
    """Yields the first characters that YAML does not allow, each with its offset; at most so many."""
    return ((match.start(), match[0]) for match in islice(_FORBIDDEN.finditer(text), most))


def number_of_forbidden(text: str) -> int:
    """Returns how many characters of the text YAML does not allow."""
    return sum(map(text.count, _FORBIDDEN_CHARACTERS))


def as_if_quoted(text: str, fault: TextFault, before: int) -> str | None:
    """Returns the text in which the value at fault is read as what it would be in quotes; None where it cannot be.

    Args:
        text: The text, in which other such values may be read so already.
        fault: The fault, whose fix puts the value in quotes.
        before: The number of those other values.
    """
    if fault.fix is None or before >= MAX_UNQUOTED or (before + 1) * len(text) > MAX_READ:
        return None
    begin, end = fault.spot.offset, fault.spot.offset + fault.fix[0]
    if fault.fix[1] != f'"{text[begin:end]}"' or (not before and _ANY_HIDDEN.search(text)):
        return None
    return text[:begin] + text[begin:end].translate(_HIDDEN) + text[end:]


def as_written(scalar: str) -> str:
    """Returns a scalar of such a text as it is in the file."""
    return scalar.translate(_SHOWN)


class TextStream:
    """A text from an offset on, as a stream, so that reading on costs no copy."""

    def __init__(self, text: str, offset: int) -> None:
        self._text, self._offset = text, offset

    def read(self, size: int = -1, /) -> str:
        """Returns the next characters, at most so many."""
        begin, self._offset = self._offset, self._offset + size
        return self._text[begin : begin + size]
