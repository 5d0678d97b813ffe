"""A document's value without its faulty parts, and where each remaining part was in the whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from rohe_iac.blueprint.text.parsed import Path

UNNAMED = "unnamed"
"""The substitute for a name that cannot be read."""


class Remainder:
    """A document's value that shrinks; only containers that lose a part are copied.

    Attributes:
        value: What is left.
        names: Every name and key inside the removed parts.
    """

    def __init__(self, value: Any) -> None:
        self.value = value
        self.names: set[str] = set()
        self._copies: dict[int, Any] = {}
        self._kept: dict[int, list[int]] = {}
        self._removed: set[tuple[Path, str | int]] = set()
        self._lost: set[Path] = set()
        self._surplus: set[Path] = set()
        self._substitutes: set[Path] = set()
        self._nameless: set[Path] = set()

    def original(self, path: Path) -> Path:
        """Returns the path in the whole document of the value at `path` of the remainder."""
        if not self._kept:
            return path
        value: Any = self.value
        steps: list[str | int] = []
        for step in path:
            kept = self._kept.get(id(value))
            steps.append(kept[step] if kept is not None and isinstance(step, int) and step < len(kept) else step)
            value = value[step] if _contains(value, step) else None
        return tuple(steps)

    def was_removed(self, path: Path) -> bool:
        """Checks whether the missing key at `path` is missing because it was removed here."""
        return bool(path) and (self.original(path[:-1]), path[-1]) in self._removed

    def lost_parts(self) -> Iterator[Path]:
        """Yields the paths, in the whole document, of parts that are not known: removed ones, and substitutes."""
        removed = {parent for parent, _ in self._removed}
        yield from ((*parent, step) for parent, step in self._removed if parent not in self._surplus)
        yield from self._substitutes
        # Of a list, what is lost is an item.
        yield from (path for path in self._lost if path not in removed and path not in self._surplus)

    def lost_below(self, path: Path) -> bool:
        """Checks whether something that belonged at `path`, or below it, was removed."""
        if not self._lost:
            return False
        original_path = self.original(path)
        return any(lost[: len(original_path)] == original_path for lost in self._lost)

    def is_unknown(self, path: Path) -> bool:
        """Checks whether the value at `path`, or a part of it, is not as it was written, since it is at fault."""
        if not (self._lost or self._surplus or self._substitutes):
            return False
        above, whole = (self.original(path[:-1]), self.original(path)) if path else ((), ())
        return bool(path) and (
            (above, path[-1]) in self._removed
            or any(part[: len(whole)] == whole for part in (*self._substitutes, *self._lost))
        )

    def lacks_names(self, path: Path) -> bool:
        """Checks whether what is named at `path` may have further names: a part has none, or is at fault itself."""
        if not path or not (self._nameless or self._removed or self._substitutes):
            return False
        whole = self.original(path)
        return (
            whole in self._nameless
            or whole in self._substitutes
            or any((whole[:length], whole[length]) in self._removed for length in range(len(whole)))
        )

    def removed_from(self, path: Path) -> set[str]:
        """Returns the keys that were removed from the mapping at `path`."""
        whole = self.original(path)
        return {str(key) for above, key in self._removed if above == whole}

    def has_changed(self, path: Path, fields: Collection[str]) -> bool:
        """Checks whether one of these fields of the value at `path` is not, or not whole, as it was written."""
        original_path = self.original(path)
        begins = [(*original_path, name) for name in fields]
        return any(
            (original_path, name) in self._removed or (*original_path, name) in self._substitutes for name in fields
        ) or any(lost[: len(begin)] == begin for begin in begins for lost in self._lost)

    def was_surplus(self, path: Path) -> bool:
        """Checks whether something that did not belong there was removed from the value at `path`."""
        return self.original(path) in self._surplus

    def substitute(self, path: Path, value: Any) -> bool:
        """Puts `value` at `path`, where a value is required; returns False where that was done before, in vain."""
        original_path = (*self.original(path[:-1]), path[-1])
        parent = self._own_container(path[:-1])
        if original_path in self._substitutes or not isinstance(parent, dict):
            return False
        parent[path[-1]] = _numbered(value, f"{UNNAMED}-{len(self._substitutes) + 1}")
        self._substitutes.add(original_path)
        self._lost.add(original_path[:-1])
        if path[-1] == "name":
            self._nameless.add(original_path[:-2])
        return True

    @property
    def has_unnamed(self) -> bool:
        """Checks whether the name of some part is missing, so that any name may be meant."""
        return any(path[-1] == "name" and len(path) > len(("metadata", "name")) for path in self._substitutes)

    def is_substitute(self, path: Path) -> bool:
        """Checks whether the value at `path` is a substitute, or inside one."""
        if not self._substitutes:
            return False
        original_path = self.original(path)
        return any(original_path[: len(substitute)] == substitute for substitute in self._substitutes)

    def put(self, path: Path, new_path: Path, value: Any) -> bool:
        """Takes the value at `path` out and puts `value` at `new_path`; returns False where something else is there."""
        parent = self._own_container(path[:-1])
        above = new_path[:-1]
        if path != new_path:
            if isinstance(parent, dict) and above != path[:-1] and not isinstance(parent.get(above[-1], {}), dict):
                return False
            if isinstance(parent, dict) and above != path[:-1]:
                parent.setdefault(above[-1], {})
            target = self._own_container(above)
            if not isinstance(target, dict) or not isinstance(parent, dict) or new_path[-1] in target:
                return False
            del parent[path[-1]]
            target[new_path[-1]] = value
        elif isinstance(parent, dict | list) and _contains(parent, path[-1]):
            parent[path[-1]] = value  # type: ignore[index]
        else:
            return False
        return True

    def remove(self, paths: list[Path], surplus: frozenset[Path] = frozenset()) -> bool:
        """Removes the values at `paths`; returns False where nothing useful would be left.

        Args:
            paths: Paths in the remainder.
            surplus: Those of the paths whose values never belonged there, so that nothing is lost with them.
        """
        lists: dict[Path, set[int]] = {}
        for path in sorted(set(paths), key=repr):
            about_name = path in (("metadata",), ("metadata", "name"))
            if about_name or (not path and self._lacks_metadata()):
                self._name_document()
                continue
            if len(path) < 2:
                return False
            parent, step = self._own_container(path[:-1]), path[-1]
            original_path = self.original(path[:-1])
            (self._surplus if path in surplus else self._lost).add(original_path)
            if isinstance(parent, dict) and step in parent:
                part = parent.pop(step)
                self._removed.add((original_path, step))
                self.names.add(str(step))
            elif isinstance(parent, list) and isinstance(step, int) and step < len(parent):
                lists.setdefault(path[:-1], set()).add(step)
                part = parent[step]
                if not isinstance(part, str) and not (isinstance(part, dict) and isinstance(part.get("name"), str)):
                    self._nameless.add(original_path)
            else:
                continue
            self.names.update(_names_in(part))
            if step == "name" and isinstance(part, str):
                self.names.add(part)
        # The longest paths first, so that no list shifts before the lists inside it are done.
        for path in sorted(lists, key=len, reverse=True):
            parent, steps = self._own_container(path), lists[path]
            kept = self._kept.get(id(parent)) or list(range(len(parent)))
            self._kept[id(parent)] = [index for place, index in enumerate(kept) if place not in steps]
            parent[:] = [part for place, part in enumerate(parent) if place not in steps]
        return True

    def _own_container(self, path: Path) -> Any:
        """Returns the container at `path`, copied once together with all above it; None where there is none."""
        self.value = value = self._copy_once(self.value)
        for step in path:
            if not _contains(value, step):
                return None
            value[step] = value = self._copy_once(value[step])
        return value

    def _copy_once(self, value: Any) -> Any:
        if not isinstance(value, dict | list) or id(value) in self._copies:
            return value
        copy = value.copy()
        # Copies live as long as this object, so that no other value gets the id of a copy.
        self._copies[id(copy)] = copy
        return copy

    def _lacks_metadata(self) -> bool:
        value = self.value
        return isinstance(value, dict) and "metadata" not in value and isinstance(value.get("spec"), dict)

    def _name_document(self) -> None:
        # A document with faulty metadata is checked under a name that nothing refers to.
        value = self._own_container(())
        metadata = value.get("metadata")
        new_metadata = {**metadata, "name": UNNAMED} if isinstance(metadata, dict) else {"name": UNNAMED}
        if value.get("kind") == "Module":
            new_metadata.setdefault("version", "0.0.0")
        value["metadata"] = new_metadata


def _numbered(value: Any, name: str) -> Any:
    """Returns a substitute with a name of its own in place of UNNAMED."""
    if isinstance(value, str):
        return value.replace(UNNAMED, name)
    return [_numbered(part, name) for part in value] if isinstance(value, list) else value


def _contains(value: Any, step: str | int) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _names_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("name"), str):
            yield value["name"]
        for key, part in value.items():
            yield key
            yield from _names_in(part)
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, str))
        for part in value:
            yield from _names_in(part)
