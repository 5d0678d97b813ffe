"""YAML text as plain values, in one pass of the C parser; whatever needs a place is told by marks.py in a second one.

Only events are used: no node tree is built, aliases share one object, nothing is ever constructed from a tag.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from yaml import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent, YAMLError
from yaml._yaml import CParser
from yaml.events import AliasEvent, DocumentEndEvent, DocumentStartEvent

from rohe_iac.blueprint.scalars import old_meaning, resolve

MAX_BYTES = 16 * 2**20
"""The largest file that is read."""
MAX_DEPTH = 64
"""The deepest nesting that is read; the language itself needs 12."""
MAX_VALUES = 400_000
"""The most values a file may hold, each alias counted with all that it stands for; a document counts as ten."""

CORE_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq"))


class Parser(CParser):
    """The C parser as an iterator over events, with no composer, constructor or resolver of PyYAML behind it."""

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)


@dataclass(slots=True)
class Plain:
    """What one pass found. clean: nothing in the text needs to be told; where it is not, marks.py says what and where.

    values: one a document, in order; of a text that is not clean they are of no use.
    excess: line and column, from 1, where the text holds more values than are read; None where it does not.
    """

    values: list[Any]
    clean: bool
    excess: tuple[int, int] | None = None


class _Doubt(Exception):
    """The text holds something that the careful pass has to look at."""


class _Excess(Exception):
    """The text holds more values than are read."""


def read_plain(text: str) -> Plain:
    """All documents of `text` as dict, list, str, int, float, bool and None, by the YAML 1.2 core schema.

    Never raises for what is written in the text.
    """
    try:
        return _read(text)
    except _Excess as error:
        return Plain([], False, error.args[0])
    except (YAMLError, _Doubt, ValueError):
        return Plain([], False)


def _read(text: str) -> Plain:
    get: Callable[[], Any] = Parser(text).get_event
    known: dict[Any, Any] = {}
    values: list[Any] = []
    anchors: dict[str, tuple[Any, int]] = {}
    stack: list[tuple[Any, Any, str | None, int]] = []
    container: Any = None
    key: Any = None
    anchor: str | None = None
    started = count = 0
    clean = True
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
                else:
                    if old_meaning(value):
                        clean = False
                    known[value] = value = resolve(value)
            elif not quoted:
                value = tagged_scalar(event.tag, value)
            if event.anchor is not None:
                anchors[event.anchor] = (value, 1)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            count += 1
            if (event.tag is not None and event.tag not in CORE_TAGS) or len(stack) >= MAX_DEPTH:
                raise _Doubt
            stack.append((container, key, anchor, started))
            container = {} if kind is MappingStartEvent else []
            key, anchor, started = None, event.anchor, count
            continue
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            value = container
            if anchor is not None:
                anchors[anchor] = (value, count - started + 1)
            container, key, anchor, started = stack.pop()
        elif kind is AliasEvent:
            if event.anchor not in anchors:
                raise _Doubt
            value, size = anchors[event.anchor]
            count += size
        elif kind is DocumentStartEvent:
            count += 10
            anchors = {}
            continue
        elif kind is DocumentEndEvent:
            continue
        elif event is None:
            return Plain(values, clean)
        else:
            continue
        if count > MAX_VALUES:
            raise _Excess((event.start_mark.line + 1, event.start_mark.column + 1))
        if container.__class__ is dict:
            if key is None:
                if value.__class__ is not str or value in container or value == "<<":
                    raise _Doubt
                key = value
            else:
                container[key] = value
                key = None
        elif container is None:
            values.append(value)
        else:
            container.append(value)


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
