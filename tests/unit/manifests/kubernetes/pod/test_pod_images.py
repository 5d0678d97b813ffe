"""Claims about the images that are read back from a document."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rohe_iac.manifests.kubernetes.pod.images import full_image_name, planned_pod

POD: dict[str, Any] = {
    "initContainers": [{"name": "models", "image": "shop/models:1"}],
    "containers": [{"name": "web", "image": "shop/web:2"}, {"name": "proxy", "image": "shop/web:2"}],
    "volumes": [{"name": "data", "image": {"reference": "shop/data:3"}}, {"name": "tmp", "emptyDir": {}}],
}


@pytest.mark.parametrize(
    ("image", "full"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("rdsea/lstm:2.0", "docker.io/rdsea/lstm:2.0"),
        ("index.docker.io/rdsea/lstm", "docker.io/rdsea/lstm:latest"),
        ("localhost/web", "localhost/web:latest"),
        ("registry:5000/shop/web", "registry:5000/shop/web:latest"),
        ("quay.io/shop/web:1@sha256:ab", "quay.io/shop/web@sha256:ab"),
        ("web@sha256:ab", "docker.io/library/web@sha256:ab"),
    ],
)
def test_a_name_is_completed_as_container_runtimes_do(image: str, full: str) -> None:
    assert full_image_name(image) == full
    assert full_image_name(full) == full


@pytest.mark.parametrize(
    "document",
    [
        {"kind": "Deployment", "spec": {"template": {"spec": POD}}},
        {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec": POD}}}}},
        {"kind": "Pod", "spec": POD},
    ],
)
def test_images_of_all_containers_and_volumes_are_found(document: dict[str, Any]) -> None:
    named = {**document, "metadata": {"name": "web", "annotations": {"rohe.dev/node": "edge-1"}}}
    pod = planned_pod(json.dumps(named))
    assert pod is not None
    assert (pod.node, pod.images()) == ("edge-1", ("shop/data:3", "shop/models:1", "shop/web:2"))


@pytest.mark.parametrize(
    "text", ["kind: ConfigMap\ndata: {image: 'a'}\n", "kind: Service\nspec: {ports: []}\n", "[image: a]"]
)
def test_a_document_that_makes_no_pod_has_none(text: str) -> None:
    assert planned_pod(text) is None
