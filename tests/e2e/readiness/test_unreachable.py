"""A node that does not answer: its replicas wait, are left as they are, or fail, and are never shown as running."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine

LARGE = {"requests": {"cpu": "3", "memory": {"rss": "16Mi"}}}
"""A service that shares no node with another of this size."""


def silent(stack: Cameras) -> tuple[str, str]:
    """Applies two services that share no node, and stops the node of `alone`; returns that node and its pod."""
    stack.write(alone=LARGE, detect=LARGE)
    stack.apply()
    pods = {
        item["metadata"]["labels"]["rohe.dev/instance"]: item for item in stack.cluster.objects("pods", stack.namespace)
    }
    node = pods["alone-0"]["spec"]["nodeName"]
    stack.cluster.reach(node, reachable=False)
    return node, pods["alone-0"]["metadata"]["name"]


def test_what_waits_is_pending_until_its_node_answers(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(nodes=2)
    node, _ = silent(stack)
    stack.write(alone={**LARGE, "image": "registry.example/alone:2"})
    outcome = stack.apply("--allow-interruption")
    assert outcome["ending"] == "complete"
    assert [item["address"] for item in outcome["pending"]][-1:] != []
    assert f"node {node} is NotReady: " in outcome["pending"][0]["reason"]
    part = next(p for p in json.loads(stack.run("status", "-o", "json").stdout)["parts"] if p["instance"] == "alone-0")
    assert (part["state"], part["detail"][:40]) == ("pending", f"node {node} is NotReady: Kubelet stopped"[:40])
    assert "No change" not in stack.run("apply", "--yes").stdout
    stack.cluster.reach(node, reachable=True)
    assert stack.cluster.until(lambda: stack.states()["alone-0"] == "running")
    assert stack.apply()["pending"] == []
    stack.cluster.kubectl("delete", "node", node)
    assert stack.states()["alone-0"] in ("lost", "pending")


def test_a_newer_plan_moves_a_replica_off_a_silent_node(cameras: Callable[..., Cameras]) -> None:
    """The old node cannot say that the old pod has ended, which the new one would have to wait for."""
    stack = cameras(nodes=3)
    node, pod = silent(stack)
    stack.cluster.kubectl("annotate", "pod", pod, "-n", stack.namespace, "rohe.dev/simulate=unreachable")
    stack.of_nodes = {node: {"status": "down"}}
    stack.write()
    done = stack.run("apply", "--yes", "--allow-interruption")
    assert f"replica/cams:alone/0 was moved: node {node} is NotReady: " in done.stderr
    assert f"Its old pod {pod} was removed from the cluster, and may still run there" in done.stderr
    assert stack.states()["alone-0"] == "running"


def test_what_is_skipped_stays_as_it_is_until_a_later_apply(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(nodes=2)
    stack.target = {"unreachable": "skip"}
    node, _ = silent(stack)
    stack.write(alone={**LARGE, "image": "registry.example/alone:2"})
    outcome = stack.apply("--allow-interruption")
    assert outcome["updated"] == []
    assert "replica/cams:alone/0" in [item["address"] for item in outcome["pending"]]
    (deployment,) = (
        item for item in stack.cluster.objects("deployments", stack.namespace) if item["metadata"]["name"] == "alone-0"
    )
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.example/alone:1"
    stack.cluster.reach(node, reachable=True)
    assert stack.apply("--allow-interruption")["updated"] == ["replica/cams:alone/0"]


def test_a_node_may_fail_what_is_planned_on_it(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(nodes=2)
    stack.of_nodes = {name: {"unreachable": "fail"} for name in stack.nodes}
    node, _ = silent(stack)
    stack.write(alone={**LARGE, "image": "registry.example/alone:2"})
    outcome = stack.apply("--allow-interruption", code=9)
    reasons = {failure["address"]: failure["reason"] for failure in outcome["failed"]}
    assert f"node {node} is NotReady: " in reasons["service/cams:alone"]
