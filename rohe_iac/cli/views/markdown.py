"""Tables in Markdown, with the characters escaped that have a meaning there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yields the lines of a table and an empty one after it; nothing where there is no row."""
    lines = [f"| {' | '.join(cell(str(value)) for value in row)} |" for row in rows]
    if lines:
        yield f"| {' | '.join(titles)} |"
        yield f"|{'---|' * len(titles)}"
        yield from lines
        yield ""


def cell(text: str) -> str:
    """Returns a text as the cell of a table."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
