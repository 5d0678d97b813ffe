"""The careful pass over a text that the fast one doubted: every value with its place, every fault of the text.

A fault of syntax ends one document; reading goes on at the next line that begins with `---`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml import (
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    YAMLError,
)
from yaml.events import AliasEvent, DocumentEndEvent, DocumentStartEvent

from rohe_iac.blueprint.document import CORE_TAGS, MAX_DEPTH, MAX_VALUES, Parser, tagged_scalar
from rohe_iac.blueprint.scalars import NumberTooLong, old_meaning, resolve

type_of = {dict: "a mapping", list: "a list", str: "text", int: "a number", float: "a number", bool: "true or false"}

Spot = tuple[int, int]
"""Line and column, counted from 1."""


class Marked:
    """A value and where it begins. entries: of a mapping, key -> (where the key is, value); items: of a list.

    incomplete: a fault of the text keeps part of it from being known.
    """

    __slots__ = ("entries", "incomplete", "items", "spot", "value")

    def __init__(
        self,
        value: Any,
        spot: Spot,
        entries: dict[str, tuple[Spot, Marked]] | None = None,
        items: list[Marked] | None = None,
    ) -> None:
        self.value, self.spot, self.incomplete = value, spot, False
        # Most values are scalars, and a file may hold hundreds of thousands: those share what is empty.
        self.entries = entries if entries is not None else _NO_ENTRIES
        self.items = items if items is not None else _NO_ITEMS


_NO_ENTRIES: dict[str, tuple[Spot, Marked]] = {}
_NO_ITEMS: list[Marked] = []


@dataclass(frozen=True, slots=True)
class TextFault:
    """Something wrong with the text itself. note: told, but nothing is wrong."""

    spot: Spot
    code: str
    message: str
    hint: str = ""
    note: bool = False


@dataclass(slots=True)
class MarkedDocument:
    """One document; root is None where its syntax is broken or it is empty."""

    root: Marked | None
    faults: list[TextFault] = field(default_factory=list)


LINE_BREAK = re.compile(r"\r\n|[\r\n\x85\u2028\u2029]")
"""What the parser counts as the end of a line."""
MOST_FAULTS = 100
"""After so many faults of a text the rest of it is not looked at."""
MAX_RESTARTS = 20
"""After so many broken documents of a file the rest is not looked at."""
_NEXT_DOCUMENT = re.compile(r"^---(?=\s|$)", re.MULTILINE)


def _line_begin(text: str, line: int) -> int:
    """The offset at which a line, from 0, begins; the text's length where there is none."""
    offset = 0
    for _ in range(line):
        found = LINE_BREAK.search(text, offset)
        if found is None:
            return len(text)
        offset = found.end()
    return offset


def read_marked(text: str) -> list[MarkedDocument]:
    """All documents of `text`, each with its faults; never raises for what is written in the text."""
    documents: list[MarkedDocument] = []
    first_line = restarts = 0
    while True:
        reader = _Reader(text, first_line)
        documents += reader.documents
        if reader.broken_at is None:
            return documents
        restarts += 1
        following = _NEXT_DOCUMENT.search(text, _line_begin(text, reader.broken_at + 1))
        if following is None or restarts > MAX_RESTARTS:
            return documents
        first_line += len(LINE_BREAK.findall(text, 0, following.start()))
        text = text[following.start() :]


class _Refused(Exception):
    """The file cannot be read on, whatever follows."""


