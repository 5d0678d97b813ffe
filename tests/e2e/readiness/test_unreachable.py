"""A node that does not answer: its replicas wait, are left as they are, or fail, and are never shown as running."""

from __future__ import annotations

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
    assert stack.states()["alone-0"] != "running"
    assert "No change" not in stack.run("apply", "--yes").stdout
    stack.cluster.reach(node, reachable=True)
    assert stack.cluster.until(lambda: stack.states()["alone-0"] == "running")
    assert stack.apply()["pending"] == []


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
