"""Nodes: which one a Deployment is planned on, whether it answers, and what is done where it does not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from rohe_iac.manifests.kubernetes.labels import NODE, UNREACHABLE
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.readiness.observed import KubernetesObject, condition, holds, is_terminating, name_of


def node_of(found: ClusterObject) -> str:
    """Returns the node that a Deployment is planned on, "" where it does not say so."""
    return str((found.body["metadata"].get("annotations") or {}).get(NODE, ""))


def unreachable_of(found: ClusterObject) -> str:
    """Returns what a node that does not answer means for a Deployment: wait, skip or fail."""
    return str((found.body["metadata"].get("annotations") or {}).get(UNREACHABLE, "wait"))


def asks_to_skip(objects: Mapping[str, ClusterObject]) -> bool:
    """Returns whether any object is to be left as it is while its node does not answer."""
    return any(unreachable_of(found) == "skip" for found in objects.values())


def skipped(objects: Mapping[str, ClusterObject], nodes: Iterable[ClusterObject]) -> dict[str, str]:
    """Returns the objects that are left as they are because their node does not answer, with the node's condition.

    Args:
        objects: Deployments by the name of their manifest.
        nodes: The nodes of the cluster.
    """
    silent = silent_nodes(nodes)
    return {
        name: silent[node_of(found)]
        for name, found in objects.items()
        if unreachable_of(found) == "skip" and node_of(found) in silent
    }


def silent_nodes(nodes: Iterable[ClusterObject]) -> dict[str, str]:
    """Returns the nodes that are NotReady, each with the words of its condition."""
    return {node.name: not_ready_words(node.name, node.body) for node in nodes if not holds(node.body, "Ready")}


def lost_nodes(nodes: Collection[ClusterObject] | None, deployments: Iterable[ClusterObject]) -> dict[str, str]:
    """Returns the nodes that are NotReady, and those planned for Deployments that are absent, each with why.

    Args:
        nodes: The nodes of the cluster; None where they are not known.
        deployments: The Deployments.
    """
    if nodes is None:
        return {}
    absent = {node_of(found) for found in deployments} - {node.name for node in nodes} - {""}
    return silent_nodes(nodes) | {name: f"node {name} is not in the cluster any more" for name in absent}


def left_behind(
    planned: str, pods: Iterable[KubernetesObject], nodes: Mapping[str, KubernetesObject]
) -> Iterator[tuple[KubernetesObject, KubernetesObject]]:
    """Yields the pods of a moved replica that end on a node that is NotReady, each with that node.

    A Deployment that stops first makes no new pod before the old one has gone, and only the kubelet of its node says so
    (https://kubernetes.io/docs/concepts/architecture/nodes/#condition).

    Args:
        planned: The node that the plan gives the replica.
        pods: The pods of the replica.
        nodes: The nodes of the cluster by name.
    """
    for pod in pods:
        node = nodes.get(pod.get("spec", {}).get("nodeName", ""))
        if node is not None and name_of(node) != planned and is_terminating(pod) and not holds(node, "Ready"):
            yield pod, node


def not_ready_words(name: str, node: KubernetesObject) -> str:
    """Returns that a node is NotReady, with the words of its condition."""
    found = condition(node, "Ready") or {}
    return f"node {name} is NotReady: {' '.join(str(found.get('message') or 'it has not reported yet').split())}"
