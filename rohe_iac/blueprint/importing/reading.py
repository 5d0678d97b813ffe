"""Foreign YAML and JSON with places: more lenient than the language itself, and just as bounded.

Merge keys (`<<`) are followed, keys of any scalar type are text, a key that is here twice counts with its last value
(as PyYAML and Python's json have it), tags are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from yaml import MappingEndEvent, MappingStartEvent, MarkedYAMLError, ScalarEvent, SequenceEndEvent, YAMLError
from yaml.events import AliasEvent, DocumentEndEvent, DocumentStartEvent

from rohe_iac.blueprint.document import MAX_DEPTH, MAX_VALUES, Parser
from rohe_iac.blueprint.scalars import resolve
from rohe_iac.foundation.diagnostics import Place

Scalar = str | int | float | bool | None


@dataclass(slots=True, eq=False)
class Node:
    """A value and where it begins. entries: of a mapping; items: of a list; both None for a scalar."""

    place: Place
    value: Scalar = None
    entries: dict[str, Node] | None = None
    items: list[Node] | None = None


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
            return Reading([_without_places(value, Place(name), [0], 0)])
        raise


class _Reader:
    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.reading = Reading()
        self.count = 0
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.parser = Parser(text)
        try:
            for event in iter(self.parser.get_event, None):
                if isinstance(event, DocumentStartEvent):
                    self.anchors = {}
                elif not isinstance(event, DocumentEndEvent) and hasattr(event, "anchor"):
                    node = self._node(event, 0)
                    if node.value is not None or node.entries is not None or node.items is not None:
                        self.reading.documents.append(node)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(name) if mark is None else Place(name, mark.line + 1, mark.column + 1)
            raise Unreadable(Fault(place, f"not YAML and not JSON: {error.problem or error}")) from error
        except YAMLError as error:
            raise Unreadable(Fault(Place(name), f"not YAML and not JSON: {error}")) from error

    def _place(self, event: Any) -> Place:
        return Place(self.name, event.start_mark.line + 1, event.start_mark.column + 1)

    def _node(self, event: Any, depth: int) -> Node:
        place = self._place(event)
        self.count += 1
        started = self.count
        if isinstance(event, AliasEvent):
            return self._alias(str(event.anchor), place)
        self._bounded(place, depth)
        if isinstance(event, ScalarEvent):
            node = Node(place, _scalar(event))
        elif isinstance(event, MappingStartEvent):
            node = Node(place, entries=self._entries(depth))
        else:
            node = Node(place, items=[self._node(item, depth + 1) for item in self._until(SequenceEndEvent)])
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.count - started + 1)
        return node

    def _bounded(self, place: Place, depth: int) -> None:
        if depth >= MAX_DEPTH:
            raise Unreadable(Fault(place, f"nested deeper than {MAX_DEPTH} levels"))
        if self.count > MAX_VALUES:
            hint = "split it into several files"
            raise Unreadable(Fault(place, f"the file holds more than {MAX_VALUES:,} values", hint))

    def _alias(self, anchor: str, place: Place) -> Node:
        if anchor not in self.anchors:
            raise Unreadable(Fault(place, f"no anchor &{anchor} before *{anchor}"))
        node, size = self.anchors[anchor]
        self.count += size
        self._bounded(place, 0)
        return Node(place, node.value, node.entries, node.items)

    def _entries(self, depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        merged: list[Node] = []
        for event in self._until(MappingEndEvent):
            place = self._place(event)
            key_node = self._node(event, depth + 1)
            value = self._node(self.parser.get_event(), depth + 1)
            if key_node.entries is not None or key_node.items is not None:
                self.reading.notes.append((place, "a key that is no text is passed over"))
                continue
            key = key_text(key_node.value)
            if key == "<<" and event.__class__ is ScalarEvent and event.implicit[0]:
                merged += [value] if value.entries is not None else value.items or []
                continue
            if key in entries:
                self.reading.notes.append((place, f"key '{key[:40]}' is here twice; the last one counts"))
                del entries[key]
            entries[key] = value
        for source in merged:
            for key, value in (source.entries or {}).items():
                entries.setdefault(key, value)
        return entries

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := self.parser.get_event(), end):
            yield event


def key_text(value: object) -> str:
    """A key as text, as it would be written in JSON."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return printable(str(value))


def printable(text: str) -> str:
    """The text without lone surrogates, which no file could hold."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def _scalar(event: Any) -> Scalar:
    if not event.implicit[0]:
        return printable(event.value)
    try:
        value = resolve(event.value)
    except ValueError:
        value = event.value
    return value if isinstance(value, int | float | bool) or value is None else printable(str(value))


def _without_places(value: Any, place: Place, count: list[int], depth: int) -> Node:
    count[0] += 1
    if depth >= MAX_DEPTH:
        raise Unreadable(Fault(place, f"nested deeper than {MAX_DEPTH} levels"))
    if count[0] > MAX_VALUES:
        raise Unreadable(Fault(place, f"the file holds more than {MAX_VALUES:,} values"))
    if isinstance(value, dict):
        return Node(
            place,
            entries={printable(key): _without_places(item, place, count, depth + 1) for key, item in value.items()},
        )
    if isinstance(value, list):
        return Node(place, items=[_without_places(item, place, count, depth + 1) for item in value])
    return Node(place, printable(value) if isinstance(value, str) else value)
