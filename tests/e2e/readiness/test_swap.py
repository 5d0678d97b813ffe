"""Replicas that change places find room, although who calls waits for who is called."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine


def test_two_replicas_change_places(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(nodes=2, cpu="4")
    first, second = stack.nodes
    stack.of_nodes = {name: {"labels": {"kubernetes.io/hostname": name}} for name in stack.nodes}
    large = {"requests": {"cpu": "3", "memory": {"rss": "16Mi"}}, "terminationGracePeriod": "1s"}
    for camera, detect in ((first, second), (second, first)):
        stack.write(
            camera={**large, "placement": {"nodeSelector": {"kubernetes.io/hostname": camera}}},
            detect={**large, "placement": {"nodeSelector": {"kubernetes.io/hostname": detect}}},
        )
        assert stack.apply("--allow-interruption")["ending"] == "complete"
        nodes = {
            item["metadata"]["labels"]["rohe.dev/instance"]: item["spec"]["nodeName"]
            for item in stack.cluster.objects("pods", stack.namespace)
        }
        assert (nodes["camera-0"], nodes["detect-0"]) == (camera, detect)
