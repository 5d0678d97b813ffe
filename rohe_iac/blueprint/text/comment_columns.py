"""The columns of comments in lines of their own: a comment stands where its block does, wherever layout moves that.

A block is a mapping or a list that is written in lines. A comment belongs to the block that goes on in the next line,
or to a deeper one that ends before it, if the comment is indented like that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_Path = tuple[str, ...]
"""The keys and numbers that lead to a block; equal before and after layout."""


@dataclass(frozen=True, slots=True)
class _Block:
    """A mapping or list that is written in lines.

    Attributes:
        path: What leads to it.
        column: The column of its keys or dashes.
        is_list: Whether it is a list.
    """

    path: _Path
    column: int
    is_list: bool


@dataclass
class _Layout:
    """Where the blocks and the comments of one document are.

    Attributes:
        lines: The text in lines.
        blocks: The blocks by what leads to them.
        leaves: First line of each scalar and each flow collection, with the blocks around it, outermost first.
        covered: Lines inside of texts and flow collections, where `#` begins no comment that could move.
    """

    lines: list[str]
    blocks: dict[_Path, _Block] = field(default_factory=dict)
    leaves: list[tuple[int, tuple[_Block, ...]]] = field(default_factory=list)
    covered: set[int] = field(default_factory=set)


def with_aligned_comments(laid_out: str, source: str) -> str:
    """Returns a document that was laid out with each comment at the column of its block.

    Args:
        laid_out: The text of the document after layout; its comments have the columns that they had before.
        source: The text before layout.
    """
    comments = defaultdict(list)
    for text, path in _comments_with_block(source):
        comments[text].append(path)
    if not comments:
        return laid_out
    after = _layout_of(laid_out)
    lines = laid_out.split("\n")
    for number, line in enumerate(lines):
        text = line.strip()
        if text.startswith("#") and number not in after.covered and comments[text]:
            path = comments[text].pop(0)
            block = after.blocks.get(path) if path is not None else None
            if block is not None:
                lines[number] = " " * block.column + text
    return "\n".join(lines)


def _comments_with_block(source: str) -> Iterator[tuple[str, _Path | None]]:
    """Yields each comment in a line of its own with what leads to its block; None where that is not clear."""
    layout = _layout_of(source)
    lines = layout.lines
    content = [
        number
        for number, line in enumerate(lines)
        if number not in layout.covered and line.strip() and not line.lstrip().startswith("#")
    ]
    place = leaf = 0
    for number, line in enumerate(lines):
        text = line.strip()
        if not text.startswith("#") or number in layout.covered:
            continue
        while place < len(content) and content[place] < number:
            place += 1
        while leaf < len(layout.leaves) and layout.leaves[leaf][0] < number:
            leaf += 1
        before = layout.leaves[leaf - 1][1] if leaf else ()
        following = lines[content[place]] if place < len(content) else None
        behind = layout.leaves[leaf][1] if leaf < len(layout.leaves) else ()
        block = _block_at(following, behind, before)
        if block is not None and block in before:
            column = len(line) - len(line.lstrip())
            if column > block.column:
                block = next(item for item in reversed(before) if item.column <= column)
        yield text, block.path if block is not None else None


def _block_at(line: str | None, behind: tuple[_Block, ...], before: tuple[_Block, ...]) -> _Block | None:
    """Returns the block that goes on or begins in a line of content; the whole document's where there is none left.

    Args:
        line: The line.
        behind: The blocks around the first scalar that is not before the line.
        before: The blocks around the last scalar that is.
    """
    if line is None:
        return before[0] if before else None
    text = line.lstrip()
    is_list = text == "-" or text.startswith("- ")
    column = len(line) - len(text)
    return next((item for item in behind if item.column == column and item.is_list == is_list), None)


def _layout_of(text: str) -> _Layout:
    """Returns where the blocks of a document are; nothing where the text is not one document."""
    import yaml

    layout = _Layout(text.split("\n"))
    try:
        node = yaml.compose(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return layout
    if node is not None:
        _visit(node, (), (), layout, set())
    return layout


def _visit(node: Any, path: _Path, around: tuple[_Block, ...], layout: _Layout, met: set[int]) -> None:
    first, last = node.start_mark.line, node.end_mark.line
    if id(node) in met:  # an alias, whose place is that of its anchor
        return
    met.add(id(node))
    if isinstance(node.value, str) or node.flow_style:
        layout.leaves.append((first, around))
        # A text in lines of its own ends where the next line begins, all others in their last line.
        layout.covered |= set(range(first + 1, last + (getattr(node, "style", None) not in ("|", ">"))))
        return
    is_list = not (node.value and isinstance(node.value[0], tuple))
    block = _Block(path, _column_of(node, layout.lines, is_list=is_list), is_list)
    layout.blocks[path] = block
    inner = (*around, block)
    for index, item in enumerate(node.value):
        if is_list:
            _visit(item, (*path, str(index)), inner, layout, met)
        else:
            key, value = item
            _visit(key, (*path, f"?{index}"), inner, layout, met)
            _visit(value, (*path, f":{key.value}"), inner, layout, met)


def _column_of(node: Any, lines: list[str], *, is_list: bool) -> int:
    """Returns the column of the keys or dashes of a block, which begins before them where it has an anchor."""
    if not is_list:
        return int(node.value[0][0].start_mark.column)
    first = node.start_mark
    if lines[first.line][first.column : first.column + 1] == "-":
        return int(first.column)
    return next(len(line) - len(line.lstrip()) for line in lines[first.line + 1 :] if line.lstrip().startswith("-"))
