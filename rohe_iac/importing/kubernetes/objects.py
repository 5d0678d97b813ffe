"""Objects of Kubernetes in files, those inside of lists too, each with its kind, name and namespace.

Source: the API conventions of Kubernetes
(https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rohe_iac.importing.foreign.journal import Field
from rohe_iac.importing.foreign.reading import YamlNode

_VERSION = re.compile(r"(?:(?P<group>[a-z0-9][a-z0-9.-]*)/)?v\d+(?:(?:alpha|beta)\d+)?")

_GROUPS_WITHOUT_A_DOMAIN = ("apps", "autoscaling", "batch", "extensions", "policy")
"""The groups of the API of Kubernetes itself that are no domain names; the groups of all others are."""

OWN_GROUP = "rohe.dev"

DEFAULT_NAMESPACE = "default"


@dataclass(frozen=True, slots=True)
class KubernetesObject:
    """One object of a file.

    Attributes:
        field: The object in the file.
        kind: Its kind, such as Deployment.
        name: Its name.
        namespace: Its namespace; "" for the default one, and for objects without namespaces.
    """

    field: Field
    kind: str
    name: str
    namespace: str

    @property
    def title(self) -> str:
        """The name that reports have for the object: `Deployment/web`."""
        return f"{self.kind}/{self.name}"

    def labels(self) -> dict[str, str]:
        """Returns the labels of the object itself."""
        return texts(at(self.field, "metadata", "labels"))


def is_kubernetes(root: Field) -> bool:
    """Checks whether a document is an object of Kubernetes, or a list of nothing else."""
    if root.is_list:
        return bool(root.items()) and all(is_kubernetes(item) for item in root.items())
    version, kind = root.get("apiVersion"), root.get("kind")
    if version is None or kind is None or not kind.text:
        return False
    match = _VERSION.fullmatch(version.text)
    if match is None or match["group"] == OWN_GROUP:
        return False
    return match["group"] is None or "." in match["group"] or match["group"] in _GROUPS_WITHOUT_A_DOMAIN


def objects_of(roots: Iterable[Field]) -> list[KubernetesObject]:
    """Returns all objects of documents, in order, those of lists one by one, and names each for reports."""
    found = []
    for field in (part for root in roots for part in _flat(root)):
        kind, name, namespace = field.get("kind"), at(field, "metadata", "name"), at(field, "metadata", "namespace")
        named = name or at(field, "metadata", "generateName")
        place = namespace.text if namespace is not None else ""
        item = KubernetesObject(
            field,
            kind.text if kind is not None else "object",
            named.text.rstrip("-") if named is not None else "",
            "" if place == DEFAULT_NAMESPACE else place,
        )
        field.journal.subjects[field.path] = item.title
        found.append(item)
    return found


def _flat(root: Field) -> Iterator[Field]:
    items, kind = root.get("items"), root.get("kind")
    if root.is_list:
        for part in root.items():
            yield from _flat(part)
    elif kind is not None and kind.text.endswith("List") and items is not None and items.is_list:
        for name in ("apiVersion", "kind", "metadata"):
            part_of_list = root.get(name)
            if part_of_list is not None:
                part_of_list.drop("a list is read item by item")
        for part in items.items():
            # The items of a NodeList need not say their kind.
            if part.get("kind") is None and kind.text != "List" and part.node.entries is not None:
                part.node.entries["kind"] = YamlNode(
                    part.node.file, part.node.line, part.node.column, value=kind.text.removesuffix("List")
                )
                part.node.by_spelling = None
            yield from _flat(part)
    else:
        yield root


def at(field: Field | None, *path: str) -> Field | None:
    """Returns the field at a path of keys; None where any of them is missing."""
    for key in path:
        field = field.get(key) if field is not None else None
    return field


def text_at(field: Field | None, *path: str) -> str:
    """Returns the text at a path of keys; "" where any of them is missing."""
    found = at(field, *path)
    return found.text if found is not None else ""


def items_at(field: Field | None, *path: str) -> list[Field]:
    """Returns the items of the list at a path of keys; none where there is no list."""
    found = at(field, *path)
    return found.items() if found is not None else []


def texts(field: Field | None) -> dict[str, str]:
    """Returns a mapping of texts, such as labels."""
    return {key: part.text for key, part in field.entries()} if field is not None else {}


def number_of(port: str, containers: Iterable[Field]) -> str:
    """Returns the number of a port that containers name, one of several names of it among them; else what is given."""
    for item in (item for container in containers for item in items_at(container, "ports")):
        if text_at(item, "name") == port:
            return text_at(item, "containerPort")
    return port


def map_parts(field: Field, target: str, known: Iterable[str], reason: str) -> None:
    """Records that some entries of a mapping became `target`, and that the others have no place, for this reason."""
    names = set(known)
    for key, part in field.entries():
        if key in names:
            part.map_to(target)
        elif part.path not in field.journal.recorded:
            part.drop(reason)


def plain(node: YamlNode) -> Any:
    """Returns a value of a file as JSON has it; numbers that a text stands for stay text."""
    if node.entries is not None:
        return {key: plain(part) for key, part in node.entries.items()}
    if node.items is not None:
        return [plain(part) for part in node.items]
    return node.value
