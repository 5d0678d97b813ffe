"""Where values are written: only the parts of a text that hold them are read again, and only as far as needed.

While a text is read the spans of its outermost containers are kept (`Read.spans`), so that for a value in one of thirty
thousand nodes that one node is read again, alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent, YAMLError
from yaml.events import AliasEvent, StreamEndEvent

from rohe_iac.blueprint.text.parsed import Path, Read, Spot
from rohe_iac.blueprint.text.reader import Parser, without_forbidden

Wanted = tuple[Path, bool]
"""A path, and whether its key is wanted rather than its value."""

FAR = 20_000
"""What is longer, in characters, is not read through but jumped over."""


def find_spots(text: str, read: Read, wanted: Iterable[Wanted]) -> dict[Wanted, Spot]:
    """Where each value is written, or its key; as near as its path can be followed.

    A container below a key is where its key is, since that tells more than the line it begins on.
    """
    if read.cleaned:
        text = without_forbidden(text)
    found: dict[Wanted, Spot] = {}
    searches: dict[Path, _Want] = {}
    for want in wanted:
        path = _written(want[0], read)
        if not path or (isinstance(path[-1], int) and path in read.spans and not read.aliases):
            span = read.spans.get(path)
            found[want] = _begin(read, span[0]) if span is not None else _first(read)
            continue
        base = next(path[:end] for end in range(len(path) - 1, -1, -1) if path[:end] in read.spans or end == 0)
        searches.setdefault(base, _Want()).ask(path[len(base) :], want)
    for base, sought in searches.items():
        if base in read.spans:
            _Search(text, read, base, found).run(sought)
        else:
            found.update(dict.fromkeys(sought.everything(), _first(read)))
    return found


def _written(path: Path, read: Read) -> Path:
    """The path to what stands there, where `path` goes through aliases."""
    step = 1
    while read.aliases and step < len(path):
        if path[:step] in read.aliases:
            path, step = (*read.aliases[path[:step]][0], *path[step:]), 0
        step += 1
    return path


def _begin(read: Read, mark: Any) -> Spot:
    return Spot(read.begin[1] + mark.line + 1, mark.column + 1, read.begin[0] + mark.index)


def _first(read: Read) -> Spot:
    """Where a document is told whose syntax is broken."""
    return read.faults[0].spot if read.faults else Spot(read.begin[1] + 1, 1, read.begin[0])


class _Want:
    """What is wanted at a value (`asked`) and below it (`steps`)."""

    __slots__ = ("asked", "steps")

    def __init__(self) -> None:
        self.asked: list[Wanted] = []
        self.steps: dict[str | int, _Want] = {}

    def ask(self, path: Path, want: Wanted) -> None:
        node = self
        for step in path:
            node = node.steps.setdefault(step, _Want())
        node.asked.append(want)

    def everything(self) -> list[Wanted]:
        return [*self.asked, *(want for below in self.steps.values() for want in below.everything())]


class _Done(Exception):
    """Everything is found."""


class _Search:
    """The search through one container, from its first character on."""

    def __init__(self, text: str, read: Read, base: Path, found: dict[Wanted, Spot]) -> None:
        self.text, self.read, self.base, self.found = text, read, base, found
        self.begun, self.ended = read.spans[base]
        self.left = 0
        self._start(self.begun)

    def _start(self, mark: Any) -> None:
        """Reads from the mark to the end of the container."""
        begin, end = (self.read.begin[0] + item.index for item in (mark, self.ended))
        # What is in brackets may stand anywhere; what hangs on its column needs the blanks before it.
        blanks = 0 if self.text.startswith(("[", "{"), begin) else mark.column
        self.line, self.column, self.index = mark.line, mark.column - blanks, mark.index - blanks
        self.get = Parser(" " * blanks + self.text[begin:end]).get_event
        self.get()

    def run(self, want: _Want) -> None:
        everything = want.everything()
        self.left = len(everything)
        try:
            self.get()
            self._node(self.get(), want, None, self.base)
        except (_Done, YAMLError):
            pass
        missed = [want for want in everything if want not in self.found]
        if missed:
            above = find_spots(self.text, self.read, [(self.base, False)])[self.base, False]
            self.found.update(dict.fromkeys(missed, above))

    def _spot(self, event: Any) -> Spot:
        mark = event.start_mark
        column = mark.column + 1 + (self.column if mark.line == 0 else 0)
        line, index = self.read.begin[1] + self.line + mark.line + 1, self.read.begin[0] + self.index + mark.index
        return Spot(line, column, index)

    def _tell(self, asked: list[Wanted], key: Spot | None, spot: Spot, *, filled: bool) -> None:
        for want in asked:
            self.found[want] = key if key is not None and (want[1] or filled) else spot
            self.left -= 1
        if self.left == 0:
            raise _Done

    def _node(self, event: Any, want: _Want, key: Spot | None, path: Path) -> None:
        kind, spot = event.__class__, self._spot(event)
        if kind is ScalarEvent or kind is AliasEvent:
            filled = kind is AliasEvent and self.read.aliases.get(path, ((), False))[1]
            self._tell(want.asked, key, spot, filled=filled)
        else:
            flow, following = event.flow_style, self.get()
            filled = following.__class__ not in (MappingEndEvent, SequenceEndEvent)
            self._tell(want.asked, key, spot, filled=filled)
            if kind is MappingStartEvent:
                self._mapping(following, want, path, jumps=not flow and path == self.base)
            else:
                self._sequence(following, want, path, jumps=not flow and path == self.base)
        if path != self.base:
            missed = [item for below in want.steps.values() for item in below.everything()]
            self._tell(missed, key, spot, filled=filled)

    def _mapping(self, event: Any, want: _Want, path: Path, *, jumps: bool) -> None:
        while event.__class__ is not MappingEndEvent:
            name, key = str(getattr(event, "value", "")), self._spot(event)
            self._skip(event)
            event = self.get()
            below = want.steps.pop(name, None)
            if below is not None:
                self._node(event, below, key, (*path, name))
            elif jumps and (*path, name) in self.read.spans:
                if self._passed((*path, name), event):
                    return
            else:
                self._skip(event)
            event = self.get()

    def _sequence(self, event: Any, want: _Want, path: Path, *, jumps: bool) -> None:
        index = 0
        while event.__class__ is not SequenceEndEvent:
            below = want.steps.pop(index, None)
            if below is not None:
                self._node(event, below, None, (*path, index))
            elif jumps and (*path, index) in self.read.spans:
                if self._passed((*path, index), event):
                    return
            else:
                self._skip(event)
            event = self.get()
            index += 1

    def _passed(self, path: Path, event: Any) -> bool:
        """Goes past a container; whether that was the last of what is searched."""
        begun, ended = self.read.spans[path]
        if event.__class__ in (ScalarEvent, AliasEvent) or ended.index - begun.index < FAR:
            self._skip(event)
            return False
        self._start(ended)
        if self.get().__class__ is StreamEndEvent:
            return True
        self.get()
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
            event = self.get()
