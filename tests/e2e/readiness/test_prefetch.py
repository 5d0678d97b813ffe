"""Apply has nodes pull images before it changes anything, and changes nothing where one cannot be had."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from cameras import BROKEN, Cameras

pytestmark = pytest.mark.engine

PREFETCH = "rohe.dev/prefetch=true"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def prefetch_pods(stack: Cameras) -> str:
    return stack.cluster.kubectl("get", "pods", "-n", stack.namespace, "-l", PREFETCH, "-o", "name").stdout


def generations(stack: Cameras) -> dict[str, int]:
    found = stack.cluster.objects("deployments", stack.namespace)
    return {item["metadata"]["name"]: item["metadata"]["generation"] for item in found}


def test_images_are_pulled_first_and_a_broken_one_changes_nothing(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(create=True)
    labels = [f"{name}={value}" for name, value in RESTRICTED.items()]
    stack.cluster.kubectl("label", "namespace", stack.namespace, *labels)
    # A quota takes only pods that state what they request.
    stack.cluster.kubectl("create", "quota", "all", "--hard", "cpu=2,memory=1Gi,pods=20", "-n", stack.namespace)
    stack.write()
    done = stack.run("apply", "--yes", "--prefetch")
    (node,) = stack.nodes
    lines = done.stderr.splitlines()
    pulled = [line for line in lines if "= pulled registry.example/" in line]
    assert len(pulled) == 4
    assert any(f"registry.example/detect:1 on {node}" in line for line in pulled)
    first = next(number for number, line in enumerate(lines) if "created" in line)
    assert max(lines.index(line) for line in pulled) < first
    assert "simulated nodes pull nothing" in done.stderr
    assert prefetch_pods(stack) == ""

    before = generations(stack)
    stack.write(detect={"image": BROKEN}, store={"image": "registry.example/store:2"})
    failed = stack.run("apply", "--yes", "--prefetch", "--allow-interruption", code=9)
    assert f"{BROKEN} on {node}: ImagePullBackOff: Back-off pulling image" in failed.stderr
    assert "1 image could not be pulled, so nothing was changed" in failed.stderr
    assert f"= pulled registry.example/store:2 on {node}" in failed.stderr
    assert "registry.example/camera" not in failed.stderr
    assert generations(stack) == before
    assert prefetch_pods(stack) == ""
    assert set(stack.states().values()) == {"running"}


def test_what_a_killed_prefetch_left_is_no_part_of_the_stack_and_swept(cameras: Callable[..., Cameras]) -> None:
    stack = cameras()
    stack.write()
    stack.apply()
    labels = {"app.kubernetes.io/managed-by": "rohe", "rohe.dev/stack": "cams", "rohe.dev/prefetch": "true"}
    spec = {"nodeName": stack.nodes[0], "containers": [{"name": "image", "image": BROKEN}]}
    left = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "left", "labels": labels}, "spec": spec}
    stack.cluster.kubectl("apply", "-n", stack.namespace, "-f", "-", text=json.dumps(left))
    assert set(stack.states().values()) == {"running"}
    assert stack.apply()["swept"] == ["pod/left"]
    assert prefetch_pods(stack) == ""


def test_a_node_that_does_not_answer_pulls_nothing_and_holds_nobody_up(cameras: Callable[..., Cameras]) -> None:
    stack = cameras(nodes=2)
    silent, other = stack.nodes
    stack.write(detect={"placement": {"nodeSelector": {"kubernetes.io/hostname": silent}}})
    stack.of_nodes = {name: {"labels": {"kubernetes.io/hostname": name}} for name in stack.nodes}
    stack.write(
        **{
            name: {"placement": {"nodeSelector": {"kubernetes.io/hostname": other}}}
            for name in ("camera", "store", "alone")
        }
    )
    stack.cluster.reach(silent, reachable=False)
    done = stack.run("apply", "--yes", "--prefetch")
    assert f"registry.example/detect:1 on {silent} was not pulled: node {silent} is NotReady" in done.stderr
    stack.of_nodes[silent]["unreachable"] = "fail"
    stack.write(detect={"image": "registry.example/detect:2"})
    stack.run("apply", "--yes", "--prefetch", "--allow-interruption", code=9)
