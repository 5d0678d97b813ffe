"""YAML text as plain values with every fault of the text, in one pass of the C parser; places.py finds places in it.

Only events are used: no node tree is built, aliases share one object, nothing is ever constructed from a tag.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any

from yaml import (
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    YAMLError,
)
from yaml._yaml import CParser
from yaml.events import AliasEvent, DocumentEndEvent, DocumentStartEvent

from rohe_iac.blueprint.text import faults as text_faults
from rohe_iac.blueprint.text.parsed import LINE_BREAK, MOST_FAULTS, Path, Plain, Read, Spot, TextFault
from rohe_iac.blueprint.text.scalars import NumberTooLong, is_surely_text, resolve

MAX_BYTES = 16 * 2**20
"""The largest file that is read."""


MAX_DEPTH = 64
"""The deepest nesting that is read; the language itself needs 12."""


MAX_VALUES = 400_000
"""The most values a file may hold, each alias counted with all that it stands for; a document counts as ten."""


MOST_BROKEN = 100
"""After so many documents of broken syntax the rest of a file is not looked at."""


MOST_DIRECTIVES = 100
"""The most %TAG lines of a file: the parser holds each against all before it."""


SHALLOW = 4
"""The containers of so many outermost levels have their spans kept: a document, its spec, a list in it, an item."""

CORE_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))


_NEXT_DOCUMENT = re.compile(r"^---(?=\s|$)", re.MULTILINE)


_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What may stand nowhere in YAML (YAML 1.2.2, chapter 5.1)."""


_FORBIDDEN_CHARACTERS = [
    chr(code) for code in (*range(32), *range(0x7F, 0xA0), 0xFFFE, 0xFFFF) if _FORBIDDEN.match(chr(code))
]


MOST_FORBIDDEN = 10_000
"""A text with more such characters is none, and is not read past them."""


_DROPPED = object()
"""Stands for the key of a value that has no place in its mapping."""


class Parser(CParser):
    """The C parser as an iterator over events, with no composer, constructor or resolver of PyYAML behind it."""

    def __init__(self, text: str | _From) -> None:
        CParser.__init__(self, text)


class _From:
    """A text from some offset on, as a stream, so that reading on costs no copy."""

    def __init__(self, text: str, offset: int) -> None:
        self._text, self._offset = text, offset

    def read(self, size: int = -1, /) -> str:
        begin, self._offset = self._offset, self._offset + size
        return self._text[begin : begin + size]


class _Excess(Exception):
    """The text holds more values than are read; the mark says where."""


class _TooDeep(Exception):
    """The text is nested deeper than is read; the mark says where."""


def read_plain(text: str) -> Plain:
    """All documents of `text` as dict, list, str, int, float, bool and None, by the YAML 1.2 core schema.

    Never raises for what is written in the text.
    """
    if "%TAG" in text and text.count("\n%TAG") > MOST_DIRECTIVES:
        fault = text_faults.directives(Spot(*_line_and_column(text, text.find("%TAG")), text.find("%TAG")))
        return Plain([Read(whole=False, faults=[fault])])
    reader = _Reader(text)
    try:
        reader.read()
    except YAMLError:
        # Only the parser's reader raises without a mark: a character that YAML forbids. Each is told, then read past.
        spots = [(found.start(), found[0]) for found in islice(_FORBIDDEN.finditer(text), MOST_FAULTS)]
        count = sum(map(text.count, _FORBIDDEN_CHARACTERS))
        few = 0 < count <= MOST_FORBIDDEN
        reader = _Reader(without_forbidden(text) if few else "")
        for index, character in spots:
            reader.file.add(text_faults.forbidden(Spot(*_line_and_column(text, index), index), character))
        reader.file.untold_errors += count - len(spots)
        if not few:
            if count == 0:
                reader.file.add(TextFault(Spot(1, 1, 0), "R001", "not YAML: the text cannot be read"))
            return Plain([], reader.file)
        reader.read()
        for document in reader.documents:
            document.cleaned = True
    return Plain(reader.documents, reader.file, reader.excess, reader.count)


def without_forbidden(text: str) -> str:
    """The text with U+FFFD for every character that may stand nowhere in YAML."""
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _line_and_column(text: str, index: int) -> tuple[int, int]:
    line, begin = 1, 0
    for found in LINE_BREAK.finditer(text, 0, index):
        line, begin = line + 1, found.end()
    return line, index - begin + 1


