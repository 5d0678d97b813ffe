"""Spots of values in a text: only the parts that hold the values are read again, and only as far as needed.

While a text is read, the spans of its outermost containers are kept (`ParsedDocument.spans`), so that the spot of a
value in one of thirty thousand nodes takes reading that one node again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent, YAMLError
from yaml.events import AliasEvent, StreamEndEvent

from rohe_iac.blueprint.text.parsed import ParsedDocument, Path, Spot
from rohe_iac.blueprint.text.reader import Parser

Target = tuple[Path, bool]
"""The path of a value, and whether the spot of its key is wanted rather than that of the value."""

MIN_JUMP = 20_000
"""The length, in characters, from which a container without targets is jumped over and not read."""


def find_spots(
    text: str,
    parsed: ParsedDocument,
    targets: Iterable[Target],
    extents: dict[Target, tuple[int, int]] | None = None,
) -> dict[Target, Spot]:
    """Returns the spot of each value, or of its key; as near as its path can be followed.

    The spot of a container below a key is that of the key, which says more than the line where the container begins.

    Args:
        text: The text of the file.
        parsed: The document that the values are in.
        targets: The values, or keys, to find.
        extents: Where to put, by target, the offsets of the begin and the end of the value or key, where it is found.
    """
    text = parsed.read_as or text
    spots: dict[Target, Spot] = {}
    trees: dict[Path, _TargetTree] = {}
    for target in targets:
        path = _resolve_aliases(target[0], parsed)
        if not path or (isinstance(path[-1], int) and path in parsed.spans and not parsed.aliases):
            span = parsed.spans.get(path)
            spots[target] = _spot_of_mark(parsed, span[0]) if span is not None else _document_spot(parsed)
            if span is not None and extents is not None and path:
                extents[target] = _trimmed(text, parsed.origin[0] + span[0].index, parsed.origin[0] + span[1].index)
            continue
        base = next(path[:end] for end in range(len(path) - 1, -1, -1) if path[:end] in parsed.spans or end == 0)
        trees.setdefault(base, _TargetTree()).add(path[len(base) :], target)
    for base, tree in trees.items():
        if base in parsed.spans:
            _SpotSearch(text, parsed, base, spots, extents).run(tree)
        else:
            spots.update(dict.fromkeys(tree.all_targets(), _document_spot(parsed)))
    return spots


def _resolve_aliases(path: Path, parsed: ParsedDocument) -> Path:
    """Returns the path of the value as written, where `path` goes through aliases."""
    length = 1
    while parsed.aliases and length < len(path):
        if path[:length] in parsed.aliases:
            path, length = (*parsed.aliases[path[:length]][0], *path[length:]), 0
        length += 1
    return path


def _spot_of_mark(parsed: ParsedDocument, mark: Any) -> Spot:
    return Spot(parsed.origin[1] + mark.line + 1, mark.column + 1, parsed.origin[0] + mark.index)


def _document_spot(parsed: ParsedDocument) -> Spot:
    """Returns the spot to report for a document whose syntax is broken: that of its first fault."""
    return parsed.faults[0].spot if parsed.faults else Spot(parsed.origin[1] + 1, 1, parsed.origin[0])


def _trimmed(text: str, begin: int, end: int) -> tuple[int, int]:
    """Returns the extent of a value without the blank lines and lines of comments after it."""
    value = text[begin:end].rstrip()
    while (line := value.rfind("\n")) >= 0 and value[line:].lstrip().startswith("#"):
        value = value[:line].rstrip()
    return begin, begin + len(value)


def _key_extent(text: str, begin: int, name: str) -> tuple[int, int] | None:
    """Returns the extent of a key that begins at an offset; None where the text there is another one."""
    for quote in ("", '"', "'"):
        if text.startswith(written := f"{quote}{name}{quote}", begin):
            return begin, begin + len(written)
    return None


class _TargetTree:
    """The targets at a value (`targets`) and below it (`children`, by key or index)."""

    __slots__ = ("children", "targets")

    def __init__(self) -> None:
        self.targets: list[Target] = []
        self.children: dict[str | int, _TargetTree] = {}

    def add(self, path: Path, target: Target) -> None:
        tree = self
        for step in path:
            tree = tree.children.setdefault(step, _TargetTree())
        tree.targets.append(target)

    def all_targets(self) -> list[Target]:
        return [*self.targets, *(target for child in self.children.values() for target in child.all_targets())]


class _AllFound(Exception):
    """The spots of all targets are found."""


class _SpotSearch:
    """The search through one container, from its first character on."""

    def __init__(
        self,
        text: str,
        parsed: ParsedDocument,
        base: Path,
        spots: dict[Target, Spot],
        extents: dict[Target, tuple[int, int]] | None,
    ) -> None:
        self.text, self.parsed, self.base, self.spots, self.extents = text, parsed, base, spots, extents
        self.begin, self.end = parsed.spans[base]
        self.remaining = 0
        self._start(self.begin)

    def _start(self, mark: Any) -> None:
        """Starts a parser that reads from the mark to the end of the container."""
        begin, end = (self.parsed.origin[0] + item.index for item in (mark, self.end))
        # A container in brackets may begin in any column; one in block style needs its indentation.
        blanks = 0 if self.text.startswith(("[", "{"), begin) else mark.column
        self.line, self.column, self.index = mark.line, mark.column - blanks, mark.index - blanks
        self.next_event = Parser(" " * blanks + self.text[begin:end]).get_event
        self.next_event()

    def run(self, tree: _TargetTree) -> None:
        all_targets = tree.all_targets()
        self.remaining = len(all_targets)
        try:
            self.next_event()
            self._node(self.next_event(), tree, None, self.base)
        except (_AllFound, YAMLError):
            pass
        missing = [target for target in all_targets if target not in self.spots]
        if missing:
            above = find_spots(self.text, self.parsed, [(self.base, False)])[self.base, False]
            self.spots.update(dict.fromkeys(missing, above))

    def _spot(self, event: Any) -> Spot:
        mark = event.start_mark
        column = mark.column + 1 + (self.column if mark.line == 0 else 0)
        line, index = self.parsed.origin[1] + self.line + mark.line + 1, self.parsed.origin[0] + self.index + mark.index
        return Spot(line, column, index)

    def _record(self, targets: list[Target], key: Spot | None, spot: Spot, *, filled: bool) -> None:
        for target in targets:
            self.spots[target] = key if key is not None and (target[1] or filled) else spot
        self._record_found(len(targets))

    def _record_found(self, count: int) -> None:
        self.remaining -= count
        if self.remaining == 0:
            raise _AllFound

    def _keep_key_extents(self, targets: list[Target], key: Spot | None, name: str | int | None) -> None:
        for target in targets if self.extents is not None and key is not None else ():
            extent = _key_extent(self.text, key.offset, str(name)) if target[1] and key is not None else None
            if extent is not None and self.extents is not None:
                self.extents[target] = extent

    def _keep_extents(self, targets: list[Target], begin: Spot, end: Any) -> None:
        for target in targets if self.extents is not None else ():
            if not target[1] and self.extents is not None:
                stop = self.parsed.origin[0] + self.index + end.index
                self.extents[target] = _trimmed(self.text, begin.offset, stop)

    def _node(self, event: Any, tree: _TargetTree, key: Spot | None, path: Path) -> None:
        kind, spot = event.__class__, self._spot(event)
        self._keep_key_extents(tree.targets, key, path[-1] if path else None)
        if kind is ScalarEvent or kind is AliasEvent:
            self._keep_extents(tree.targets, spot, event.end_mark)
            filled = kind is AliasEvent and self.parsed.aliases.get(path, ((), False))[1]
            self._record(tree.targets, key, spot, filled=filled)
        else:
            flow, following = event.flow_style, self.next_event()
            filled = following.__class__ not in (MappingEndEvent, SequenceEndEvent)
            # A container whose extent is wanted is found only at its end.
            open_targets = [item for item in tree.targets if not item[1]] if self.extents is not None else []
            self.remaining += len(open_targets)
            self._record(tree.targets, key, spot, filled=filled)
            read = self._mapping if kind is MappingStartEvent else self._sequence
            last = read(following, tree, path, jumps=not flow and path == self.base)
            if open_targets and last is not None:
                self._keep_extents(open_targets, spot, last.end_mark)
                self._record_found(len(open_targets))
        if path != self.base:
            missing = [item for child in tree.children.values() for item in child.all_targets()]
            self._record(missing, key, spot, filled=filled)

    def _mapping(self, event: Any, tree: _TargetTree, path: Path, *, jumps: bool) -> Any:
        """Reads a mapping from its first key on; returns the event at its end, None where that was jumped over."""
        while event.__class__ is not MappingEndEvent:
            name, key = str(getattr(event, "value", "")), self._spot(event)
            self._skip(event)
            event = self.next_event()
            child = tree.children.pop(name, None)
            if child is not None:
                self._node(event, child, key, (*path, name))
            elif jumps and (*path, name) in self.parsed.spans:
                if self._jump_over((*path, name), event):
                    return None
            else:
                self._skip(event)
            event = self.next_event()
        return event

    def _sequence(self, event: Any, tree: _TargetTree, path: Path, *, jumps: bool) -> Any:
        """Reads a list from its first item on; returns the event at its end, None where that was jumped over."""
        index = 0
        while event.__class__ is not SequenceEndEvent:
            child = tree.children.pop(index, None)
            if child is not None:
                self._node(event, child, None, (*path, index))
            elif jumps and (*path, index) in self.parsed.spans:
                if self._jump_over((*path, index), event):
                    return None
            else:
                self._skip(event)
            event = self.next_event()
            index += 1
        return event

    def _jump_over(self, path: Path, event: Any) -> bool:
        """Goes past a container; returns whether that was the last part of the one that is searched."""
        begin, end = self.parsed.spans[path]
        if event.__class__ in (ScalarEvent, AliasEvent) or end.index - begin.index < MIN_JUMP:
            self._skip(event)
            return False
        self._start(end)
        if self.next_event().__class__ is StreamEndEvent:
            return True
        self.next_event()
        return False

    def _skip(self, event: Any) -> None:
        depth = 0
        while True:
            kind = event.__class__
            if kind is MappingStartEvent or kind is SequenceStartEvent:
                depth += 1
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                depth -= 1
            if depth == 0:
                return
            event = self.next_event()
