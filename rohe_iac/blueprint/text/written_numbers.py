"""Numbers that know how they were written, so that `1.10` stays `1.10` where an expression puts it into a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from rohe_iac.blueprint.text.parsed import ParsedDocument, Path
from rohe_iac.blueprint.text.places import find_spots
from rohe_iac.blueprint.text.scalars import NumberTooLong, resolve

_ANCHOR = re.compile(r"&\S+\s+")


class WrittenInt(int):
    """A whole number with its text in the file or on the command line, such as `010`."""

    text: str


class WrittenFloat(float):
    """A number with its text in the file or on the command line, such as `1.10`."""

    text: str


def texts_of_numbers(text: str, parsed: ParsedDocument, value: Any, base: Path = ()) -> dict[Path, str]:
    """Returns the texts of the numbers in a value that are not written as they would be printed, by path below it.

    Args:
        text: The text of the file.
        parsed: The document that the value is in.
        value: The value.
        base: The path of the value in the document.
    """
    numbers = dict(_numbers_in(value, ()))
    if not numbers:
        return {}
    extents: dict[tuple[Path, bool], tuple[int, int]] = {}
    find_spots(text, parsed, [((*base, *path), False) for path in numbers], extents)
    texts = {}
    for path, number in numbers.items():
        begin, end = extents.get(((*base, *path), False), (0, 0))
        written = text[begin:end].strip() if base or path else text.strip()
        written = _ANCHOR.sub("", written)
        # The text of an alias, or of a number with a tag, is no number.
        if written and written != str(number) and _is_text_of(written, number):
            texts[path] = written
    return texts


def with_texts(value: Any, texts: Mapping[Path, str], path: Path = ()) -> Any:
    """Returns a value whose numbers know how they were written."""
    if not texts:
        return value
    if isinstance(value, dict):
        return {key: with_texts(part, texts, (*path, key)) for key, part in value.items()}
    if isinstance(value, list):
        return [with_texts(part, texts, (*path, index)) for index, part in enumerate(value)]
    if path not in texts or isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = WrittenInt(value) if isinstance(value, int) else WrittenFloat(value)
    number.text = texts[path]
    return number


def without_texts(value: Any) -> Any:
    """Returns a value whose numbers are plain ones."""
    if isinstance(value, dict):
        return {key: without_texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [without_texts(part) for part in value]
    if isinstance(value, WrittenInt):
        return int(value)
    return float(value) if isinstance(value, WrittenFloat) else value


def _numbers_in(value: Any, path: Path) -> Iterator[tuple[Path, int | float]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _numbers_in(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _numbers_in(part, (*path, index))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield path, value


def _is_text_of(text: str, number: float) -> bool:
    try:
        return resolve(text) == number
    except NumberTooLong:
        return False
