"""How changed pods are replaced is in the plan, and what interrupts a service wants to be allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine

NEW = {"image": "registry.example/store:2"}


def test_only_accelerator_of_a_node_is_given_up_before_it_is_taken_again(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(resources={"example.com/gpu": "1"})
    device = {"gpu0": {"type": "gpu", "mode": "exclusive", "kubernetes": {"extendedResource": "example.com/gpu"}}}
    stack.of_nodes = {stack.nodes[0]: {"accelerators": device}}
    accelerated = {"requests": {"cpu": "100m", "memory": {"rss": "16Mi"}, "accelerators": {"gpu": {"count": 1}}}}
    stack.write(store=accelerated)
    stack.apply()
    stack.write(store={**accelerated, **NEW})
    assert "stop first" in stack.run("apply", "--yes", code=5).stderr
    assert stack.apply("--allow-interruption")["ending"] == "complete"
    assert stack.states()["store-0"] == "running"
