"""Apply of a part leaves all else as it is, and a plan whose node is gone changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cameras import Cameras

pytestmark = pytest.mark.engine


def images(stack: Cameras) -> dict[str, str]:
    """Returns the image of each Deployment by its name."""
    found = stack.cluster.objects("deployments", stack.namespace)
    return {
        item["metadata"]["name"]: item["spec"]["template"]["spec"]["containers"][0]["image"].rpartition("/")[2]
        for item in found
    }


def test_a_part_is_applied_alone_and_the_rest_afterwards(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    stack.write()
    stack.apply("--target", "service/detect")
    assert images(stack) == {"detect-0": "detect:1"}
    stack.apply()
    new = {name: {"image": f"registry.example/{name}:2"} for name in ("alone", "store")}
    stack.write(**new)
    outcome = stack.apply("--target", "replica/cams:alone/0", "--allow-interruption")
    assert outcome["updated"] == ["replica/cams:alone/0"]
    assert images(stack) == {
        "alone-0": "alone:2",
        "camera-0": "camera:1",
        "detect-0": "detect:1",
        "store-0": "store:1",
    }
    assert stack.apply("--allow-interruption")["updated"] == ["replica/cams:store/0"]


def test_a_planned_node_that_is_gone_makes_the_plan_stale(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    stack.write()
    stack.run("plan", "--out", "cams.plan")
    stack.cluster.kubectl("delete", "node", stack.nodes[0])
    printed = stack.run("apply", "--yes", "cams.plan", code=6).stderr
    assert "nodes that it uses are not in the cluster, so nothing was changed" in printed
    assert f"{stack.nodes[0]}, for replica/cams:alone/0" in printed
    assert images(stack) == {}
