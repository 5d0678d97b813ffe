"""Wrapping: lines that break between words only, so that names, addresses and commands can be copied whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from rich.text import Text

_MARGIN = re.compile(r"\s*(?:[-+~!x*] |\S+ {2,})?")
"""The margin of a text, with the mark of an item or a label and its spaces where it has one; its further lines begin
below the first word after that."""

_KEPT_TOGETHER = re.compile(
    r"`[^`]*`|\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?: [A-Z]\w*|(?: [+-]\d\d+))?|\b\d[\d,.]* (?:%|us|ms|s|m|h|d)(?![\w-])"
)
"""What is not broken at its spaces either: a command in backquotes, a date with its time and zone, an amount
and its unit."""

HARD_SPACE = "\N{NO-BREAK SPACE}"


def wrapped(text: Text, width: int) -> Iterator[Text]:
    """Yields the lines of a text, each as wide as `width` cells at most unless a single word is wider.

    A word that is wider than the line is left whole: the terminal continues it on its next row without a break.
    """
    for paragraph in text.split("\n", allow_blank=True):
        yield from _lines(paragraph, width)


def longest_word(text: Text) -> int:
    """Returns the cells of the widest part of a text that is not broken."""
    return max(map(cell_len, _unbroken(text.plain, 1 << 30).split(" ")))


def _lines(text: Text, width: int) -> Iterator[Text]:
    plain = text.plain
    if cell_len(plain) <= width:
        yield text
        return
    margin = _MARGIN.match(plain)
    hang = margin.end() if margin else 0
    start = end = 0
    room = width
    for word in re.finditer(r"[^ ]+", _unbroken(plain, width - hang)):
        if end > hang and cell_len(plain[start : word.end()]) > room:
            yield _indented(text[start:end], hang if start else 0)
            start, room = word.start(), width - hang
        end = word.end()
    yield _indented(text[start:end], hang if start else 0)


def _unbroken(plain: str, width: int) -> str:
    """Returns the text with hard spaces where it must not break; a longer part than the width may break."""

    def together(found: re.Match[str]) -> str:
        return found[0].replace(" ", HARD_SPACE) if cell_len(found[0]) <= width else found[0]

    return _KEPT_TOGETHER.sub(together, plain)


def _indented(line: Text, spaces: int) -> Text:
    line.pad_left(spaces)
    return line
