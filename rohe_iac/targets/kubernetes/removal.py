"""Removal: objects of a stack that no manifest asks for, and the end of all of them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from rohe_iac.targets.kubernetes.api_server import ApiServer, Kind
from rohe_iac.targets.kubernetes.object import ClusterObject

MADE_BY_CLUSTER = frozenset({"Pod", "ReplicaSet", "ControllerRevision", "Endpoints", "EndpointSlice", "Event", "Lease"})
"""Kinds that controllers make of the stack's objects, or that are the lock, and that no manifest asks for."""

Key = tuple[str, str, str, str]


def strays(
    server: ApiServer, namespace: str, selector: str, wanted: Mapping[Key, ClusterObject]
) -> tuple[ClusterObject, ...]:
    """Returns the objects of a stack that are not wanted, such as what a killed apply made.

    Args:
        server: The API server.
        namespace: The namespace of the stack.
        selector: The label selector of the stack's objects.
        wanted: The wanted objects by key.
    """
    return tuple(
        item
        for item in labelled(server, namespace, selector)
        if item.key not in wanted and item.kind not in MADE_BY_CLUSTER and item.kind != "Namespace"
    )


def labelled(server: ApiServer, namespace: str, selector: str) -> Iterable[ClusterObject]:
    """Yields every object of the cluster that carries the stack's labels, in its namespace or in none."""
    for kind in server.kinds.values():
        if _listed(kind):
            yield from server.list(kind, namespace, selector, metadata=True)


def remove_all(server: ApiServer, namespace: str, selector: str) -> None:
    """Deletes every object of a stack and waits until all are gone."""
    while True:
        left = [item for item in labelled(server, namespace, selector) if item.kind not in ("Namespace", "Lease")]
        if not left:
            return
        for item in left:
            if "deletionTimestamp" not in item.body["metadata"]:
                server.delete(item)
        time.sleep(0.3)


def _listed(kind: Kind) -> bool:
    return {"list", "delete"} <= kind.verbs and kind.kind != "Event"
