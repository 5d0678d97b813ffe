"""Only what asks for it is left as it is, and only while its own node does not answer."""

from __future__ import annotations

from typing import Any

from rohe_iac.targets.kubernetes.object import ClusterObject
from rohe_iac.targets.kubernetes.readiness.nodes import asks_to_skip, node_of, skipped, unreachable_of


def _deployment(node: str, unreachable: str = "") -> ClusterObject:
    annotations = {"rohe.dev/node": node, **({"rohe.dev/unreachable": unreachable} if unreachable else {})}
    return ClusterObject({"kind": "Deployment", "metadata": {"name": "x", "annotations": annotations}})


def _node(name: str, status: str, message: str = "") -> ClusterObject:
    condition: dict[str, Any] = {"type": "Ready", "status": status, "message": message}
    return ClusterObject({"metadata": {"name": name}, "status": {"conditions": [condition]}})


def test_what_is_to_be_skipped_is_left_out_while_its_node_is_silent() -> None:
    objects = {"a": _deployment("n1", "skip"), "b": _deployment("n2", "skip"), "c": _deployment("n1")}
    nodes = [_node("n1", "Unknown", "Kubelet stopped  posting."), _node("n2", "True")]
    assert skipped(objects, nodes) == {"a": "node n1 is NotReady: Kubelet stopped posting."}
    assert skipped(objects, [_node("n1", "False")]) == {"a": "node n1 is NotReady: it has not reported yet"}
    assert skipped(objects, []) == {}


def test_waiting_is_usual() -> None:
    assert (node_of(_deployment("n1")), unreachable_of(_deployment("n1"))) == ("n1", "wait")
    assert unreachable_of(ClusterObject({"metadata": {"name": "x"}})) == "wait"
    assert not asks_to_skip({"a": _deployment("n1"), "b": _deployment("n1", "fail")})
    assert asks_to_skip({"a": _deployment("n1", "skip")})
