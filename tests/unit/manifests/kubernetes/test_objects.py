"""Claims about the manifests of a Kubernetes cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from rohe_iac.blueprint.language.stack import Broker, BrokerTls, EmbeddedBroker, KubernetesTarget, Target
from rohe_iac.blueprint.linked.blueprint import Blueprint
from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.kubernetes.deployment import RECREATE, SURGE
from rohe_iac.manifests.kubernetes.objects import KubernetesManifests
from rohe_iac.manifests.kubernetes.ports import BROKER_PORTS
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.solvers.planner import plan


def _document(manifest: Manifest) -> Any:
    return yaml.safe_load(manifest.text)


def _container(deployment: Manifest) -> Any:
    return _document(deployment)["spec"]["template"]["spec"]["containers"][0]


def _rendering(plan_example: Callable[[str], tuple[Blueprint, Plan]]) -> KubernetesManifests:
    return KubernetesManifests(*plan_example("bts"))


def test_every_replica_has_a_deployment_of_its_name_on_its_node(
    plan_example: Callable[[str], tuple[Blueprint, Plan]],
) -> None:
    rendering = _rendering(plan_example)
    made = {}
    for manifest in rendering.manifests():
        if manifest.kind == "Deployment":
            document = _document(manifest)
            pod = document["spec"]["template"]
            affinity = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
            ((term,),) = (item["matchFields"] for item in affinity["nodeSelectorTerms"])
            assert (term["key"], term["operator"]) == ("metadata.name", "In")
            assert document["spec"]["replicas"] == 1
            assert document["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
            names = {document["metadata"]["name"], pod["metadata"]["labels"]["rohe.dev/instance"]}
            names |= {entry["value"] for entry in _container(manifest)["env"] if entry["name"] == "ROHE_INSTANCE"}
            made[manifest.address] = (names, term["values"])
    assert made == {
        placement.replica: ({placement.instance}, [placement.node]) for placement in rendering.plan.placements
    }


def test_secrets_are_named_and_never_written(plan_example: Callable[[str], tuple[Blueprint, Plan]]) -> None:
    manifests = list(_rendering(plan_example).manifests())
    kinds = {manifest.kind for manifest in manifests if manifest.rendered}
    assert not kinds & {"Secret", "Credential", "Broker"}
    assert kinds >= {"Namespace", "ServiceAccount", "Role", "Service", "ConfigMap", "Deployment", "NetworkPolicy"}
    assert not any("password" in manifest.text for manifest in manifests)


def test_a_replica_reports_to_the_broker_s_service(
    plan_example: Callable[[str], tuple[Blueprint, Plan]],
) -> None:
    rendering = _rendering(plan_example)
    deployment = next(
        manifest
        for manifest in rendering.manifests()
        if manifest.kind == "Deployment" and manifest.address.startswith("replica/")
    )
    variables = {entry["name"]: entry for entry in _container(deployment)["env"]}
    assert variables["ROHE_REPORT_URL"]["value"].endswith(f".{rendering.namespace}.svc:{BROKER_PORTS['mqtt']}")
    assert list(variables) == sorted(variables)


def test_a_broker_with_tls_has_the_port_and_the_names_of_its_certificate(
    plan_example: Callable[[str], tuple[Blueprint, Plan]],
) -> None:
    blueprint, planned = plan_example("bts")
    spec = blueprint.stack.spec
    parts = {
        "broker": Broker(embedded=EmbeddedBroker(tls=BrokerTls())),
        "target": Target(kubernetes=KubernetesTarget()),
    }
    stack = blueprint.stack.model_copy(update={"spec": spec.model_copy(update=parts)})
    rendering = KubernetesManifests(replace(blueprint, stack=stack), planned)
    documents = [_document(manifest) for manifest in rendering.manifests()]
    named = {(item["kind"], item["metadata"]["name"]): item for item in documents}
    host = f"rohe-broker.{rendering.namespace}.svc"
    assert named["Service", "rohe-broker"]["spec"]["ports"] == [{"name": "mqtts", "port": 8883}]
    (rule,) = named["NetworkPolicy", "rohe-broker"]["spec"]["ingress"]
    assert rule["ports"] == [{"port": 8883}]
    (settings,) = [item["spec"] for item in documents if item["kind"] == "Broker"]
    assert settings["ports"]["mqtt"] == 8883
    assert settings["tls"]["names"] == [
        host,
        f"{host}.cluster.local",
        f"rohe-broker.{rendering.namespace}",
        "rohe-broker",
    ]
    assert {item["spec"]["url"] for item in documents if item["kind"] == "Credential"} == {f"mqtts://{host}:8883"}


def test_skews_and_preferred_nodes_are_written_in_the_words_of_the_cluster(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(SPREAD_OVER_ZONES)
    blueprint = load(tmp_path)
    rendering = KubernetesManifests(blueprint, plan(problem_of(blueprint)))
    deployments = [_document(manifest) for manifest in rendering.manifests() if manifest.kind == "Deployment"]
    pods = [document["spec"]["template"] for document in deployments]
    spread = [pod for pod in pods if "topologySpreadConstraints" in pod["spec"]]
    assert len(spread) == 2
    for pod in spread:
        (constraint, preferred) = pod["spec"]["topologySpreadConstraints"]
        assert constraint == {
            "maxSkew": 1,
            "topologyKey": "topology.kubernetes.io/zone",
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {
                "matchLabels": {
                    name: pod["metadata"]["labels"][name] for name in ("rohe.dev/stack", "rohe.dev/workload")
                }
            },
            "nodeTaintsPolicy": "Honor",
        }
        assert (preferred["topologyKey"], preferred["whenUnsatisfiable"]) == ("rack", "ScheduleAnyway")
        affinity = pod["spec"]["affinity"]["nodeAffinity"]
        (term,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
        assert term == {
            "weight": 10,
            "preference": {
                "matchExpressions": [
                    {"key": "camera", "operator": "DoesNotExist"},
                    {"key": "disk", "operator": "In", "values": ["nvme", "ssd"]},
                    {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": ["c"]},
                ]
            },
        }
        assert "requiredDuringSchedulingIgnoredDuringExecution" in affinity
    (room,) = {item.node for item in rendering.plan.reserved}
    assert {
        document["metadata"]["annotations"]["rohe.dev/node"]: document["spec"]["strategy"]
        for document in deployments
        if document["metadata"]["name"].startswith("d-")
    } == {node: SURGE if node == room else RECREATE for node in "ab"}


SPREAD_OVER_ZONES = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: s}
spec: {pipelines: [p], inventory: i, target: {manifests: {directory: out}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec:
  services:
    - name: d
      image: r/d:1
      replicas: 2
      requests: {cpu: 100m}
      reserve: {update: 1}
      placement:
        spread: [{topologyKey: zone, maxSkew: 1}, {topologyKey: rack, maxSkew: 1, required: false}]
        prefer:
          - {nodeSelector: {node: {not: c}, disk: [ssd, nvme], camera: {exists: false}}, weight: 10}
    - {name: e, image: 'r/e:1'}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: i}
spec:
  nodes:
    - {name: a, cpu: 4, memory: {rss: 2Gi}, labels: {zone: x, disk: ssd, rack: r1}}
    - {name: b, cpu: 4, memory: {rss: 2Gi}, labels: {zone: y, rack: r2}}
"""
