"""Resolves a Compose file: variables are substituted, `extends` is expanded, and one file is merged over another.

Source: "Merge and override" and "extends" of the Compose Specification (https://github.com/compose-spec/compose-spec).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath

from rohe_iac.importing.compose.files import read_variables
from rohe_iac.importing.compose.variables import substitute_in_service
from rohe_iac.importing.foreign.journal import Field, loose_spelling
from rohe_iac.importing.foreign.reading import Unreadable, YamlNode, key_text, read_foreign
from rohe_iac.importing.foreign.referenced_files import ReferencedFiles

JOINED = ("ports", "expose", "volumes", "tmpfs", "devices", "secrets", "configs", "envfile", "dns")
"""Lists that are joined: the items of both services are kept."""


PAIRS = ("environment", "dependson", "labels", "sysctls", "extrahosts")
"""Fields that may be written as a mapping, as a list of NAME=VALUE or as a list of names."""


ENV = ".env"


def expand_services(services: Field, known: Mapping[str, str], referenced_files: ReferencedFiles) -> None:
    """Substitutes the variables of every service, and expands `extends`, in place.

    Args:
        services: The services of the file.
        known: The values of variables that are set.
        referenced_files: Access to the files of services that are extended.
    """
    _ServiceExpansion(services, known, referenced_files).expand()


def read_dot_env(field: Field, referenced_files: ReferencedFiles) -> dict[str, str]:
    """Returns the variables of the file `.env` in the folder of the field's file."""
    return dict(read_variables(referenced_files.text(field.place.file, ENV) or ""))


class _ServiceExpansion:
    """Expands the services of one file, and of the files whose services it extends.

    Attributes:
        services: The services of the file.
        referenced_files: Access to other files.
        known: The values of variables that are set.
        files: The services of other files, by the name of the file.
        done: Services whose `extends` was expanded, by the name of the other file ("" for the file itself) and key.
        seen: Identities of values whose variables were substituted.
    """

    def __init__(self, services: Field, known: Mapping[str, str], referenced_files: ReferencedFiles) -> None:
        self.services = services
        self.referenced_files = referenced_files
        self.known = known
        self.files: dict[str, dict[str, Field]] = {}
        self.done: set[tuple[str, str]] = set()
        self.seen: set[int] = set()

    def expand(self) -> None:
        """Substitutes the variables of all services of the file, and expands their `extends`."""
        own = dict(self.services.entries())
        for field in own.values():
            self._reset(field)
            substitute_in_service(field, self.known, self.seen)
        for key, field in own.items():
            self._extend(("", key), field, own, ())

    def _extend(
        self, name: tuple[str, str], field: Field, others: Mapping[str, Field], around: tuple[tuple[str, str], ...]
    ) -> None:
        """Merges a service over the service that it extends, which is expanded first.

        Args:
            name: The name of the service's file ("" for the file itself) and its key.
            field: The service.
            others: The services of its file, by key.
            around: The services whose `extends` led here.
        """
        extends = field.get("extends") if field.is_mapping else None
        if extends is None or name in self.done:
            return
        self.done.add(name)
        named, file = (extends.get("service"), extends.get("file")) if extends.is_mapping else (extends, None)
        service_name, where = named.text if named is not None else "", name[0]
        if file is not None:
            where = (PurePath(field.place.file).parent / file.text).as_posix()
            others = self._read(where, field, file.text)
        base = others.get(service_name)
        if base is None or not base.is_mapping:
            there = f"in {file.text[:60]}, which has to lie below this file's folder" if file is not None else "here"
            extends.drop(f"there is no such service {there}; `docker compose config` prints a file that is whole")
            return
        if (where, service_name) in (name, *around):
            extends.drop("it takes over from itself")
            return
        self._extend((where, service_name), base, others, (*around, name))
        field.node.entries = merge(base.node, field.node, ("extends", "dependson"))
        field.node.by_spelling = None
        extends.map_to(f"written out: what it has of '{service_name[:60]}'")

    def _read(self, name: str, field: Field, path: str) -> dict[str, Field]:
        """Returns the services of another file, with places in that file."""
        if name not in self.files:
            found: dict[str, Field] = {}
            self.files[name] = found
            text = self.referenced_files.text(field.place.file, path)
            try:
                documents = read_foreign(name, text or "").documents
            except Unreadable:
                documents = []
            for document in documents:
                services = Field(document, field.path, field.journal).get("services")
                found |= dict(services.entries()) if services is not None else {}
            for service in found.values():
                self._reset(service)
                substitute_in_service(service, self.known, self.seen)
        return self.files[name]

    def _reset(self, field: Field) -> None:
        """Empties every value with the tag `!reset`."""
        if field.node.tag == "!reset":
            field.node.value = field.node.entries = field.node.items = None
        for part in [part for _, part in field.entries()] + field.items():
            self._reset(part)


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
    if own.tag in ("!override", "!reset"):
        return own
    if key in PAIRS and (base.items is not None or own.items is not None):
        base, own = _as_mapping(base), _as_mapping(own)
    result = YamlNode(own.file, own.line, own.column)
    if base.entries is not None and own.entries is not None:
        result.entries = merge(base, own)
    elif key in JOINED and not _is_null(base) and not _is_null(own):
        items = list(_items(own))
        paths = {_path_in_container(key, item) for item in items} - {None}
        result.items = [item for item in _items(base) if _path_in_container(key, item) not in paths] + items
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
        entries[name] = YamlNode(item.file, item.line, item.column, value if sign else None)
    return YamlNode(node.file, node.line, node.column, entries=entries)


def _path_in_container(key: str, item: YamlNode) -> str | None:
    """Returns the path of a volume, a config or a secret in the container, where an entry of `own` replaces another."""
    if key not in ("volumes", "configs", "secrets"):
        return None
    if item.entries is not None:
        found = item.entries.get("target") or item.entries.get("source")
        return key_text(found.value).rstrip("/") if found is not None else None
    parts = key_text(item.value).split(":")
    return parts[1 if key == "volumes" and len(parts) > 1 else 0].rstrip("/")
