"""Reads foreign YAML and JSON with places: more lenient than the language itself, and just as bounded.

Merge keys (`<<`) are followed, keys of any scalar type become text as written (numbers as in JSON), the last value of a
repeated key counts (as in PyYAML and Python's json), and tags do not change values.
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
from rohe_iac.importing.foreign.variables.substitution import Substitution

Scalar = str | int | float | bool | None


@dataclass(slots=True, eq=False)
class YamlNode:
    """A value of a file and where it begins.

    Attributes:
        file: The name of the file.
        line: Counted from 0.
        column: Counted from 0.
        value: The scalar; None for a mapping or a list.
        entries: The entries of a mapping; None for anything else.
        items: The items of a list; None for anything else.
        by_spelling: Cache of the entries that are neither null nor an empty text, with their keys, by the loose
            spelling of the key; None before first use.
        tag: The tag written before the value.
        written: A number as the file writes it, such as 1.10; "" for any other value.
        substitution: What became of the variables in the text; None where it has none.
    """

    file: str
    line: int
    column: int
    value: Scalar = None
    entries: dict[str, YamlNode] | None = None
    items: list[YamlNode] | None = None
    by_spelling: dict[str, tuple[str, YamlNode]] | None = None
    tag: str | None = None
    written: str = ""
    substitution: Substitution | None = None

    @property
    def place(self) -> Place:
        """Where the value is written; made on demand, since few values of a large file are ever reported."""
        return Place(self.file, self.line + 1, self.column + 1)


@dataclass(frozen=True, slots=True)
class ImportFault:
    """A place of a file that cannot be imported, why, and a hint at what would do."""

    place: Place
    message: str
    hint: str = ""


class Unreadable(Exception):
    """Raised for a text that is neither YAML nor JSON, or too large; carries the fault."""

    def __init__(self, fault: ImportFault) -> None:
        self.fault = fault
        super().__init__(fault.message)


@dataclass(slots=True)
class ForeignDocuments:
    """The documents of one text that are not empty, and notes on what was ignored, each with its place."""

    documents: list[YamlNode] = field(default_factory=list)
    notes: list[tuple[Place, str]] = field(default_factory=list)


def read_foreign(name: str, text: str) -> ForeignDocuments:
    """Returns the documents of a text.

    Args:
        name: The name of the file, for places.
        text: YAML or JSON.

    Raises:
        Unreadable: The text is neither YAML nor JSON, or too large.
    """
    try:
        return _EventReader(name, text).found
    except Unreadable as refused:
        # Some JSON is refused by libyaml: long keys, surrogate pairs, tabs.
        if text.lstrip().startswith(("{", "[")):
            try:
                value = json.loads(text)
            except (ValueError, RecursionError):
                raise refused from None
            return ForeignDocuments([_without_places(value, name, [0], 0)])
        raise


class _EventReader:
    """Reads all documents of a text in one loop over the parser's events."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.found = ForeignDocuments()
        self.count = 0
        self.anchors: dict[str, tuple[YamlNode, int]] = {}
        self.known: dict[str, Scalar] = {}
        try:
            self._read(Parser(text).get_event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = Place(name) if mark is None else Place(name, mark.line + 1, mark.column + 1)
            raise Unreadable(ImportFault(place, f"not YAML and not JSON: {error.problem or error}")) from error
        except YAMLError as error:
            raise Unreadable(ImportFault(Place(name), f"not YAML and not JSON: {error}")) from error

    def _read(self, next_event: Callable[[], Any]) -> None:
        outer: list[_OpenCollection] = []
        current: _OpenCollection | None = None
        while (event := next_event()) is not None:
            kind = event.__class__
            if kind is ScalarEvent:
                node = self._new(event, len(outer))
                node.value = self._scalar(event)
                if isinstance(node.value, int | float) and not isinstance(node.value, bool):
                    node.written = event.value
                elif current is not None and current.awaits_key and not isinstance(node.value, str) and event.value:
                    # A variable may be named TRUE or NULL, and is not the variable true.
                    node.value = event.value
                if event.anchor is not None:
                    self.anchors[event.anchor] = (node, 1)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                node = self._new(event, len(outer))
                if kind is MappingStartEvent:
                    node.entries = {}
                else:
                    node.items = []
                outer.append(_OpenCollection(node, event.anchor, self.count))
                current = outer[-1]
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                closed = outer.pop()
                node, current = closed.node, outer[-1] if outer else None
                closed.apply_merges()
                if closed.anchor is not None:
                    self.anchors[closed.anchor] = (node, self.count - closed.started + 1)
            elif kind is AliasEvent:
                node = self._alias(str(event.anchor), event)
            else:
                if kind is DocumentStartEvent:
                    self.anchors = {}
                continue
            if current is not None:
                current.add(node, plain=kind is ScalarEvent and event.implicit[0], notes=self.found.notes)
            elif node.value is not None or node.entries is not None or node.items is not None:
                self.found.documents.append(node)

    def _new(self, event: Any, depth: int) -> YamlNode:
        self.count += 1
        mark = event.start_mark
        node = YamlNode(self.name, mark.line, mark.column, tag=event.tag)
        if depth >= MAX_DEPTH:
            raise Unreadable(ImportFault(node.place, f"nested deeper than {MAX_DEPTH} levels"))
        self._check_bounds(node)
        return node

    def _check_bounds(self, node: YamlNode) -> None:
        if self.count > MAX_VALUES:
            hint = "split it into several files"
            raise Unreadable(ImportFault(node.place, f"the file holds more than {MAX_VALUES:,} values", hint))

    def _alias(self, anchor: str, event: Any) -> YamlNode:
        mark = event.start_mark
        node = YamlNode(self.name, mark.line, mark.column)
        if anchor not in self.anchors:
            raise Unreadable(ImportFault(node.place, f"no anchor &{anchor} before *{anchor}"))
        named, size = self.anchors[anchor]
        self.count += 1 + size
        self._check_bounds(node)
        node.value, node.entries, node.items = named.value, named.entries, named.items
        node.written = named.written
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
class _OpenCollection:
    """A mapping or list that is being read.

    Attributes:
        node: The value that is being filled.
        anchor: The name of its anchor.
        started: The number of values read before it.
        key: Of a mapping, the key that awaits its value.
        merging: Whether that key is `<<`.
        sources: The mappings given by `<<`.
    """

    node: YamlNode
    anchor: str | None
    started: int
    key: YamlNode | None = None
    merging: bool = False
    sources: list[YamlNode] = field(default_factory=list)

    @property
    def awaits_key(self) -> bool:
        """Whether the next value is a key of the mapping."""
        return self.node.entries is not None and self.key is None

    def add(self, node: YamlNode, *, plain: bool, notes: list[tuple[Place, str]]) -> None:
        """Adds the next item, key or value. plain: whether it is a scalar without quotes and without a tag."""
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
            self.sources += [node] if node.entries is not None else node.items or []
        else:
            key = key_text(key_node.value)
            if key in entries:
                notes.append((key_node.place, f"key '{key[:40]}' is here twice; the last one counts"))
                del entries[key]
            entries[key] = node

    def apply_merges(self) -> None:
        """Adds the entries given by `<<`, unless the mapping has the key itself."""
        assert not self.sources or self.node.entries is not None
        for source in self.sources:
            for key, value in (source.entries or {}).items():
                self.node.entries.setdefault(key, value)  # type: ignore[union-attr]


def key_text(value: object) -> str:
    """Returns a scalar as text, written as in JSON."""
    if value.__class__ is str:
        return printable(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return printable(str(value))


def printable(text: str) -> str:
    """Returns the text with lone surrogates replaced, which no UTF-8 file can hold."""
    return text if text.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", text)


def _without_places(value: Any, name: str, count: list[int], depth: int) -> YamlNode:
    """Returns a value read from JSON as a YamlNode. count: the number of values so far, in a list of one."""
    count[0] += 1
    place = Place(name)
    if depth >= MAX_DEPTH:
        raise Unreadable(ImportFault(place, f"nested deeper than {MAX_DEPTH} levels"))
    if count[0] > MAX_VALUES:
        raise Unreadable(ImportFault(place, f"the file holds more than {MAX_VALUES:,} values"))
    if isinstance(value, dict):
        entries = {printable(key): _without_places(item, name, count, depth + 1) for key, item in value.items()}
        return YamlNode(name, 0, 0, entries=entries)
    if isinstance(value, list):
        return YamlNode(name, 0, 0, items=[_without_places(item, name, count, depth + 1) for item in value])
    return YamlNode(name, 0, 0, printable(value) if isinstance(value, str) else value)
