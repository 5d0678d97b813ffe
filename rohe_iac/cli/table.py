"""Tables that never cut a cell: what does not fit beside the others goes below its row, with its title."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from rohe_iac.cli.wrapping import longest_word, wrapped

if TYPE_CHECKING:
    from rich.console import Console

GAP = 2
"""Cells between two columns."""

LEAST_PROSE = 24
"""Cells that a column of prose has at least, where its longest cell is that wide."""

DETAIL_INDENT = 4
"""Cells that what goes below a row is indented by, beyond the row."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        title: the title, in capitals.
        right: whether its cells are aligned to the right.
        prose: whether its cells may break between words.
        rank: columns of a higher rank leave the table first where it is too wide; of equal ones, the right one.
    """

    title: str
    right: bool = False
    prose: bool = False
    rank: int = 1


def print_table(
    console: Console,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    indent: int = 0,
    styles: Sequence[str] = (),
) -> None:
    """Prints a table as wide as the console at most, unless a single word is wider.

    Columns without any content are left out. Where the columns do not fit beside each other, the last ones (by rank)
    are printed below their row instead, each with its title.

    Args:
        console: the console.
        columns: the columns; the first one always stays in the table.
        rows: the cells of each row, with Rich's markup.
        indent: cells before each line.
        styles: the style of each row; none where it is shorter.
    """
    cells = [[Text.from_markup(cell, emoji=False) for cell in row] for row in rows]
    used = _used(columns, cells)
    kept, widths = _layout(columns, cells, used, console.width - indent)
    header = [Text(columns[index].title, "bold") for index in kept]
    for line in _row(columns, kept, widths, header):
        _print(console, line, indent)
    below = [index for index in used if index not in kept]
    for number, row in enumerate(cells):
        style = styles[number] if number < len(styles) else ""
        for line in _row(columns, kept, widths, [row[index] for index in kept]):
            _print(console, line, indent, style)
        for line in _details(columns, below, row, console.width - indent - DETAIL_INDENT):
            _print(console, line, indent + DETAIL_INDENT, style or "dim")


def fits_beside(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Checks whether all columns with any content fit beside each other into so many cells."""
    cells = [[Text.from_markup(cell, emoji=False) for cell in row] for row in rows]
    used = _used(columns, cells)
    return len(_layout(columns, cells, used, width)[0]) == len(used)


def _print(console: Console, line: Text, indent: int, style: str = "") -> None:
    line.rstrip()
    line.pad_left(indent)
    console.print(line, style=style, soft_wrap=True)


def _used(columns: Sequence[Column], cells: Sequence[Sequence[Text]]) -> list[int]:
    """Returns the columns that have any content; a column without would only take room from the others."""
    return [index for index in range(len(columns)) if not index or any(row[index].plain for row in cells)]


def _layout(
    columns: Sequence[Column], cells: Sequence[Sequence[Text]], used: Sequence[int], width: int
) -> tuple[list[int], dict[int, int]]:
    """Returns the columns that fit beside each other, and the width of each."""
    natural = {index: max(len(columns[index].title), *(row[index].cell_len for row in cells), 0) for index in used}
    least = dict(natural)
    for index in used:
        if columns[index].prose:
            word = max((longest_word(row[index]) for row in cells), default=0)
            least[index] = max(word, len(columns[index].title), min(natural[index], LEAST_PROSE))
    kept = list(used)
    while len(kept) > 1 and _total(kept, least) > width:
        kept.remove(max(kept[1:], key=lambda index: (columns[index].rank, index)))
    widths = {index: least[index] for index in kept}
    spare = width - _total(kept, widths)
    for index in kept:
        grown = min(natural[index], widths[index] + max(0, spare))
        spare -= grown - widths[index]
        widths[index] = grown
    return kept, widths


def _total(kept: Sequence[int], widths: dict[int, int]) -> int:
    return sum(widths[index] for index in kept) + GAP * (len(kept) - 1)


def _row(
    columns: Sequence[Column], kept: Sequence[int], widths: dict[int, int], cells: Sequence[Text]
) -> Iterator[Text]:
    """Yields the lines of one row."""
    stacks = [
        list(wrapped(cell, widths[index])) if columns[index].prose else [cell]
        for index, cell in zip(kept, cells, strict=True)
    ]
    for depth in range(max(map(len, stacks))):
        line = Text()
        for index, stack in zip(kept, stacks, strict=True):
            cell = stack[depth].copy() if depth < len(stack) else Text()
            space = max(0, widths[index] - cell.cell_len)
            cell.pad_left(space) if columns[index].right else cell.pad_right(space)
            line.append_text(cell).append(" " * GAP)
        yield line


def _details(columns: Sequence[Column], below: Sequence[int], row: Sequence[Text], width: int) -> Iterator[Text]:
    """Yields what goes below a row: prose on lines of its own, all else in one line as long as it fits."""
    line = Text()
    for index in below:
        if not row[index].plain:
            continue
        entry = Text(f"{columns[index].title.strip().lower()} ").append_text(row[index])
        if line.plain and (columns[index].prose or line.cell_len + GAP + entry.cell_len > width):
            yield line
            line = Text()
        if line.plain:
            line.append(" " * GAP)
        line.append_text(entry)
        if columns[index].prose:
            yield from wrapped(line, width)
            line = Text()
    if line.plain:
        yield line
