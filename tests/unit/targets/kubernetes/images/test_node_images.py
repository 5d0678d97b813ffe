"""Claims about what a node says of its images."""

from __future__ import annotations

from typing import Any

from rohe_iac.targets.kubernetes.images.node_images import MAX_IMAGES, node_images
from rohe_iac.targets.kubernetes.object import ClusterObject


def node(*images: list[str], ready: str = "True") -> ClusterObject:
    status: dict[str, Any] = {
        "conditions": [{"type": "Ready", "status": ready}],
        "images": [{"names": names} for names in images],
    }
    return ClusterObject({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "edge-1"}, "status": status})


def gap(found: ClusterObject) -> str:
    return node_images([found])["edge-1"].gap


def test_a_short_list_is_whole_and_has_full_names() -> None:
    held = node_images([node(["docker.io/library/web:1", "web@sha256:ab"])])["edge-1"]
    assert held.names == {"docker.io/library/web:1", "docker.io/library/web@sha256:ab"}
    assert held.gap == ""


def test_a_list_that_may_be_incomplete_says_why() -> None:
    assert gap(node()) == "the node reports no images"
    assert gap(ClusterObject({**node().body, "status": {}})) == "the node reports no images"
    assert gap(node(*[[f"web:{number}"] for number in range(MAX_IMAGES)])) == (
        "the node reports only the 50 largest of its images"
    )
    assert "does not answer" in gap(node(["web:1"], ready="Unknown"))
    assert "only 5 names" in gap(node([f"web:{number}" for number in range(5)]))
