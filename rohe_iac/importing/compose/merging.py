"""A Compose file as it is meant: variables filled in, `extends` written out, one file's services over another's.

Source: "Merge and override" and "extends" of the Compose Specification (https://github.com/compose-spec/compose-spec).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath

from rohe_iac.importing.compose.files import read_variables
from rohe_iac.importing.compose.variables import fill
from rohe_iac.importing.foreign.beside import Beside
from rohe_iac.importing.foreign.journal import Field, plain
from rohe_iac.importing.foreign.reading import Node, Unreadable, key_text, read_foreign

JOINED = ("ports", "expose", "volumes", "tmpfs", "devices", "secrets", "configs", "envfile", "dns")
"""Lists of which the items of both services are kept."""


PAIRS = ("environment", "dependson", "labels", "sysctls", "extrahosts")
"""Fields that may be written as a mapping or as a list of NAME=VALUE, or of names."""


ENV = ".env"


def written_out(services: Field, known: Mapping[str, str], beside: Beside) -> None:
    """Fills in the variables of every service, and writes out what it takes over from others by `extends`.

    known: the values of variables that are set.
    """
    _Services(services, known, beside).write_out()


def environment_of(field: Field, beside: Beside) -> dict[str, str]:
    """The variables of the file `.env` beside the file of this field."""
    return dict(read_variables(beside.text(field.place.file, ENV) or ""))


class _Services:
    """The services of one file and of those that it extends."""

    def __init__(self, services: Field, known: Mapping[str, str], beside: Beside) -> None:
        self.services = services
        self.beside = beside
        self.known = known
        self.files: dict[str, dict[str, Field]] = {}
        self.done: set[tuple[str, str]] = set()
        self.seen: set[int] = set()

    def write_out(self) -> None:
        own = dict(self.services.entries())
        for field in own.values():
            self._take_back(field)
            fill(field, self.known, self.seen)
        for key, field in own.items():
            self._extend(("", key), field, own, ())

    def _extend(
        self, name: tuple[str, str], field: Field, others: Mapping[str, Field], around: tuple[tuple[str, str], ...]
    ) -> None:
        extends = field.get("extends") if field.is_mapping else None
        if extends is None or name in self.done:
            return
        self.done.add(name)
        named, file = (extends.get("service"), extends.get("file")) if extends.is_mapping else (extends, None)
        wanted, where = named.text if named is not None else "", name[0]
        if file is not None:
            where = (PurePath(field.place.file).parent / file.text).as_posix()
            others = self._read(where, field, file.text)
        base = others.get(wanted)
        if base is None or not base.is_mapping:
            there = f"in {file.text[:60]}, which has to lie below this file's folder" if file is not None else "here"
            extends.drop(f"there is no such service {there}; `docker compose config` prints a file that is whole")
            return
        if (where, wanted) in (name, *around):
            extends.drop("it takes over from itself")
            return
        self._extend((where, wanted), base, others, (*around, name))
        field.node.entries = merged(base.node, field.node, ("extends", "dependson"))
        field.node.spelled = None
        extends.to(f"written out: what it has of '{wanted[:60]}'")

    def _read(self, name: str, field: Field, path: str) -> dict[str, Field]:
        """The services of another file; places are told in that file."""
        if name not in self.files:
            found: dict[str, Field] = {}
            self.files[name] = found
            text = self.beside.text(field.place.file, path)
            try:
                documents = read_foreign(name, text or "").documents
            except Unreadable:
                documents = []
            for document in documents:
                services = Field(document, field.path, field.journal).get("services")
                found |= dict(services.entries()) if services is not None else {}
            for service in found.values():
                self._take_back(service)
                fill(service, self.known, self.seen)
        return self.files[name]

    def _take_back(self, field: Field) -> None:
        """`!reset` empties what it is written before."""
        if field.node.tag == "!reset":
            field.node.value = field.node.entries = field.node.items = None
        for part in [part for _, part in field.entries()] + field.items():
            self._take_back(part)


def merged(base: Node, own: Node, without: tuple[str, ...] = ()) -> dict[str, Node]:
    """The entries of both mappings: mappings are joined, some lists added up, else `own` has its way.

    without: keys that are not taken of `base`.
    """
    entries = {key: node for key, node in (base.entries or {}).items() if plain(key) not in without}
    for key, node in (own.entries or {}).items():
        entries[key] = _both(plain(key), entries[key], node) if key in entries else node
    return entries


def _both(key: str, base: Node, own: Node) -> Node:
    if own.tag in ("!override", "!reset"):
        return own
    if key in PAIRS and (base.items is not None or own.items is not None):
        base, own = _as_mapping(base), _as_mapping(own)
    made = Node(own.file, own.line, own.column)
    if base.entries is not None and own.entries is not None:
        made.entries = merged(base, own)
    elif key in JOINED and not _is_nothing(base) and not _is_nothing(own):
        items = list(_items(own))
        ends = {_end(key, item) for item in items} - {None}
        made.items = [item for item in _items(base) if _end(key, item) not in ends] + items
    else:
        return own
    return made


def _is_nothing(node: Node) -> bool:
    return node.value is None and node.entries is None and node.items is None


def _items(node: Node) -> Iterator[Node]:
    yield from [node] if node.items is None else node.items


def _as_mapping(node: Node) -> Node:
    """A list of NAME=VALUE, or of names, as the mapping that it stands for."""
    if node.entries is not None:
        return node
    made = Node(node.file, node.line, node.column, entries={})
    for item in _items(node):
        name, sign, value = key_text(item.value).partition("=")
        assert made.entries is not None
        made.entries[name] = Node(item.file, item.line, item.column, value if sign else None)
    return made


def _end(key: str, item: Node) -> str | None:
    """Where a volume, a config or a secret is seen in the container: one takes the place of another there."""
    if key not in ("volumes", "configs", "secrets"):
        return None
    if item.entries is not None:
        found = item.entries.get("target") or item.entries.get("source")
        return key_text(found.value).rstrip("/") if found is not None else None
    parts = key_text(item.value).split(":")
    return parts[1 if key == "volumes" and len(parts) > 1 else 0].rstrip("/")
