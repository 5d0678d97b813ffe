"""Cluster objects: what an inventory is made of, as the JSON values that the API server gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Object = Mapping[str, Any]
"""One object of the API, as JSON."""

OWNED = {"app.kubernetes.io/managed-by": "rohe"}
"""Labels of everything that rohe applied."""

STACK = "rohe.dev/stack"
"""The label with the stack that an object belongs to."""


@dataclass(frozen=True, slots=True)
class ClusterObjects:
    """What was read of a cluster.

    Attributes:
        origin: Where it was read, such as `context edge`.
        nodes, pods: Every Node, and every Pod of all namespaces.
        slices, classes, claims: ResourceSlices, DeviceClasses and ResourceClaims; None where the cluster has no such
            kinds (before Kubernetes 1.34, `resource.k8s.io/v1`).
    """

    origin: str
    nodes: tuple[Object, ...]
    pods: tuple[Object, ...]
    slices: tuple[Object, ...] | None = None
    classes: tuple[Object, ...] | None = None
    claims: tuple[Object, ...] | None = None


def name_of(item: Object) -> str:
    """Returns the name of an object."""
    return str((item.get("metadata") or {}).get("name") or "")


def labels_of(item: Object) -> dict[str, str]:
    """Returns the labels of an object."""
    return dict((item.get("metadata") or {}).get("labels") or {})


def is_of_stack(item: Object, stack: str) -> bool:
    """Checks whether an object belongs to the stack of that name; nothing belongs to the stack ""."""
    labels = labels_of(item)
    return bool(stack) and all(labels.get(key) == value for key, value in {**OWNED, STACK: stack}.items())


def at(item: Any, *path: str) -> Any:
    """Returns the value at a path of keys; None where any of them is missing."""
    for key in path:
        item = item.get(key) if isinstance(item, Mapping) else None
    return item


def each(item: Any, *path: str) -> Iterator[Any]:
    """Yields the items of a list at a path of keys; none where there is no list."""
    yield from at(item, *path) or ()