class _Reader:
    """Reads a text to its end; after a fault of syntax it goes on at the next line that begins with `---`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.documents: list[Read] = []
        self.file = Read(whole=False)
        self.excess: Spot | None = None
        self.count = 0
        # The parser does not count a mark of the byte order.
        self.begin = (int(text.startswith("\ufeff")), 0)
        self.current = Read()
        self.open = False
        self.started_at = 0

    def read(self) -> None:
        source: str | _From = _From(self.text, 1) if self.begin[0] else self.text
        broken = 0
        while True:
            try:
                self._events(Parser(source).get_event)
            except MarkedYAMLError as error:
                mark = error.problem_mark or error.context_mark
                fault = text_faults.syntax(error, self._spot, self.text, self.begin[1])
            except _TooDeep as error:
                mark = error.args[0]
                fault = text_faults.too_deep(self._spot(mark), MAX_DEPTH)
            except _Excess as error:
                self.current.whole, self.excess = False, self._spot(error.args[0])
                return
            else:
                return
            if not self.open:
                self._document()
            self.current.whole, self.current.value = False, None
            self.current.add(fault)
            broken += 1
            following = self._following(mark)
            if following is None:
                return
            if broken >= MOST_BROKEN:
                self.file.add(text_faults.not_looked_at(Spot(*following), broken))
                return
            self.begin, self.started_at = (following[2], following[0] - 1), following[2]
            source = _From(self.text, following[2])

    def _following(self, mark: Any) -> tuple[int, int, int] | None:
        """Line, column and offset of the next document after a fault of syntax."""
        at = self.begin[0] + mark.index
        # A quote that is never closed is told where the next document begins, which is as good as any.
        found = _NEXT_DOCUMENT.search(self.text, at - mark.column)
        if found is not None and found.start() <= self.started_at:
            found = _NEXT_DOCUMENT.search(self.text, found.end())
        if found is None:
            return None
        line = (
            self.begin[1] + mark.line + sum(1 for _ in LINE_BREAK.finditer(self.text, at - mark.column, found.start()))
        )
        return line + 1, 1, found.start()

    def _document(self) -> None:
        self.current = Read(self.begin)
        self.documents.append(self.current)
        self.open = True

    def _spot(self, mark: Any) -> Spot:
        return Spot(self.begin[1] + mark.line + 1, mark.column + 1, self.begin[0] + mark.index)

    def _events(self, get: Callable[[], Any]) -> None:
        known: dict[Any, Any] = {}
        anchors: dict[str, tuple[Any, int, Path | None]] = {}
        stack: list[tuple[Any, Any, str | None, int, Any, Path | None]] = []
        current = self.current
        container: Any = None
        key: Any = None
        anchor: str | None = None
        started = 0
        count = self.count
        begun: Any = None
        # Where the container stands, of the outermost ones; None where that is nowhere.
        place: Path | None = None
        while True:
            event = get()
            kind = event.__class__
            if kind is ScalarEvent:
                count += 1
                value = event.value
                plain, quoted = event.implicit
                if plain:
                    if value in known:
                        value = known[value]
                    elif is_surely_text(value):
                        known[value] = value
                    elif (told := text_faults.of_scalar(value)) is not None:
                        current.add(told.at(self._spot(event.start_mark)))
                        value = value if told.code == "R011" else resolve(value)
                    else:
                        known[value] = value = resolve(value)
                elif not quoted:
                    value = self._tagged(event)
                if event.anchor is not None:
                    anchors[event.anchor] = (value, 1, None)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                count += 1
                if event.tag is not None and event.tag not in CORE_TAGS:
                    current.add(text_faults.foreign_tag(self._spot(event.start_mark), event.tag))
                if len(stack) >= MAX_DEPTH:
                    raise _TooDeep(event.start_mark)
                if event.anchor is not None:
                    anchors.pop(event.anchor, None)
                stack.append((container, key, anchor, started, begun, place))
                if len(stack) <= SHALLOW:
                    if container is None:
                        place = ()
                    elif place is not None and container.__class__ is list:
                        place = (*place, len(container))
                    else:
                        place = None if place is None or key is None or key is _DROPPED else (*place, key)
                container = {} if kind is MappingStartEvent else []
                key, anchor, started, begun = None, event.anchor, count, event.start_mark
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value, span = container, (begun, event.end_mark)
                named, size, at = anchor, count - started + 1, place
                container, key, anchor, started, begun, place = stack.pop()
                if named is not None:
                    at = _path(stack, container, key)
                    anchors[named] = (value, size, at)
                    if at is not None:
                        current.spans[at] = span
                elif at is not None and len(stack) < SHALLOW and (value or not at):
                    current.spans[at] = span
            elif kind is AliasEvent:
                if event.anchor in anchors:
                    value, size, target = anchors[event.anchor]
                    count += size
                    path = _path(stack, container, key) if target is not None else None
                    if path is not None and target is not None:
                        current.aliases[path] = (target, bool(value))
                else:
                    value = None
                    inside = event.anchor in (anchor, *(item[2] for item in stack))
                    current.add(text_faults.no_anchor(self._spot(event.start_mark), event.anchor, inside=inside))
                    current.leave_open(_path(stack, container, key))
            elif kind is DocumentStartEvent:
                count += 10
                anchors = {}
                self.started_at = self.begin[0] + event.start_mark.index
                self._document()
                current = self.current
                continue
            elif kind is DocumentEndEvent:
                self.open = False
                continue
            elif event is None:
                return
            else:
                continue
            if count > MAX_VALUES:
                raise _Excess(event.start_mark)
            if container.__class__ is dict:
                if key is None:
                    if value.__class__ is str and value not in container and value != "<<":
                        key = value
                    else:
                        key = self._odd_key(event, value, container, stack)
                else:
                    if key is not _DROPPED:
                        container[key] = value
                    key = None
            elif container is None:
                current.value = value
                current.spans.setdefault((), (event.start_mark, event.end_mark))
                self.count = count
            else:
                container.append(value)

    def _tagged(self, event: Any) -> object:
        try:
            return tagged_scalar(event.tag, event.value)
        except NumberTooLong as error:
            self.current.add(TextFault(self._spot(event.start_mark), "R011", str(error)))
        except ValueError as error:
            spot = self._spot(event.start_mark)
            if event.tag in CORE_TAGS:
                self.current.add(TextFault(spot, "R006", str(error), "leave the tag out"))
            else:
                self.current.add(text_faults.foreign_tag(spot, event.tag))
        return event.value

    def _odd_key(self, event: Any, value: object, container: dict[str, Any], stack: list[Any]) -> object:
        """The key as it is taken, after what is wrong with it is told."""
        spot = self._spot(event.start_mark)
        inside = _path(stack[:-1], *stack[-1][:2]) if stack else ()
        if not isinstance(value, str):
            self.current.add(text_faults.bad_key(spot, event, value))
            self.current.leave_open(inside)
        elif value in container:
            first = (*inside, value) if inside is not None else None
            self.current.add(text_faults.duplicate_key(spot, value, first))
        elif getattr(event, "implicit", (False,))[0]:
            self.current.add(text_faults.merge_key(spot))
            self.current.leave_open(inside)
        else:
            return value
        return _DROPPED


def _path(stack: list[Any], container: Any, key: Any) -> Path | None:
    """Where the next value of `container` stands; None where it has no place, as a key or the value of a bad one."""
    steps: list[str | int] = []
    # The outermost entry is the document's own, which stands in nothing.
    for item in stack[1:]:
        outer, step = item[0], item[1]
        if outer.__class__ is list:
            steps.append(len(outer))
        elif step is None or step is _DROPPED:
            return None
        else:
            steps.append(step)
    if container.__class__ is list:
        steps.append(len(container))
    elif container is not None:
        if key is None or key is _DROPPED:
            return None
        steps.append(key)
    return tuple(steps)


def tagged_scalar(tag: str, text: str) -> object:
    """The value of a scalar with an explicit core tag.

    Errors: ValueError for any other tag, and where the text is not of the tag's type.
    """
    if tag in ("tag:yaml.org,2002:str", "!"):
        return text
    value = resolve(text)
    if tag == "tag:yaml.org,2002:float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    expected = {"int": int, "float": float, "bool": bool, "null": type(None)}.get(tag.rpartition(":")[2])
    if tag not in CORE_TAGS or expected is None or type(value) is not expected:
        raise ValueError(f"'{text[:40]}' is not of the type that its tag says")
    return value
