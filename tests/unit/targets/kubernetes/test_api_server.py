"""Paths of objects in the API."""

from __future__ import annotations

from rohe_iac.targets.kubernetes.api_server import Kind


def test_the_path_of_an_object_has_its_group_and_its_namespace() -> None:
    deployment = Kind("apps/v1", "Deployment", "deployments", True, frozenset())
    node = Kind("v1", "Node", "nodes", False, frozenset())
    assert deployment.path("edge", "back-0") == "/apis/apps/v1/namespaces/edge/deployments/back-0"
    assert deployment.path("") == "/apis/apps/v1/deployments"
    assert node.path("edge", "n") == "/api/v1/nodes/n"
