"""Merges Compose files and services: one mapping over another.

Source: "Merge and override" of the Compose Specification
(https://github.com/compose-spec/compose-spec/blob/main/13-merge.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from rohe_iac.importing.foreign.journal import loose_spelling
from rohe_iac.importing.foreign.reading import YamlNode, key_text

JOINED = ("ports", "expose", "volumes", "tmpfs", "devices", "secrets", "configs", "envfile", "dns")
"""Lists that are joined: the items of both services are kept."""


PAIRS = ("environment", "dependson", "labels", "sysctls", "extrahosts")
"""Fields that may be written as a mapping, as a list of NAME=VALUE or as a list of names."""


def empty_reset_values(node: YamlNode) -> None:
    """Empties every value with the tag `!reset`, in place."""
    if node.tag == "!reset":
        node.value = node.entries = node.items = None
    for part in [*(node.entries or {}).values(), *(node.items or [])]:
        empty_reset_values(part)


def merge(base: YamlNode, own: YamlNode, without: tuple[str, ...] = ()) -> dict[str, YamlNode]:
    """Returns the entries of both mappings: mappings are merged, some lists joined, else `own` replaces `base`.

    Args:
        base: The mapping below.
        own: The mapping above.
        without: Keys of `base` to ignore, by loose spelling.
    """
    entries = {key: node for key, node in (base.entries or {}).items() if loose_spelling(key) not in without}
    for key, node in (own.entries or {}).items():
        entries[key] = _merge_values(loose_spelling(key), entries[key], node) if key in entries else node
    return entries


def _merge_values(key: str, base: YamlNode, own: YamlNode) -> YamlNode:
    if own.tag in ("!override", "!reset") or own is base:
        return own
    if key in PAIRS and (base.items is not None or own.items is not None):
        base, own = _as_mapping(base), _as_mapping(own)
    result = YamlNode(own.file, own.line, own.column)
    if base.entries is not None and own.entries is not None:
        result.entries = merge(base, own)
    elif key in JOINED and not _is_null(base) and not _is_null(own):
        result.items = list(_items(base))
        paths = [_path(key, item) for item in result.items]
        for item in _items(own):
            path = _path(key, item)
            if path is not None and path in paths:
                result.items[paths.index(path)] = item
            else:
                result.items.append(item)
    else:
        return own
    return result


def _is_null(node: YamlNode) -> bool:
    return node.value is None and node.entries is None and node.items is None


def _items(node: YamlNode) -> Iterator[YamlNode]:
    yield from [node] if node.items is None else node.items


def _as_mapping(node: YamlNode) -> YamlNode:
    """Returns a list of NAME=VALUE, or of names, as the mapping that the list stands for."""
    if node.entries is not None:
        return node
    entries: dict[str, YamlNode] = {}
    for item in _items(node):
        name, sign, value = key_text(item.value).partition("=")
        entries[name] = YamlNode(
            item.file, item.line, item.column, value if sign else None, substitution=item.substitution
        )
    return YamlNode(node.file, node.line, node.column, entries=entries)


def _path(key: str, item: YamlNode) -> str | None:
    """Returns the path by which an entry of one list replaces that of another: in the container, or of a file."""
    if key not in ("volumes", "configs", "secrets", "devices", "envfile"):
        return None
    if item.entries is not None:
        found = next((item.entries[name] for name in ("target", "path", "source") if name in item.entries), None)
        return key_text(found.value).rstrip("/") if found is not None else None
    text = key_text(item.value)
    parts = [text] if key == "envfile" else text.split(":")
    return parts[1 if key in ("volumes", "devices") and len(parts) > 1 else 0].rstrip("/")
