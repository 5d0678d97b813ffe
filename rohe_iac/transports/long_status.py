"""Long status: an agent's answer to the question `status` in as many items as it takes, and back.

An agent may know ten thousand clients, and a broker takes messages of a bounded size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

ITEM_BYTES = 64 * 1024
"""Bytes of one item, about: none is larger by more than one entry of a list or mapping."""


def divided_status(status: Mapping[str, Any], most: int = ITEM_BYTES) -> list[dict[str, Any]]:
    """Returns the items of an answer: the first has every field, and further ones have what it has no room for.

    The longest lists and mappings are filled last, so that the first item has all of the short ones.

    Args:
        status: The answer, of JSON values; other threads may add to its mappings meanwhile.
        most: Bytes of one item, about.
    """
    long = {name: value for name, value in status.items() if isinstance(value, dict | list)}
    first = {name: type(value)() if name in long else value for name, value in status.items()}
    items, size = [first], len(msgspec.json.encode(first))
    for name, value in sorted(long.items(), key=lambda field: len(field[1])):
        # A copy is made at once, and a loop over the mapping itself would fail where it changes.
        for entry in list(value.items() if isinstance(value, dict) else value):
            of_entry = len(msgspec.json.encode(entry))
            if size + of_entry > most and size:
                items.append({})
                size = 0
            size += of_entry
            part = items[-1].setdefault(name, type(value)())
            if isinstance(part, dict):
                part[entry[0]] = entry[1]
            else:
                part.append(entry)
    return items


def joined_status(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Returns the answer that was divided into items; {} for none.

    Args:
        items: The items in their order.
    """
    joined: dict[str, Any] = {}
    for item in items:
        for name, value in item.items():
            known = joined.get(name)
            if isinstance(known, dict) and isinstance(value, Mapping):
                joined[name] = {**known, **value}
            elif isinstance(known, list) and isinstance(value, Iterable):
                joined[name] = [*known, *value]
            else:
                joined[name] = value
    return joined


def joined_answer(question: str, items: list[Any]) -> list[Any]:
    """Returns the items of an answer to any question; those of a status as the one item that they are parts of."""
    return [joined_status(items)] if question == "status" and items else items
