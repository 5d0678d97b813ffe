"""Every way to alter one value of a plan file: numbers, words, lists and keys, in the text of manifests too."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from rohe_iac.foundation.canonical import canonical_json, sha256_hex

Path = tuple[Any, ...]

JSON = "(json)"
"""The key under which embedded JSON is opened."""

TEXT = "text"
"""The key of a manifest's document, which is altered inside."""


@dataclass(frozen=True)
class Alteration:
    """One altered value: where by pattern (positions are `*`), how, and the bytes of the file, all digests anew."""

    pattern: str
    how: str
    content: bytes

    def __str__(self) -> str:
        return f"{self.pattern} {self.how}"


def alterations(content: bytes, wanted: Callable[[str], bool], *, per_pattern: int = 1) -> Iterator[Alteration]:
    """Yields the alterations of the first and the last values of each pattern.

    Args:
        content: the bytes of a plan file.
        wanted: takes a pattern for each of its alterations, and returns whether that one is made.
        per_pattern: values that are altered of each pattern.
    """
    value = json.loads(content)
    del value["digest"]
    opened = {**value, "manifests": [_opened(manifest) for manifest in value["manifests"]]}
    for altered in value_alterations(opened, per_pattern):
        manifests = altered.value.get("manifests")
        if not isinstance(manifests, list) or not wanted(altered.pattern):
            continue
        closed = {**altered.value, "manifests": [_closed(manifest, opened, value) for manifest in manifests]}
        digest = sha256_hex(canonical_json(closed))
        yield Alteration(altered.pattern, altered.how, canonical_json({**closed, "digest": digest}) + b"\n")


@dataclass(frozen=True)
class AlteredValue:
    """A JSON value of which one part is altered: where by pattern, how, and the whole value."""

    pattern: str
    how: str
    value: Any


def value_alterations(value: Any, per_pattern: int) -> Iterator[AlteredValue]:
    """Yields every alteration of the first part of each pattern, and of the last `per_pattern` - 1, in a JSON value."""
    places: dict[str, list[Path]] = defaultdict(list)
    for path, pattern in _paths(value, (), ""):
        places[pattern].append(path)
    for pattern, paths in sorted(places.items()):
        known = {canonical_json(_at(value, path)): _at(value, path) for path in paths}
        for path in dict.fromkeys([paths[0], *paths[len(paths) - per_pattern + 1 :]]):
            for how, other in _others(_at(value, path), [known[key] for key in sorted(known)]):
                # A key that is left out is an alteration of its own place.
                key = how.removeprefix("without ") if how.startswith("without ") else ""
                yield AlteredValue(f"{pattern}.{key}" if key else pattern, how, _with(value, path, other))


def _opened(manifest: dict[str, Any]) -> dict[str, Any]:
    return {**manifest, TEXT: _with_json_opened(yaml.safe_load(manifest[TEXT]))}


def _with_json_opened(value: Any) -> Any:
    """Returns the document with embedded JSON (settings of agents, peers) as values."""
    if isinstance(value, dict):
        return {key: _with_json_opened(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_json_opened(item) for item in value]
    if isinstance(value, str) and value.startswith(("{", "[")):
        return {JSON: json.loads(value)}
    return value


def _closed(manifest: Any, opened: dict[str, Any], value: dict[str, Any]) -> Any:
    if not isinstance(manifest, dict) or TEXT not in manifest:
        return manifest
    for before, raw in zip(opened["manifests"], value["manifests"], strict=True):
        if manifest[TEXT] is before[TEXT]:
            text = raw[TEXT]
            break
    else:
        text = yaml.safe_dump(_with_json_closed(manifest[TEXT]), sort_keys=False)
    digests = {one[TEXT]: one["sha256"] for one in value["manifests"]}
    return {**manifest, TEXT: text, **({} if text in digests else {"sha256": sha256_hex(text.encode())})}


def _with_json_closed(value: Any) -> Any:
    if isinstance(value, dict):
        if JSON in value:
            return json.dumps(value[JSON], sort_keys=True, separators=(",", ":"))
        return {key: _with_json_closed(item) for key, item in value.items()}
    return [_with_json_closed(item) for item in value] if isinstance(value, list) else value


def _paths(value: Any, path: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    """Yields every value below the root with the pattern of its path."""
    if path and not (isinstance(value, dict) and JSON in value):
        yield path, pattern
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _paths(value[key], (*path, key), f"{pattern}.{key}" if pattern else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            kind = item["kind"] if pattern == "manifests" else "*"
            yield from _paths(item, (*path, index), f"{pattern}[{kind}]")


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _with(value: Any, path: Path, other: Any) -> Any:
    if not path:
        return other
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], other)
    return copy


def _others(value: Any, known: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yields other values of the same type.

    Args:
        value: the value as it is.
        known: every value that the file has at places of the same pattern.
    """
    if isinstance(value, bool):
        yield "flipped", not value
    elif isinstance(value, int | float):
        yield "one more", value + 1
        if value > 0:
            yield "one less", value - 1
        if value > 1:
            yield "nothing", 0
    elif isinstance(value, str):
        yield "another word", f"{value}x"
        if value:
            yield "no word", ""
    elif value is None:
        yield "a number", 1
        yield "a word", "x"
    elif isinstance(value, list):
        yield from _other_lists(value)
    else:
        yield "one key more", {**value, "privileged": True}
        for key in sorted(value):
            yield f"without {key}", {name: item for name, item in value.items() if name != key}
        return
    for other in known:
        if type(other) is type(value) and other != value and not isinstance(value, list):
            yield "the value of another", other
            break


def _other_lists(value: list[Any]) -> Iterator[tuple[str, list[Any]]]:
    if not value:
        yield "one word more", ["x"]
        return
    yield "first left out", value[1:]
    if len(value) > 1:
        yield "last left out", value[:-1]
    yield "first twice", [value[0], *value]
    if isinstance(value[0], str):
        yield "one word more", [*value, "x"]
    if value[::-1] != value:
        yield "reversed", value[::-1]
