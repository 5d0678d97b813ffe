"""Unchanged parts: what two texts of one manifest have in common is cut out before their fields are compared.

Reading a document of YAML takes 100 times as long as splitting it into lines, and most of two texts is equal. Equal
replicas on different nodes are left with the same few lines, so that what changed is found once for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Lines = tuple[str, ...]

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*:(?= |$)")
"""A plain key, which begins an entry of a mapping; a line of another form ends the cutting."""

_NAME = re.compile(r"name: (?!(?i:null|true|false|yes|no|on|off)$)[A-Za-z_][\w./-]*|name: '[^']*'")
"""The name of an item, which is a text; unquoted, these words would be none."""

_MARK = "- "
"""What begins an item of a list."""


class _Unsplittable(Exception):
    """The lines are no mapping or list of the plain form that manifests have."""


def cut_unchanged(before: str, after: str) -> tuple[str, str]:
    """Returns two documents without entries that are equal in both, as long as each keeps one.

    Comparing the fields of what is returned gives the same differences. Documents of another form than rohe renders,
    such as texts that span lines, are returned as they are.
    """
    old, new = _cut(tuple(before.splitlines()), tuple(after.splitlines()), 0)
    return "\n".join(old), "\n".join(new)


def _cut(before: Lines, after: Lines, indent: int) -> tuple[Lines, Lines]:
    """Returns the lines of two values, each indented by `indent`, without their equal parts."""
    try:
        named = all(lines[0][indent:].startswith(_MARK) for lines in (before, after))
        split = _items if named else _entries
        old, new = split(before, indent), split(after, indent)
    except _Unsplittable:
        return before, after
    equal = {key for key, part in old.items() if new.get(key) == part}
    if len(equal) in (len(old), len(new)):
        return before, after  # an empty mapping or list would read as a value of another kind
    kept: tuple[list[str], list[str]] = ([], [])
    for key in old.keys() - equal | new.keys() - equal:
        parts = old.get(key, ()), new.get(key, ())
        if all(parts):
            parts = _cut_inside(*parts, indent, named=named)
        for lines, part in zip(kept, parts, strict=True):
            lines.append("\n".join(part))
    return tuple("\n".join(sorted(kept[0])).split("\n")), tuple("\n".join(sorted(kept[1])).split("\n"))


def _cut_inside(before: Lines, after: Lines, indent: int, *, named: bool) -> tuple[Lines, Lines]:
    """Returns an entry of a mapping, or an item of a list of named items, without what is equal in its value."""
    if named:
        # The name has to stay; it is equal, so the other entries are cut and the name is put before them.
        inner = indent + len(_MARK)
        name = _name_of(before, indent)
        rest = [_without_name(lines, indent) for lines in (before, after)]
        old, new = _cut(rest[0], rest[1], inner) if all(rest) else (rest[0], rest[1])
        head = " " * indent + _MARK + name
        return (head, *old), (head, *new)
    if before[0] != after[0] or len(before) == 1 or len(after) == 1:
        return before, after
    depth = len(before[1]) - len(before[1].lstrip(" "))
    if depth < indent or depth != len(after[1]) - len(after[1].lstrip(" ")):
        return before, after
    old, new = _cut(before[1:], after[1:], depth)
    return (before[0], *old), (after[0], *new)


def _entries(lines: Lines, indent: int) -> dict[str, Lines]:
    """Returns the lines of each entry of a mapping by its key."""
    return _parts(lines, [_begins_entry(line, indent) for line in lines], lambda part: _key_of(part[0], indent))


def _begins_entry(line: str, indent: int) -> bool:
    blanks = len(line) - len(line.lstrip(" "))
    # The hyphens of a list stand below the key that the list belongs to.
    return blanks == indent and not line[indent:].startswith(_MARK)


def _key_of(line: str, indent: int) -> str:
    found = _KEY.match(line, indent)
    if found is None:
        raise _Unsplittable
    return found[0]


def _items(lines: Lines, indent: int) -> dict[str, Lines]:
    """Returns the lines of each item of a list by its name; every item has one of its own."""
    return _parts(lines, [line.startswith(_MARK, indent) for line in lines], lambda part: _name_of(part, indent))


def _name_of(item: Lines, indent: int) -> str:
    """Returns the line `name: ...` of an item, without the blanks or the hyphen before it."""
    inner = indent + len(_MARK)
    if not item[0].startswith(_MARK, indent):
        raise _Unsplittable
    found = [line[inner:] for line in item if line.startswith("name: ", inner) and not line[indent:inner].strip(" -")]
    if len(found) != 1 or _NAME.fullmatch(found[0]) is None:
        raise _Unsplittable
    return found[0]


def _without_name(item: Lines, indent: int) -> Lines:
    """Returns the entries of an item but its name, as lines of a mapping."""
    inner = indent + len(_MARK)
    lines = (" " * inner + item[0][inner:], *item[1:])
    return tuple(line for line in lines if not line.startswith("name: ", inner))


def _parts(lines: Lines, begins: Sequence[bool], key_of: Callable[[Lines], str]) -> dict[str, Lines]:
    """Returns the lines from each beginning to the next by their key."""
    starts = [index for index, begin in enumerate(begins) if begin]
    if not starts or starts[0] != 0:
        raise _Unsplittable
    parts = [lines[start:end] for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    found = {key_of(part): part for part in parts}
    if len(found) != len(parts):
        raise _Unsplittable
    return found