class _Reader:
    """Reads until the first fault of syntax. broken_at: the line of `text` where that is, from 0."""

    def __init__(self, text: str, first_line: int) -> None:
        self.first_line = first_line
        self.documents: list[MarkedDocument] = []
        self.broken_at: int | None = None
        self.count = 0
        self.anchors: dict[str, tuple[Marked, int]] = {}
        self.open_anchors: list[str | None] = []
        self.current = MarkedDocument(None)
        self.parser = Parser(text)
        try:
            for event in iter(self.parser.get_event, None):
                if isinstance(event, DocumentStartEvent):
                    self.anchors, self.current = {}, MarkedDocument(None)
                    self.documents.append(self.current)
                elif not isinstance(event, DocumentEndEvent) and hasattr(event, "anchor"):
                    self.current.root = self._node(event)
        except MarkedYAMLError as error:
            self._broken(error)
        except YAMLError as error:
            self._unreadable(error)
        except _Refused:
            self.current.root = None

    def _spot(self, mark: Any) -> Spot:
        return (mark.line + 1 + self.first_line, mark.column + 1)

    def _fault(self, spot: Spot, code: str, message: str, hint: str = "", *, note: bool = False) -> None:
        faults = self.current.faults
        if not note or len(faults) < MOST_FAULTS:
            faults.append(TextFault(spot, code, message, hint, note))
        if len(faults) > MOST_FAULTS and not note:
            raise _Refused

    def _node(self, event: Any) -> Marked:
        spot = self._spot(event.start_mark)
        self.count += 1
        if isinstance(event, AliasEvent):
            return self._alias(str(event.anchor), spot)
        if self.count > MAX_VALUES:
            self._fault(spot, "R004", f"the file holds more than {MAX_VALUES:,} values", "split it into several files")
            raise _Refused
        started = self.count
        if isinstance(event, ScalarEvent):
            node = Marked(self._scalar(event, spot), spot)
        else:
            if len(self.open_anchors) >= MAX_DEPTH:
                self._fault(spot, "R003", f"nested deeper than {MAX_DEPTH} levels")
                raise _Refused
            if event.tag is not None and event.tag not in CORE_TAGS:
                self._foreign_tag(event.tag, spot)
            self.open_anchors.append(event.anchor)
            node = self._mapping(spot) if isinstance(event, MappingStartEvent) else self._sequence(spot)
            self.open_anchors.pop()
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.count - started + 1)
        return node

    def _alias(self, anchor: str, spot: Spot) -> Marked:
        if anchor not in self.anchors:
            if anchor in self.open_anchors:
                self._fault(spot, "R005", f"*{anchor} stands inside what &{anchor} names, so it would never end")
            else:
                self._fault(spot, "R005", f"no anchor &{anchor} before *{anchor}", "an anchor is set by &NAME earlier")
            node = Marked(None, spot)
            node.incomplete = True
            return node
        node, size = self.anchors[anchor]
        self.count += size
        if self.count > MAX_VALUES:
            self._fault(
                spot,
                "R004",
                f"the file's aliases stand for more than {MAX_VALUES:,} values",
                "write less, or fewer aliases",
            )
            raise _Refused
        return Marked(node.value, spot, node.entries, node.items)

    def _mapping(self, spot: Spot) -> Marked:
        node = Marked({}, spot, entries={})
        for key_event in self._until(MappingEndEvent):
            key_spot = self._spot(key_event.start_mark)
            key_node = self._node(key_event)
            value = self._node(self.parser.get_event())
            key = key_node.value
            if not isinstance(key, str):
                self._bad_key(key_event, key, key_spot)
                node.incomplete = True
            elif key == "<<" and getattr(key_event, "implicit", (False,))[0]:
                self._fault(
                    key_spot, "R009", "'<<' is the merge key of YAML 1.1, which 1.2 has not", "write the fields out"
                )
                node.incomplete = True
            elif key in node.entries:
                line = node.entries[key][0][0]
                self._fault(key_spot, "R007", f"key '{key}' is here twice, first in line {line}", "keep one of them")
            else:
                node.entries[key] = (key_spot, value)
                node.value[key] = value.value
        return node

    def _sequence(self, spot: Spot) -> Marked:
        node = Marked([], spot, items=[])
        for event in self._until(SequenceEndEvent):
            item = self._node(event)
            node.items.append(item)
            node.value.append(item.value)
        return node

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := self.parser.get_event(), end):
            yield event

    def _bad_key(self, event: Any, key: object, spot: Spot) -> None:
        if isinstance(event, ScalarEvent):
            self._fault(spot, "R008", f"key {event.value} is not text", f'write it as "{event.value}"')
        else:
            self._fault(spot, "R008", f"a key is text, found {type_of.get(type(key), 'nothing')}")

    def _scalar(self, event: Any, spot: Spot) -> object:
        text = event.value
        plain, quoted = event.implicit
        if quoted and not plain:
            return text
        try:
            if not plain:
                return tagged_scalar(event.tag, text)
            if old := old_meaning(text):
                self._fault(
                    spot,
                    "R010",
                    f"{text} is {_now(text)} here; YAML 1.1 read it as {old}",
                    "put it in quotes to say so",
                    note=True,
                )
            return resolve(text)
        except NumberTooLong as error:
            self._fault(spot, "R011", str(error))
        except ValueError as error:
            if event.tag in CORE_TAGS:
                self._fault(spot, "R006", str(error), "leave the tag out")
            else:
                self._foreign_tag(event.tag, spot)
        return text

    def _foreign_tag(self, tag: str, spot: Spot) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        self._fault(
            spot, "R006", f"the tag {shown[:60]} is not read", "blueprints hold plain values: leave the tag out"
        )

    def _broken(self, error: MarkedYAMLError) -> None:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or "this is not YAML"
        spot = self._spot(mark) if mark is not None else (1 + self.first_line, 1)
        self.broken_at = mark.line if mark is not None else 0
        code = "R005" if "undefined alias" in problem else "R001"
        context = ""
        if error.context and error.context_mark is not None:
            context = f" ({error.context} that begins in line {error.context_mark.line + 1 + self.first_line})"
        if not self.documents or self.current.root is not None:
            self.current = MarkedDocument(None)
            self.documents.append(self.current)
        self.current.root = None
        self._fault(spot, code, f"not YAML: {problem}{context}", _syntax_hint(problem))

    def _unreadable(self, error: YAMLError) -> None:
        # Only the parser's reader raises without a mark: a character that YAML forbids.
        self.current = MarkedDocument(None)
        self.documents.append(self.current)
        self._fault((1 + self.first_line, 1), "R001", f"not YAML: {error}")


def _now(text: str) -> str:
    return "text" if isinstance(resolve(text), str) else f"the number {resolve(text)}"


def _syntax_hint(problem: str) -> str:
    if "cannot start any token" in problem:
        return "indent with blanks, not tabs, and quote a value that begins with @ or `"
    if "mapping values are not allowed" in problem:
        return "a value that holds ': ' needs quotes; or a key above it lacks its colon"
    if "expected <block end>" in problem or "did not find expected '-' indicator" in problem:
        return "check the indentation of this line and of the one before"
    if "expected ',' or" in problem:
        return "a bracket or brace is not closed, or a comma is missing"
    if "duplicate anchor" in problem:
        return "give each anchor its own name"
    return ""
