"""Node images: what the kubelet of a node says it has, and what that list may lack."""

from __future__ import annotations

from collections.abc import Iterable

from rohe_iac.deployment.ports import NodeImages
from rohe_iac.manifests.kubernetes.pod.images import full_image_name
from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.readiness.observed import holds

MAX_IMAGES = 50
"""Images that a kubelet lists by default, the largest ones (KubeletConfiguration, `nodeStatusMaxImages`)."""

MAX_NAMES = 5
"""Names that a kubelet lists of one image (kubernetes pkg/kubelet/nodestatus, `MaxNamesPerImageInNodeStatus`)."""


def node_images(nodes: Iterable[ClusterObject]) -> dict[str, NodeImages]:
    """Returns what each node says it has, by name of the node."""
    return {node.name: _of_node(node) for node in nodes}


def _of_node(node: ClusterObject) -> NodeImages:
    listed = (node.body.get("status") or {}).get("images") or ()
    names = frozenset(full_image_name(str(name)) for item in listed for name in item.get("names") or ())
    gap = ""
    if not listed:
        gap = "the node reports no images"
    elif not holds(node.body, "Ready"):
        gap = "the node does not answer, and its list of images is old"
    elif len(listed) >= MAX_IMAGES:
        gap = f"the node reports only the {len(listed)} largest of its images"
    elif any(len(item.get("names") or ()) >= MAX_NAMES for item in listed):
        gap = f"the node reports only {MAX_NAMES} names of an image"
    return NodeImages(names, gap)
