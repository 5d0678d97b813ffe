"""How changed pods are replaced is in the plan, and what interrupts a service wants to be allowed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine

NEW = {"image": "registry.example/store:2"}


def test_a_service_with_one_replica_is_interrupted_by_its_update(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    stack.write()
    stack.apply()
    stack.write(store=NEW)
    planned = stack.run("plan").stdout
    assert "stop first: down for up to 30 s to stop and its start, how long is unknown" in planned
    refused = stack.run("apply", "--yes", code=5).stderr
    assert "1 service would be interrupted, so nothing was changed" in refused
    assert "replica/cams:store/0: stop first: " in refused
    assert stack.apply("--allow-interruption")["updated"] == ["replica/cams:store/0"]


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
