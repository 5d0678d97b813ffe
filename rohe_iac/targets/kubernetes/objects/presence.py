"""Presence: objects that a stack had and that somebody removed from the cluster."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.objects.removal import labelled


def absent(server: ApiServer, namespace: str, selector: str, wanted: Mapping[str, ClusterObject]) -> tuple[str, ...]:
    """Returns the names of those objects that are not in the cluster, or lost the stack's labels, sorted.

    Args:
        server: The API server.
        namespace: The namespace of the stack.
        selector: The label selector of the stack's objects.
        wanted: The objects, each by a name that is returned for it; those of kinds that the cluster does not know, such
            as what only waits, are passed over.
    """
    kinds = {(found.api_version, found.kind) for found in wanted.values()}
    known = [server.kinds[kind] for kind in sorted(kinds) if kind in server.kinds]
    asked = {(kind.api_version, kind.kind) for kind in known}
    present = {item.key for item in labelled(server, namespace, selector, known, asked)} if known else set()
    return tuple(sorted(name for name, found in wanted.items() if found.key[:2] in asked and found.key not in present))
