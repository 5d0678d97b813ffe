"""The target `kubernetes`, without a cluster: nothing is asked of one until something is needed."""

from __future__ import annotations

from pathlib import Path

from rohe_iac.deployment.ports import Destination
from rohe_iac.foundation.folders import StackFolder
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.targets.kubernetes.target import KubernetesDeploymentTarget


def _manifest(kind: str, api_version: str) -> Manifest:
    text = f"apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: x}}\n"
    return Manifest(f"{kind.lower()}-x", kind, "stack/shop", text)


def test_types_are_those_of_the_provider_and_the_namespace_is_made_without_the_engine(tmp_path: Path) -> None:
    folder = StackFolder(tmp_path / "stack")
    target = KubernetesDeploymentTarget.of(Destination("kubernetes", "p", "shop", folder, tmp_path))
    assert target.resource_type(_manifest("Deployment", "apps/v1")) == "kubernetes:apps/v1:Deployment"
    assert target.resource_type(_manifest("Service", "v1")) == "kubernetes:core/v1:Service"
    assert target.resource_type(_manifest("Namespace", "v1")) is None
