"""Writes documents as YAML text: short values on one line, the others in blocks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from rohe_iac.blueprint.text.scalars import NUMBER_LENGTH, old_meaning, resolve

WIDTH = 120


MAX_KEY_LENGTH = 1000
"""In characters; YAML 1.2.2 (chapter 8.2.2) allows at most 1024 for a key without a `?`."""


_PLAIN = re.compile(r"[A-Za-z0-9_./+(~-][^\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\"'#\[\]{},\\]*")


_CONTROLS = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def document_text(document: Mapping[str, Any]) -> str:
    """Returns a document as YAML text; reading the text gives an equal value."""
    return "\n".join(_block(document, 0, 0)) + "\n"


def comment_text(lines: Iterable[str]) -> str:
    """Returns the lines as YAML comments."""
    return "".join(f"# {_printable(line)}\n" for line in lines)


def _block(value: Any, indent: int, column: int) -> list[str]:
    pad = " " * indent
    lines: list[str] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            lines += _entry(f"{pad}{_key(key, pad)}:", item, indent)
        return lines
    for item in value:
        inline = _flow(item)
        if indent + 2 + len(inline) <= WIDTH or not _nested(item):
            lines.append(f"{pad}- {inline}")
        else:
            first, *others = _block(item, indent + 2, column)
            lines += [f"{pad}- {first[indent + 2 :]}", *others]
    return lines


def _entry(head: str, item: Any, indent: int) -> list[str]:
    if not _nested(item) or _shallow(item):
        inline = _flow(item)
        if not _nested(item) or len(head) + 1 + len(inline) <= WIDTH:
            return [f"{head} {inline}"]
    return [head, *_block(item, indent + 2, indent + 2)]


def _key(key: Any, before_colon: str) -> str:
    """Returns a key as text; a long key gets a `?`, since YAML looks for the colon of any other only so far."""
    written = scalar(key)
    if len(written) < MAX_KEY_LENGTH:
        return written
    return f"? {written}\n{before_colon}" if before_colon != " " else f"? {written} "


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping | list | tuple) and bool(value)


def _shallow(value: Any) -> bool:
    """Checks whether a value fits one line: scalars, and mappings or lists of scalars one level deep."""
    parts = list(value.values()) if isinstance(value, Mapping) else list(value)
    if not isinstance(value, Mapping) and any(isinstance(part, Mapping) and len(part) > 3 for part in parts):
        return False
    return not any(_nested(inner) for part in parts if _nested(part) for inner in _parts(part))


def _parts(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else list(value)


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(key, ' ')}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return scalar(value)


def scalar(value: Any) -> str:
    """Returns a scalar as text that YAML 1.2 and 1.1 read alike, quoted where needed."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    return _text(str(value))


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    plain = (
        _PLAIN.fullmatch(text) is not None
        and text == text.strip()
        and not text.startswith(("- ", "? ", "---", "..."))
        and text not in ("-", "?", "=", "~", "<<")
        and not re.search(r":(\s|$)", text)
        and _stays_text(text)
    )
    return (
        text if plain else _CONTROLS.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
    )


def _stays_text(text: str) -> bool:
    try:
        # Texts like a time or a MAC address are quoted, since YAML 1.1 reads them as numbers to the base of 60.
        return (
            resolve(text) == text and not old_meaning(text) and not re.match(r"[\d.+-]*\d[\d.]*:", text[:NUMBER_LENGTH])
        )
    except ValueError:
        return False


def _printable(line: str) -> str:
    return "".join(character if character.isprintable() else " " for character in line)
