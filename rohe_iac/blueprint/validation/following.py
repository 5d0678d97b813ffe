"""Hints that are sure are followed in mind, so that one run reports what would only come to light after the edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rohe_iac.blueprint.findings.finding import Document, Finding
from rohe_iac.blueprint.findings.remainder import Remainder
from rohe_iac.blueprint.hints.change import AS_WRITTEN, HintedPart, change_of
from rohe_iac.blueprint.hints.value_text import yaml_scalar
from rohe_iac.blueprint.text.parsed import Path
from rohe_iac.blueprint.text.reader import read_plain


@dataclass(frozen=True, slots=True)
class Followed:
    """What takes the place of a faulty part of a document.

    Attributes:
        path: The path of the part, in the remainder.
        new_path: The path of what takes its place; the same where only the value changes.
        value: The new value.
        origins: By path below the new one: the path in the part where that value was; both relative.
    """

    path: Path
    new_path: Path
    value: Any
    origins: tuple[tuple[Path, Path], ...] = ()


def follow(finding: Finding, path: Path, value: Any, fields: set[str], item_fields: set[str]) -> Followed | None:
    """Returns what the finding's hint makes of the value at fault; None where the hint is not sure.

    Args:
        finding: What is wrong with the value, or with its key.
        path: The path of the value in the remainder.
        value: The value.
        fields: The fields of a mapping at that place; none where it takes no mapping of known fields.
        item_fields: The fields of the items of a list at that place; none where it takes no such list.
    """
    if finding.code == "R108" and finding.message.startswith("expected a list") and isinstance(value, dict):
        return _as_list(path, value, item_fields)
    hint = finding.hint
    if not isinstance(value, dict | list):  # whose text may be of any length, where aliases repeat a part
        hint = hint.replace(AS_WRITTEN, yaml_scalar(value))
    change = change_of(hint, on_key=finding.on_key)
    if change is not None and change.kind is HintedPart.VALUE:
        parsed = read_plain(change.text).values
        return Followed(path, path, parsed[0]) if len(parsed) == 1 else None
    if change is not None and change.kind is HintedPart.KEY and path:
        parsed = read_plain(change.text).values
        name = parsed[0] if len(parsed) == 1 else None
        return Followed(path, (*path[:-1], name), value) if isinstance(name, str) else None
    if finding.code == "R106" and "' under '" in hint and path:
        above = hint.rpartition("' under '")[2].removesuffix("'?")
        return Followed(path, (*path[:-1], above, path[-1]), value)
    if finding.code == "R108" and finding.message.startswith("expected a mapping") and isinstance(value, list):
        return _as_mapping(path, value, fields)
    return None


def _as_list(path: Path, value: dict[str, Any], item_fields: set[str]) -> Followed | None:
    """Returns a mapping as the list that was meant: its only item, or the items by their names."""
    if value and not item_fields.isdisjoint(value):
        return Followed(path, path, [value], (((0,), ()),))
    if value and "name" in item_fields and all(isinstance(item, dict | None) for item in value.values()):
        items = [{"name": name, **(item or {})} for name, item in value.items()]
        return Followed(path, path, items, tuple(((index,), (name,)) for index, name in enumerate(value)))
    return None


def _as_mapping(path: Path, value: list[Any], fields: set[str]) -> Followed | None:
    """Returns a list as the mapping that was meant: its items taken together."""
    entries: dict[str, Any] = {}
    origins: list[tuple[Path, Path]] = []
    for index, item in enumerate(value):
        if isinstance(item, str) and "=" in item and not fields:
            name, _, entries[name] = item.partition("=")
            origins.append(((name,), (index,)))
        elif isinstance(item, dict) and not fields and set(item) == {"name", "value"} and isinstance(item["name"], str):
            entries[item["name"]] = item["value"]
            origins.append(((item["name"],), (index, "value")))
        elif isinstance(item, dict) and not fields and isinstance(item.get("name"), str):
            entries[item["name"]] = {name: part for name, part in item.items() if name != "name"}
            origins.append(((item["name"],), (index,)))
        elif isinstance(item, dict):
            entries |= item
            origins += [((name,), (index, name)) for name in item]
        else:
            return None
    return Followed(path, path, entries, tuple(origins)) if entries else None


def put(document: Document, remainder: Remainder, followed: Followed) -> bool:
    """Puts what takes the place of a faulty part into the remainder; returns False where something is there already."""
    old, new = remainder.original(followed.path), remainder.original(followed.new_path)
    if not remainder.put(followed.path, followed.new_path, followed.value):
        return False
    if new != old:
        document.moved[new] = old
    for below, origin in followed.origins:
        document.moved[*new, *below] = (*old, *origin)
    return True
