"""What is left of a document when its faulty parts are taken out, and where each part stood."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from typing import Any

from rohe_iac.blueprint.finding import Path

UNNAMED = "unnamed"
"""Stands for the name of a document whose own cannot be read."""


class Rest:
    """A copy of a document's value that shrinks. names: every name and key inside what was taken out."""

    def __init__(self, value: Any) -> None:
        # As a deep copy, aliases kept, in a tenth of the time.
        self.value = pickle.loads(pickle.dumps(value))
        self.names: set[str] = set()
        self._paths: dict[int, Path] = {}
        self._taken: set[tuple[int, str | int]] = set()
        self._lost: set[int] = set()
        self._kept: list[Any] = []  # what was taken out lives on, so that no other value gets its id
        self._remember(self.value, ())

    def _remember(self, value: Any, path: Path) -> None:
        if isinstance(value, dict | list) and id(value) not in self._paths:
            self._paths[id(value)] = path
            for step, part in value.items() if isinstance(value, dict) else enumerate(value):
                self._remember(part, (*path, step))

    def original(self, path: Path) -> Path:
        """Where the value at `path` of what is left stood in the whole document."""
        value: Any = self.value
        known: Path = ()
        for index, step in enumerate(path):
            known = self._paths.get(id(value), known)
            rest = path[index:]
            if not _has(value, step):
                return (*known, *rest)
            value = value[step]
            if not isinstance(value, dict | list):
                return (*known, *rest)
        return self._paths.get(id(value), path)

    def was_taken(self, path: Path) -> bool:
        """Whether the missing key at `path` is missing because it was taken out here."""
        parent = self._at(path[:-1])
        return (id(parent), path[-1]) in self._taken if path else False

    def lost_under(self, path: Path) -> bool:
        """Whether something that belonged at `path`, or below it, was taken out."""
        return self._lost_in(self._at(path))

    def _lost_in(self, value: Any) -> bool:
        if not isinstance(value, dict | list):
            return False
        return id(value) in self._lost or any(map(self._lost_in, value.values() if isinstance(value, dict) else value))

    def take(self, paths: list[Path], surplus: frozenset[Path] = frozenset()) -> bool:
        """Takes the values at `paths` out; False where that would leave nothing to go on with.

        surplus: those of them that never belonged there, so that nothing is lost with them.
        """
        lists: dict[int, tuple[list[Any], set[int]]] = {}
        for path in sorted(set(paths), key=repr):
            about_name = path in (("metadata",), ("metadata", "name"))
            if about_name or (not path and self._unnamed()):
                self._name_it()
                continue
            if len(path) < 2:
                return False
            parent, step = self._at(path[:-1]), path[-1]
            if path not in surplus:
                self._lost.add(id(parent))
            if isinstance(parent, dict) and step in parent:
                part = parent.pop(step)
                self._taken.add((id(parent), step))
                self.names.add(str(step))
            elif isinstance(parent, list) and isinstance(step, int) and step < len(parent):
                lists.setdefault(id(parent), (parent, set()))[1].add(step)
                part = parent[step]
            else:
                continue
            self._kept.append(part)
            self.names.update(_names(part))
            if step == "name" and isinstance(part, str):
                self.names.add(part)
        for parent, steps in lists.values():
            parent[:] = [part for index, part in enumerate(parent) if index not in steps]
        return True

    def _unnamed(self) -> bool:
        value = self.value
        return isinstance(value, dict) and "metadata" not in value and isinstance(value.get("spec"), dict)

    def _name_it(self) -> None:
        # A document with faulty metadata is checked all the same, under a name that nothing refers to.
        metadata = self.value.get("metadata")
        rest = {**metadata, "name": UNNAMED} if isinstance(metadata, dict) else {"name": UNNAMED}
        if self.value.get("kind") == "Module":
            rest.setdefault("version", "0.0.0")
        self._kept.append(metadata)
        self.value["metadata"] = rest

    def _at(self, path: Path) -> Any:
        value = self.value
        for step in path:
            if isinstance(value, dict):
                value = value.get(str(step))
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                value = value[step]
            else:
                return None
        return value


def _has(value: Any, step: str | int) -> bool:
    return step in value if isinstance(value, dict) else isinstance(step, int) and step < len(value)


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("name"), str):
            yield value["name"]
        for key, part in value.items():
            yield key
            yield from _names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _names(part)
