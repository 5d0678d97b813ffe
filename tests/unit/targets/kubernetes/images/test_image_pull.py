"""Claims about the images that nodes pull ahead, and how far a pod that pulls one is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.images.image_pull import ImagePull, PullState, image_pulls, pull_state

TAINTED = {"key": "edge", "operator": "Exists", "effect": "NoExecute"}
REACHED = {"key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute"}


def deployment(name: str, node: str, container: dict[str, Any], **spec: Any) -> Manifest:
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "annotations": {"rohe.dev/node": node}},
        "spec": {"template": {"spec": {"containers": [{"name": "main", **container}], **spec}}},
    }
    return Manifest(f"deployment-{name}", "Deployment", f"replica/shop:{name}/0", json.dumps(document))


def account(*secrets: str) -> Manifest:
    document = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "rohe-shop"},
        "imagePullSecrets": [{"name": name} for name in secrets],
    }
    return Manifest("serviceaccount-rohe-shop", "ServiceAccount", "stack/shop", json.dumps(document))


def test_one_image_on_one_node_is_pulled_once_with_what_either_pod_has() -> None:
    one = deployment("a", "edge-1", {"image": "shop/web:1"}, serviceAccountName="rohe-shop", tolerations=[REACHED])
    other = deployment(
        "b",
        "edge-1",
        {"image": "shop/web:1", "imagePullPolicy": "Always"},
        tolerations=[REACHED, TAINTED],
        imagePullSecrets=[{"name": "own"}],
    )
    elsewhere = deployment("c", "edge-2", {"image": "shop/web:1"})
    (first, second) = image_pulls([one, other, elsewhere], [one, other, elsewhere, account("registry")])
    assert (str(first), str(second)) == ("shop/web:1 on edge-1", "shop/web:1 on edge-2")
    assert first.policy == "Always"
    assert first.secrets == ("registry", "own")
    assert first.tolerations == (REACHED, TAINTED)
    assert second == ImagePull("edge-2", "shop/web:1")


def pod(
    phase: str = "Pending", state: dict[str, Any] | None = None, image_id: str = "", **status: Any
) -> dict[str, Any]:
    entry = {"name": "image", "imageID": image_id, "state": state or {"waiting": {"reason": "ContainerCreating"}}}
    spec = {"containers": [{"name": "image", "image": "shop/web:1"}]}
    whole: dict[str, Any] = {"phase": phase, "containerStatuses": [entry], **status}
    return {"metadata": {"name": "rohe-prefetch-1"}, "spec": spec, "status": whole}


@pytest.mark.parametrize(
    "found",
    [
        pod("Failed", {"terminated": {"reason": "StartError", "exitCode": 128}}),
        pod(state={"waiting": {"reason": "CreateContainerError", "message": "no such file"}}),
        pod(state={"waiting": {"reason": "CreateContainerConfigError", "message": "image will run as root"}}),
        pod(image_id="docker.io/shop/web@sha256:ab"),
        pod("Running", {"running": {}}),
    ],
)
def test_whatever_comes_after_the_pull_says_that_the_image_is_there(found: dict[str, Any]) -> None:
    assert pull_state(found, lambda _: ()) == (PullState.PULLED, "")


def test_a_pull_that_fails_is_told_in_the_words_of_the_registry() -> None:
    message = 'Back-off pulling image "shop/web:1": ErrImagePull: unauthorized'
    newer = pod(state={"waiting": {"reason": "ImagePullBackOff", "message": message}})
    assert pull_state(newer, lambda _: ()) == (PullState.FAILED, f"ImagePullBackOff: {message}")
    older = pod(state={"waiting": {"reason": "ImagePullBackOff", "message": 'Back-off pulling image "shop/web:1"'}})
    event = {
        "reason": "Failed",
        "message": 'Failed to pull image "shop/web:1": no such host',
        "involvedObject": {"name": "rohe-prefetch-1"},
    }
    state, words = pull_state(older, lambda _: (event,))
    assert state is PullState.FAILED
    assert words == 'ImagePullBackOff: Failed to pull image "shop/web:1": no such host'


def test_a_pod_that_its_node_rejects_has_pulled_nothing() -> None:
    rejected = pod("Failed", reason="OutOfpods", message="too many pods", containerStatuses=[])
    assert pull_state(rejected, lambda _: ()) == (
        PullState.FAILED,
        "the node rejects the pod that pulls it: OutOfpods: too many pods",
    )
    lost = pod("Failed", {"terminated": {"reason": "ContainerStatusUnknown"}}, reason="NodeShutdown")
    assert pull_state(lost, lambda _: ())[0] is PullState.FAILED


def test_until_then_it_is_pulling() -> None:
    assert pull_state(pod(), lambda _: ())[0] is PullState.PULLING
    assert pull_state(pod(state={"waiting": {"reason": "ErrImagePull"}}), lambda _: ())[0] is PullState.PULLING
    assert pull_state({"metadata": {"name": "p"}, "spec": {}}, lambda _: ())[0] is PullState.PULLING
