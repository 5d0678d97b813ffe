"""Preflight: what would make an apply fail, found before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.readiness.nodes import node_of

NAMED = 20
"""Objects that a message names of those that there are."""


class NodeGone(RoheError):
    """The plan has a node that the cluster does not have."""

    exit_code = ExitCode.STALE


class KindUnknown(RoheError):
    """The cluster does not know the kind of an object."""

    exit_code = ExitCode.UNREACHABLE


def refuse_unknown_kinds(server: ApiServer, objects: Sequence[tuple[Manifest, ClusterObject]]) -> None:
    """Raises KindUnknown where the cluster does not know the kind of an object; the detail says what needs it."""
    unknown = [
        f"{found.kind} ({found.api_version}), for {manifest.address}"
        for manifest, found in objects
        if (found.api_version, found.kind) not in server.kinds
    ]
    if unknown:
        raise KindUnknown(
            "the cluster does not know all kinds of objects that the plan has, so nothing was changed",
            detail="\n".join(unknown[:NAMED]),
            hint="install what defines them, or take them out; `kubectl api-resources` lists the kinds",
        )


def refuse_absent_nodes(
    nodes: Sequence[ClusterObject] | None, objects: Sequence[tuple[Manifest, ClusterObject]]
) -> None:
    """Raises NodeGone where a planned node is not in the cluster; the detail says what is planned on it.

    Args:
        nodes: The cluster's nodes; None where this user may not list them.
        objects: The manifests, each with its object.
    """
    if nodes is None:
        return
    known = {*(node.name for node in nodes), ""}
    gone = [
        f"{node_of(found)}, for {manifest.address}"
        for manifest, found in objects
        if manifest.workload and node_of(found) not in known
    ]
    if gone:
        raise NodeGone(
            "the plan is stale: nodes that it uses are not in the cluster, so nothing was changed",
            detail="\n".join(gone[:NAMED]),
            hint="take them out of the inventory, or set `status: down`, and plan again; `kubectl get nodes` "
            "lists those that are there",
        )
