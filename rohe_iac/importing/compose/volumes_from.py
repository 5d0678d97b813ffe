"""Expands `volumes_from` of Compose services: a service mounts what another one mounts.

Source: "volumes_from" of the Compose Specification (https://github.com/compose-spec/compose-spec/blob/main/05-services.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.reading import YamlNode, key_text


def expand_volumes_from(services: Mapping[str, Field]) -> None:
    """Adds the volumes of the services that `volumes_from` names, in place. services: by their names in the file."""
    done: set[str] = set()
    for key in services:
        _expand(key, services, done)


def _expand(key: str, services: Mapping[str, Field], done: set[str]) -> None:
    field = services[key]
    listed = field.get("volumes_from") if field.is_mapping else None
    if key in done or listed is None:
        return
    done.add(key)
    for item in listed.as_list():
        parts = item.text.removeprefix("service:").split(":")
        other = services.get(parts[0])
        if other is None or not other.is_mapping or parts[0] == key:
            continue
        _expand(parts[0], services, done)
        volumes = other.get("volumes")
        nodes = [_mounted(part.node, "ro" in parts[1:]) for part in volumes.as_list()] if volumes is not None else []
        own = field.get("volumes")
        if nodes:
            kept = [part.node for part in own.as_list()] if own is not None else []
            assert field.node.entries is not None
            node = (own or listed).node
            field.node.entries["volumes"] = YamlNode(node.file, node.line, node.column, items=[*kept, *nodes])
            field.node.by_spelling = None
        item.map_to(f"written out: the volumes of '{parts[0][:60]}'")


def _mounted(node: YamlNode, read_only: bool) -> YamlNode:
    """Returns a mount for another service. read_only: whether that service may only read it."""
    if not read_only:
        return replace(node)
    if node.entries is not None:
        yes = YamlNode(node.file, node.line, node.column, value=True)
        return replace(node, entries={**node.entries, "read_only": yes}, by_spelling=None)
    text = key_text(node.value)
    return replace(node, value=f"{text}:ro" if text.count(":") == 1 else text)
