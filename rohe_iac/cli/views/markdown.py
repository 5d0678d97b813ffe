"""Markdown: tables of a page, with what has a meaning there written so that it has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a table, with an empty one after it; nothing where there is no row."""
    lines = [f"| {' | '.join(cell(str(value)) for value in row)} |" for row in rows]
    if lines:
        yield f"| {' | '.join(titles)} |"
        yield f"|{'---|' * len(titles)}"
        yield from lines
        yield ""


def cell(text: str) -> str:
    """A text within a table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
