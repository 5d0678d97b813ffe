"""Foreign YAML and JSON with places: more lenient than the language itself, and just as bounded.

Merge keys (`<<`) are followed, keys of any scalar type are text, a key that is here twice counts with its last value
(as PyYAML and Python's json have it), tags make no other values of theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
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
from yaml.events import AliasEvent, DocumentStartEvent

from rohe_iac.blueprint.text.reader import MAX_DEPTH, MAX_VALUES, Parser
from rohe_iac.blueprint.text.scalars import resolve
from rohe_iac.foundation.diagnostics import Place

Scalar = str | int | float | bool | None


@dataclass(slots=True, eq=False)
class Node:
    """A value and where it begins, counted from 0. entries: of a mapping; items: of a list; None for a scalar.

    spelled: the entries that hold something by the loose spelling of their keys, once they were asked for. tag: the one
    that is written before it.
    """

    file: str
    line: int
    column: int
    value: Scalar = None
    entries: dict[str, Node] | None = None
    items: list[Node] | None = None
    spelled: dict[str, tuple[str, Node]] | None = None
    tag: str | None = None

    @property
    def place(self) -> Place:
        """Where it is written; made when it is asked for, since most of a large file is never told of."""
        return Place(self.file, self.line + 1, self.column + 1)


@dataclass(frozen=True, slots=True)
class Fault:
    """What cannot be read, where, and what would do."""

    place: Place
    message: str
    hint: str = ""


class Unreadable(Exception):
    """The text is neither YAML nor JSON, or too large; carries the fault."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        super().__init__(fault.message)


@dataclass(slots=True)
class Reading:
    """The documents of one text. notes: what was passed over, with its place."""

    documents: list[Node] = field(default_factory=list)
    notes: list[tuple[Place, str]] = field(default_factory=list)


def read_foreign(name: str, text: str) -> Reading:
    """All documents of `text`, the empty ones left out. Errors: Unreadable."""
    try:
        return _Reader(name, text).reading
    except Unreadable as refused:
        # JSON holds what libyaml refuses: long keys, surrogate pairs, tabs.
        if text.lstrip().startswith(("{", "[")):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                raise refused from None
            return Reading([_without_places(value, name, [0], 0)])
        raise


class _Reader:
    """Reads all documents in one loop over the parser's events."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.reading = Reading()
        self.count = 0
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.known: dict[str, Scalar] = {}
        try:
            self._read(Parser(text).get_event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(name) if mark is None else Place(name, mark.line + 1, mark.column + 1)
            raise Unreadable(Fault(place, f"not YAML and not JSON: {error.problem or error}")) from error
        except YAMLError as error:
            raise Unreadable(Fault(Place(name), f"not YAML and not JSON: {error}")) from error

    def _read(self, get: Callable[[], Any]) -> None:
        outer: list[_Open] = []
        current: _Open | None = None
        while (event := get()) is not None:
            kind = event.__class__
            if kind is ScalarEvent:
                node = self._new(event, len(outer))
                node.value = self._scalar(event)
                if event.anchor is not None:
                    self.anchors[event.anchor] = (node, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                node = self._new(event, len(outer))
                if kind is MappingStartEvent:
                    node.entries = {}
                else:
                    node.items = []
                outer.append(_Open(node, event.anchor, self.count))
                current = outer[-1]
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed = outer.pop()
                node, current = closed.node, outer[-1] if outer else None
                closed.merge()
                if closed.anchor is not None:
                    self.anchors[closed.anchor] = (node, self.count - closed.started + 1)
            elif kind is AliasEvent:
                node = self._alias(str(event.anchor), event)
            else:
                if kind is DocumentStartEvent:
                    self.anchors = {}
                continue
            if current is not None:
                current.add(node, plain=kind is ScalarEvent and event.implicit[0], notes=self.reading.notes)
            elif node.value is not None or node.entries is not None or node.items is not None:
                self.reading.documents.append(node)

    def _new(self, event: Any, depth: int) -> Node:
        self.count += 1
        mark = event.start_mark
        node = Node(self.name, mark.line, mark.column, tag=event.tag)
        if depth >= MAX_DEPTH:
            raise Unreadable(Fault(node.place, f"nested deeper than {MAX_DEPTH} levels"))
        self._bounded(node)
        return node

    def _bounded(self, node: Node) -> None:
        if self.count > MAX_VALUES:
            hint = "split it into several files"
            raise Unreadable(Fault(node.place, f"the file holds more than {MAX_VALUES:,} values", hint))

    def _alias(self, anchor: str, event: Any) -> Node:
        mark = event.start_mark
        node = Node(self.name, mark.line, mark.column)
        if anchor not in self.anchors:
            raise Unreadable(Fault(node.place, f"no anchor &{anchor} before *{anchor}"))
        named, size = self.anchors[anchor]
        self.count += 1 + size
        self._bounded(node)
        node.value, node.entries, node.items = named.value, named.entries, named.items
        return node

    def _scalar(self, event: Any) -> Scalar:
        text: str = event.value
        if not event.implicit[0]:
            return printable(text)
        if text not in self.known:
            try:
                value = resolve(text)
            except ValueError:
                value = text
            self.known[text] = (
                value if isinstance(value, int | float | bool) or value is None else printable(str(value))
            )
        return self.known[text]


@dataclass(slots=True, eq=False)
class _Open:
    """A mapping or list that is being read. key: of a mapping, the one that awaits its value."""

    node: Node
    anchor: str | None
    started: int
    key: Node | None = None
    merging: bool = False
    merged: list[Node] = field(default_factory=list)

    def add(self, node: Node, *, plain: bool, notes: list[tuple[Place, str]]) -> None:
        """The next item, key or value. plain: it is a scalar without quotes."""
        entries = self.node.entries
        if entries is None:
            assert self.node.items is not None
            self.node.items.append(node)
            return
        if self.key is None:
            self.key, self.merging = node, plain and node.value == "<<"
            return
        key_node, self.key = self.key, None
        if key_node.entries is not None or key_node.items is not None:
            notes.append((key_node.place, "a key that is no text is passed over"))
        elif self.merging:
            self.merged += [node] if node.entries is not None else node.items or []
        else:
            key = key_text(key_node.value)
            if key in entries:
                notes.append((key_node.place, f"key '{key[:40]}' is here twice; the last one counts"))
                del entries[key]
            entries[key] = node

    def merge(self) -> None:
        """What `<<` brings, behind what stands in the mapping itself."""
        assert not self.merged or self.node.entries is not None
        for source in self.merged:
            for key, value in (source.entries or {}).items():
                self.node.entries.setdefault(key, value)  # type: ignore[union-attr]


def key_text(value: object) -> str:
    """A key as text, as it would be written in JSON."""
    if value.__class__ is str:
        return printable(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return printable(str(value))


def printable(text: str) -> str:
    """The text without lone surrogates, which no file could hold."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _without_places(value: Any, name: str, count: list[int], depth: int) -> Node:
    count[0] += 1
    place = Place(name)
    if depth >= MAX_DEPTH:
        raise Unreadable(Fault(place, f"nested deeper than {MAX_DEPTH} levels"))
    if count[0] > MAX_VALUES:
        raise Unreadable(Fault(place, f"the file holds more than {MAX_VALUES:,} values"))
    if isinstance(value, dict):
        entries = {printable(key): _without_places(item, name, count, depth + 1) for key, item in value.items()}
        return Node(name, 0, 0, entries=entries)
    if isinstance(value, list):
        return Node(name, 0, 0, items=[_without_places(item, name, count, depth + 1) for item in value])
    return Node(name, 0, 0, printable(value) if isinstance(value, str) else value)
