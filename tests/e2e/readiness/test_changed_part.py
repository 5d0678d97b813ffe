"""A change that interrupts is refused; allowed, it takes the engine through what has to do with it and no more."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine


def was_about_all(stack: Cameras) -> bool:
    """Returns whether the engine's last run was about all resources, and not told to leave some alone."""
    found = max((stack.folder / "state").rglob("*.history.json"), key=lambda path: path.stat().st_mtime_ns)
    return "pulumi.flag.exclude" not in json.loads(found.read_bytes())["environment"]


def test_a_change_is_refused_where_it_interrupts_and_leaves_all_else_alone(
    cameras: Callable[..., Cameras],
) -> None:
    stack = cameras()
    stack.write()
    everything = stack.apply()["created"]
    assert was_about_all(stack)
    stack.write(alone={"image": "registry.example/alone:2"})
    # A service with one replica is interrupted by its update: the plan says so, and apply wants it allowed.
    planned = stack.run("plan").stdout
    assert "stop first: down for up to 30 s to stop and its start, how long is unknown" in planned
    refused = stack.run("apply", "--yes", code=5).stderr
    assert "1 service would be interrupted, so nothing was changed" in refused
    assert "replica/cams:alone/0: stop first: " in refused
    outcome = stack.apply("--allow-interruption")
    assert outcome["updated"] == ["replica/cams:alone/0"]
    assert sorted(outcome["same"] + outcome["updated"]) == sorted(everything)
    assert not was_about_all(stack)
    # What others changed brings all into the run.
    other = "camera=registry.example/camera:other"
    stack.cluster.kubectl("set", "image", "deployment/camera-0", other, "-n", stack.namespace)
    stack.write(store={"image": "registry.example/store:2"})
    outcome = stack.apply("--allow-interruption", "--allow-overwrite")
    assert {"replica/cams:camera/0", "replica/cams:store/0"} <= set(outcome["updated"])
    assert was_about_all(stack)
    stack.run("destroy", "--yes")
    assert stack.cluster.objects("deployments", stack.namespace) == []
