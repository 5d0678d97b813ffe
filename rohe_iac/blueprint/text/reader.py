"""YAML text as plain values with every fault of the text, read in one pass of the C parser.

Only events are used: no node tree is built, aliases share one object, nothing is ever constructed from a tag.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
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
from rohe_iac.blueprint.text import readable
from rohe_iac.blueprint.text.parsed import (
    LINE_BREAK,
    MAX_FAULTS,
    ParsedDocument,
    ParsedText,
    Path,
    Spot,
    TextFault,
    spot_at,
)
from rohe_iac.blueprint.text.scalars import CORE_TAGS, NumberTooLong, is_surely_text, resolve, tagged_scalar
from rohe_iac.blueprint.text.value_paths import DROPPED, OuterContainer, path_below, value_path

MAX_BYTES = 16 * 2**20
"""The largest file that is read."""


MAX_DEPTH = 64
"""The deepest nesting that is read; the language itself needs 12."""


MAX_VALUES = 400_000
"""The most values a file may hold, each alias counted with all that it stands for; a document counts as ten."""


MAX_BROKEN = 100
"""The number of documents with broken syntax after which the rest of a file is not read."""


MAX_DIRECTIVES = 100
"""The most %TAG lines of a file: the parser compares each with all before it."""


SHALLOW = 4
"""The number of outermost levels whose containers have their spans kept: a document, its spec, a list, an item."""

_NEXT_DOCUMENT = re.compile(r"^---(?=\s|$)", re.MULTILINE)


_Anchor = tuple[Any, int, Path | None]
"""A value with an anchor, how many values it holds, and its path where it is a container that has one."""


class Parser(CParser):
    """The C parser as an iterator over events, without the composer, constructor and resolver of PyYAML."""

    def __init__(self, text: str | readable.TextStream) -> None:
        CParser.__init__(self, text)


_FIRST_FIELDS = ("apiVersion", "kind", "metadata")
"""Fields with which a document may begin."""


class _TooManyValues(Exception):
    """The text holds more values than are read; the argument is the mark where."""


class _NextDocument(Exception):
    """A second document begins without a line `---`; the arguments are the first one, and its begin and end mark."""


class _TooDeep(Exception):
    """The text is nested deeper than is read; the argument is the mark where."""


def read_plain(text: str) -> ParsedText:
    """Returns all documents of `text` as dict, list, str, int, float, bool and None, by the YAML 1.2 core schema.

    Nothing that a text may hold makes it raise: faults are part of the result.
    """
    if "%TAG" in text and text.count("\n%TAG") > MAX_DIRECTIVES:
        fault = text_faults.directives(spot_at(text, text.find("%TAG")))
        return ParsedText([ParsedDocument(whole=False, faults=[fault])])
    try:
        reader = _read(text)
    except YAMLError:
        # Only a character that YAML does not allow raises without a mark. Each is reported, then replaced.
        forbidden = list(readable.forbidden_characters(text, MAX_FAULTS))
        count = readable.number_of_forbidden(text)
        is_readable = 0 < count <= readable.MAX_FORBIDDEN
        reader = _read(readable.without_forbidden(text) if is_readable else "")
        for index, character in forbidden:
            reader.file.add(text_faults.forbidden_character(spot_at(text, index), character))
        reader.file.omitted_errors += count - len(forbidden)
        if not is_readable:
            if count == 0:
                reader.file.add(TextFault(Spot(1, 1, 0), "R001", "not YAML: the text cannot be read"))
            return ParsedText([], reader.file)
    if reader.text is not text:
        for document in reader.documents:
            document.read_as = reader.text
    return ParsedText(reader.documents, reader.file, reader.excess, reader.count)


def _read(text: str) -> _TextReader:
    """Reads a text; a value that lacks its quotes is a fault, and is read as if it had them."""
    unquoted: list[TextFault] = []
    while True:
        reader = _TextReader(text, len(unquoted))
        reader.read()
        if reader.unquoted is None:
            break
        text = reader.unquoted[0]
        unquoted.append(reader.unquoted[1])
    for fault in unquoted:
        reader.documents[max(bisect_right(reader.begins, fault.spot.offset) - 1, 0)].add(fault)
    return reader


class _TextReader:
    """The reading of one text to its end; after a syntax error it goes on at the next line that begins with `---`."""

    def __init__(self, text: str, unquoted: int) -> None:
        self.text, self.number_of_unquoted = text, unquoted
        # What to read instead, for the sake of a fault that is a lack of quotes.
        self.unquoted: tuple[str, TextFault] | None = None
        self.documents: list[ParsedDocument] = []
        self.begins: list[int] = []
        self.file = ParsedDocument(whole=False)
        self.excess: Spot | None = None
        self.count = 0
        # The parser does not count a byte order mark.
        self.origin = (int(text.startswith("\ufeff")), 0)
        self.current = ParsedDocument()
        self.open = False
        self.started_at = 0

    def read(self) -> None:
        source: str | readable.TextStream = readable.TextStream(self.text, 1) if self.origin[0] else self.text
        broken = 0
        while True:
            try:
                self._read_events(Parser(source).get_event)
            except MarkedYAMLError as error:
                mark = error.problem_mark or error.context_mark
                fault = text_faults.syntax_fault(error, self._spot, self.text, self.origin[1])
                quoted = readable.as_if_quoted(self.text, fault, self.number_of_unquoted)
                if quoted is not None:
                    self.unquoted = quoted, fault
                    return
            except _TooDeep as error:
                mark = error.args[0]
                fault = text_faults.too_deep(self._spot(mark), MAX_DEPTH)
            except _NextDocument as error:
                self.current.value, begin, mark = error.args
                self.current.spans[()] = (begin, mark)
                self.current.add(text_faults.missing_separator(self._spot(mark)))
                self.origin = (self.origin[0] + mark.index, self.origin[1] + mark.line)
                self.started_at, self.open = self.origin[0], False
                source = readable.TextStream(self.text, self.origin[0])
                continue
            except _TooManyValues as error:
                self.current.whole, self.excess = False, self._spot(error.args[0])
                return
            else:
                return
            if not self.open:
                self._start_document()
            self.current.whole, self.current.value = False, None
            self.current.add(fault)
            broken += 1
            following = self._following(mark)
            if following is None:
                return
            if broken >= MAX_BROKEN:
                self.file.add(text_faults.rest_not_read(Spot(*following), broken))
                return
            self.origin, self.started_at = (following[2], following[0] - 1), following[2]
            source = readable.TextStream(self.text, following[2])

    def _following(self, mark: Any) -> tuple[int, int, int] | None:
        """Returns line, column and offset of the next document after a syntax error; None where there is none."""
        offset = self.origin[0] + mark.index
        # For a quote that is never closed the parser stops at the next document, which is as good a place as any.
        marker = _NEXT_DOCUMENT.search(self.text, offset - mark.column)
        if marker is not None and marker.start() <= self.started_at:
            marker = _NEXT_DOCUMENT.search(self.text, marker.end())
        if marker is None:
            return None
        line = (
            self.origin[1]
            + mark.line
            + sum(1 for _ in LINE_BREAK.finditer(self.text, offset - mark.column, marker.start()))
        )
        return line + 1, 1, marker.start()

    def _start_document(self) -> None:
        self.current = ParsedDocument(self.origin)
        self.documents.append(self.current)
        self.begins.append(self.started_at)
        self.open = True

    def _spot(self, mark: Any) -> Spot:
        return Spot(self.origin[1] + mark.line + 1, mark.column + 1, self.origin[0] + mark.index)

    def _read_events(self, next_event: Callable[[], Any]) -> None:
        # The loop runs once for each value of a blueprint, so its state is in local variables, and only what most
        # events do not need is in methods.
        scalars: dict[Any, Any] = {}
        anchors: dict[str, _Anchor] = {}
        stack: list[OuterContainer] = []
        current = self.current
        container: Any = None
        key: Any = None
        anchor: str | None = None
        first_count = 0
        count = self.count
        begin_mark: Any = None
        # The path of the container, on the outermost levels; None where it has none, or deeper.
        container_path: Path | None = None
        while True:
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                count += 1
                value = event.value
                plain, quoted = event.implicit
                if plain:
                    value = scalars[value] if value in scalars else self._plain_scalar(event, scalars)
                elif not quoted:
                    value = self._tagged(event)
                if event.anchor is not None:
                    anchors[event.anchor] = (value, 1, None)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                count += 1
                if event.tag is not None or event.anchor is not None or len(stack) >= MAX_DEPTH:
                    self._check_container_start(event, anchors, len(stack))
                stack.append((container, key, anchor, first_count, begin_mark, container_path))
                container_path = path_below(container_path, container, key) if len(stack) <= SHALLOW else None
                container = {} if kind is MappingStartEvent else []
                key, anchor, first_count, begin_mark = None, event.anchor, count, event.start_mark
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                value, span = container, (begin_mark, event.end_mark)
                ended_anchor, size, path = anchor, count - first_count + 1, container_path
                container, key, anchor, first_count, begin_mark, container_path = stack.pop()
                if ended_anchor is not None:
                    path = value_path(stack, container, key)
                    anchors[ended_anchor] = (value, size, path)
                if path is not None and (value or not path or ended_anchor is not None):
                    current.spans[path] = span
            elif kind is AliasEvent:
                value, size = self._aliased(event, anchors, anchor, stack, container, key)
                count += size
            elif kind is DocumentStartEvent:
                count += 10
                anchors = {}
                self.started_at = self.origin[0] + event.start_mark.index
                self._start_document()
                current = self.current
                continue
            elif event is None:
                return
            else:
                # The end of a document, or the begin or end of the text.
                self.open = self.open and kind is not DocumentEndEvent
                continue
            if count > MAX_VALUES:
                raise _TooManyValues(event.start_mark)
            if key is not None:
                if key is not DROPPED:
                    container[key] = value
                key = None
            elif container.__class__ is dict:
                if value.__class__ is str and value not in container and value != "<<":
                    key = value
                else:
                    self.count = count
                    key = self._odd_key(event, value, container, stack, begin_mark)
            elif container is None:
                current.value = value
                current.spans.setdefault((), (event.start_mark, event.end_mark))
                self.count = count
            else:
                container.append(value)

    def _begins_document(self, event: Any, container: dict[Any, Any]) -> bool:
        """Checks whether a key that is there already begins another document, whose line `---` is missing."""
        offset = self.origin[0] + event.start_mark.index
        if event.start_mark.column or not {"apiVersion", "kind", "spec"} <= container.keys():
            return False
        following = _NEXT_DOCUMENT.split(self.text[offset:], maxsplit=1)[0]
        return all(re.search(rf"^{field}:", following, re.MULTILINE) for field in ("apiVersion", "kind", "spec"))

    def _plain_scalar(self, event: Any, scalars: dict[Any, Any]) -> Any:
        """Returns the value of a plain scalar, and keeps the value in `scalars` where the text has no fault."""
        text = readable.as_written(event.value) if self.number_of_unquoted else event.value
        if text != event.value or is_surely_text(text):
            value = text
        elif (fault := text_faults.scalar_fault(text)) is not None:
            self.current.add(fault.at(self._spot(event.start_mark)))
            return text if fault.code == "R011" else resolve(text)
        else:
            value = resolve(text)
        scalars[event.value] = value
        return value

    def _check_container_start(self, event: Any, anchors: dict[str, _Anchor], depth: int) -> None:
        """Adds the fault of a foreign tag, and forgets an earlier anchor of the same name.

        Raises:
            _TooDeep: `depth` containers are open, which is as many as are read.
        """
        if event.tag is not None and event.tag not in CORE_TAGS:
            self.current.add(text_faults.foreign_tag(self._spot(event.start_mark), event.tag))
        if depth >= MAX_DEPTH:
            raise _TooDeep(event.start_mark)
        if event.anchor is not None:
            anchors.pop(event.anchor, None)

    def _aliased(
        self,
        event: Any,
        anchors: dict[str, _Anchor],
        anchor: str | None,
        stack: list[OuterContainer],
        container: Any,
        key: Any,
    ) -> tuple[Any, int]:
        """Returns the value that an alias stands for and its number of values; (None, 0) without such an anchor."""
        if event.anchor not in anchors:
            inside = event.anchor in (anchor, *(outer[2] for outer in stack))
            self.current.add(text_faults.no_anchor(self._spot(event.start_mark), event.anchor, inside=inside))
            self.current.mark_incomplete(value_path(stack, container, key))
            return None, 0
        value, size, target = anchors[event.anchor]
        path = value_path(stack, container, key) if target is not None else None
        if path is not None and target is not None:
            self.current.aliases[path] = (target, bool(value))
        return value, size

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

    def _odd_key(
        self, event: Any, value: object, container: dict[str, Any], stack: list[OuterContainer], begin_mark: Any
    ) -> object:
        """Reports what is wrong with the key and returns the key to use.

        Raises:
            _NextDocument: The key begins another document.
        """
        if len(stack) == 1 and value in _FIRST_FIELDS and self._begins_document(event, container):
            raise _NextDocument(container, begin_mark, event.start_mark)
        spot = self._spot(event.start_mark)
        inside = value_path(stack[:-1], *stack[-1][:2]) if stack else ()
        if not isinstance(value, str):
            fault = text_faults.bad_key(spot, event, value, self.text)
            self.current.add(fault)
            if fault.fix is not None and event.value not in container:
                return event.value  # the key as the fix has it
            self.current.mark_incomplete(inside)
        elif value in container:
            first = (*inside, value) if inside is not None else None
            self.current.add(text_faults.duplicate_key(spot, value, first))
        elif getattr(event, "implicit", (False,))[0]:
            self.current.add(text_faults.merge_key(spot))
            self.current.mark_incomplete(inside)
        else:
            return value
        return DROPPED
