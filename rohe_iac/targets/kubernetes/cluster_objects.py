"""Cluster objects: what an inventory is made of, read from the API server of a cluster."""

from __future__ import annotations

from typing import Any

from lightkube import Client
from lightkube.resources.core_v1 import Node, Pod
from lightkube.resources.resource_v1 import DeviceClass, ResourceClaim, ResourceSlice

from rohe_iac.importing.cluster.objects import ClusterObjects, Object
from rohe_iac.targets.kubernetes.cluster import ObjectRefused, cluster_errors, open_cluster

ALL_NAMESPACES = "*"
_NOT_FOUND = 404


def read_cluster(context: str | None) -> ClusterObjects:
    """Reads the nodes, pods and devices of the cluster of a context.

    Args:
        context: The name of the context; None for the current one.

    Raises:
        NoCluster: There is no such context.
        ClusterUnreachable, ClusterRefused: The server does not answer, or does not let nodes and pods be listed.
    """
    client = open_cluster(context, "default")
    with cluster_errors(client):
        return ClusterObjects(
            origin=f"context {client.config.context_name}",
            nodes=_listed(client, Node),
            pods=_listed(client, Pod, namespace=ALL_NAMESPACES),
            slices=_if_there(client, ResourceSlice),
            classes=_if_there(client, DeviceClass),
            claims=_if_there(client, ResourceClaim, namespace=ALL_NAMESPACES),
        )


def _listed(client: Client, kind: Any, **options: Any) -> tuple[Object, ...]:
    return tuple(item.to_dict() for item in client.list(kind, **options))


def _if_there(client: Client, kind: Any, **options: Any) -> tuple[Object, ...] | None:
    """Returns the objects of a kind; None where the cluster does not have the kind."""
    try:
        with cluster_errors(client):
            return _listed(client, kind, **options)
    except ObjectRefused as error:
        if error.code != _NOT_FOUND:
            raise
        return None
