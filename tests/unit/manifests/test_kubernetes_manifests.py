"""Claims about the manifests of a Kubernetes cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import yaml

from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.manifests.kubernetes import BROKER_PORT, KubernetesManifests
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.model.plan import Plan


def _document(manifest: Manifest) -> Any:
    return yaml.safe_load(manifest.text)


def _container(deployment: Manifest) -> Any:
    return _document(deployment)["spec"]["template"]["spec"]["containers"][0]


def _rendering(plan_example: Callable[[str], tuple[Blueprint, Plan]]) -> KubernetesManifests:
    return KubernetesManifests(*plan_example("bts"))


def test_deployments_make_as_many_replicas_on_each_node_as_the_plan_has(
    plan_example: Callable[[str], tuple[Blueprint, Plan]],
) -> None:
    rendering = _rendering(plan_example)
    made: Counter[tuple[str, str]] = Counter()
    for manifest in rendering.manifests():
        if manifest.kind == "Deployment":
            document = _document(manifest)
            node = document["metadata"]["annotations"]["rohe.dev/node"]
            made[manifest.address, node] += document["spec"]["replicas"]
    assert made == Counter((placement.workload, placement.node) for placement in rendering.plan.placements)


def test_secrets_are_named_and_never_written(plan_example: Callable[[str], tuple[Blueprint, Plan]]) -> None:
    kinds = {manifest.kind for manifest in _rendering(plan_example).manifests()}
    assert kinds == {"Namespace", "Service", "ConfigMap", "Deployment"}


def test_a_pod_is_named_by_the_cluster_and_reports_to_the_broker_s_service(
    plan_example: Callable[[str], tuple[Blueprint, Plan]],
) -> None:
    rendering = _rendering(plan_example)
    deployment = next(
        manifest
        for manifest in rendering.manifests()
        if manifest.kind == "Deployment" and manifest.address.startswith("service/")
    )
    variables = {entry["name"]: entry for entry in _container(deployment)["env"]}
    assert variables["ROHE_INSTANCE"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert variables["ROHE_REPORT_URL"]["value"].endswith(f".{rendering.namespace}.svc:{BROKER_PORT}")
    assert list(variables) == sorted(variables)
