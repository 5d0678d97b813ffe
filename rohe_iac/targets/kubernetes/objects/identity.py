"""Identity: which cluster a context leads to, and whose stack is in a namespace of it."""

from __future__ import annotations

from lightkube import Client

from rohe_iac.deployment.location import FoundStack, Location
from rohe_iac.targets.kubernetes.api_server import ApiServer
from rohe_iac.targets.kubernetes.cluster import ClusterRefused
from rohe_iac.targets.kubernetes.locking.lease import APPLIED_AT, APPLIED_BY, StackLease
from rohe_iac.targets.kubernetes.object import PROJECT, ClusterObject

KUBE_SYSTEM = ("v1", "Namespace", "", "kube-system")
"""The namespace whose uid is the common way to name a cluster: it is made with the cluster and never again."""


def location_of(server: ApiServer, client: Client) -> Location:
    """Returns the cluster that a client asks; without an id where this user may not get the namespace kube-system."""
    try:
        found = server.get(KUBE_SYSTEM)
    except ClusterRefused:
        found = None
    configuration = client.config
    words = f"the cluster of the context {configuration.context_name} ({configuration.cluster.server})"
    return Location(found.uid if found is not None else "", words)


def found_stack(lease: StackLease, deployments: tuple[ClusterObject, ...], place: str) -> FoundStack | None:
    """Returns the stack that Deployments are of, with who applied it last; None where there are no Deployments.

    Args:
        lease: The lease of the stack, which has the word of the last apply.
        deployments: The Deployments with the label of the stack.
        place: The namespace and the cluster, in words.
    """
    if not deployments:
        return None
    try:
        found = lease.server.get(lease.key)
    except ClusterRefused:
        found = None  # who may only look at the stack need not have the right to see its lock
    marks = found.annotations if found is not None else {}
    project = deployments[0].labels.get(PROJECT, "")
    if APPLIED_BY not in marks:
        return FoundStack(project, place, "")
    return FoundStack(project, place, f"{marks[APPLIED_BY]} on {_minute(marks.get(APPLIED_AT, ''))}")


def _minute(time: str) -> str:
    """Returns a time (RFC 3339, of UTC) to the minute, as people read it."""
    return f"{time[:10]} at {time[11:16]} UTC" if time else "an unknown day"
