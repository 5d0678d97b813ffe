"""ConfigMaps and Secrets: what containers take from them as variables and files; the value of a Secret never."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.kubernetes.objects import KubernetesObject, items_at, text_at
from rohe_iac.importing.kubernetes.reasons import SECRET_VALUE

UNUSED = "no container of these files uses it"

NO_KEY = "not a key that Kubernetes takes: up to 253 letters, digits, '-', '_' and '.', not beginning with '..'"

NO_PATH = "not a path below a volume: it is relative, without '..'"

_KEY = re.compile(r"(?!\.\.|\.$)[-._A-Za-z0-9]{1,253}")
"""A key of a ConfigMap or Secret. Source: https://kubernetes.io/docs/concepts/configuration/configmap/"""

_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""The name of an object, which is a part of paths, too."""


@dataclass(frozen=True, slots=True)
class ConfigEntry:
    """One key of a ConfigMap: its bytes, its field in the file, and whether it is one of `binaryData`."""

    content: bytes
    field: Field
    is_binary: bool = False

    @property
    def variable(self) -> str | None:
        """The value that a variable of it has; None where it has none, as of `binaryData`."""
        return None if self.is_binary else self.text

    @property
    def text(self) -> str | None:
        """The content as text; None where it is none."""
        try:
            return self.content.decode("utf-8")
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True)
class NamespaceSettings:
    """The ConfigMaps and Secrets of one namespace.

    Attributes:
        configs: The entries of ConfigMaps, by name and key.
        secrets: The keys of Secrets, by name.
    """

    configs: Mapping[str, Mapping[str, ConfigEntry]]
    secrets: Mapping[str, tuple[str, ...]]


def settings_of(objects: list[KubernetesObject]) -> NamespaceSettings:
    """Reads the ConfigMaps and the keys of the Secrets among objects."""
    configs: dict[str, dict[str, ConfigEntry]] = {}
    secrets: dict[str, tuple[str, ...]] = {}
    for item in objects:
        if item.kind in ("ConfigMap", "Secret") and not _NAME.fullmatch(item.name):
            item.field.drop("not a name that Kubernetes takes: small letters, digits, '-' and '.'")
        elif item.kind == "ConfigMap":
            configs[item.name] = _entries(item.field)
        elif item.kind == "Secret":
            secrets[item.name] = _keys(item.field)
    return NamespaceSettings(configs, secrets)


def drop_values(item: KubernetesObject) -> None:
    """Lists the values of a Secret, none of which is copied, and those of a ConfigMap that nothing takes."""
    is_secret = item.kind == "Secret"
    for word in ("data", "stringData", "binaryData"):
        part = item.field.get(word)
        if part is None:
            continue
        if is_secret:
            part.drop(SECRET_VALUE)
        else:
            part.drop_unrecorded(UNUSED)
    for word in ("type", "immutable"):
        if (part := item.field.get(word)) is not None:
            part.drop("what may be in it is the cluster's affair")


def _entries(field: Field) -> dict[str, ConfigEntry]:
    found = {}
    data, binary = field.get("data"), field.get("binaryData")
    for key, part in _known(data):
        found[key] = ConfigEntry(part.raw.encode("utf-8"), part)
    for key, part in _known(binary):
        try:
            content = base64.b64decode("".join(part.text.split()), validate=True)
            found[key] = ConfigEntry(content, part, is_binary=True)
        except (binascii.Error, ValueError):
            part.report_fault("expected base64, as binaryData has it")
    return found


def _keys(field: Field) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for word in ("data", "stringData") for key, _ in _known(field.get(word))))


def _known(values: Field | None) -> Iterator[tuple[str, Field]]:
    """Yields the values whose keys may be names of files; the others are listed."""
    for key, part in values.entries() if values is not None else []:
        if _KEY.fullmatch(key):
            yield key, part
        else:
            part.drop(NO_KEY)


def chosen_items(source: Field) -> list[tuple[str, str]]:
    """Returns the path below its mount and the key of each of the `items` of a volume; others than below are listed."""
    found = []
    for item in items_at(source, "items"):
        key, path = text_at(item, "key"), text_at(item, "path")
        path = path or key
        if not path or path.startswith("/") or ".." in path.split("/") or "\0" in path:
            item.drop(NO_PATH)
        else:
            found.append((path, key))
    return found
