"""Claims about what containers have beside a program: shared claims, steps, secrets, devices, users and labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.attachments import load_attachments
from rohe_iac.manifests.by_target import manifests_of, prerequisites_of
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: shop}
spec: {pipelines: [shop], inventory: lab, target: {kubernetes: {namespace: shop, pullSecrets: [registry]}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  volumes:
    - {name: models, size: 10Gi}
    - {name: frames, size: 1Gi, accessMode: ReadWriteMany, class: nfs}
  services:
    - name: camera
      image: shop/camera:1
      labels: {team: vision}
      pullSecrets: [own]
      user: "1000:44"
      after: [database]
      envFrom: [{file: shop.env}, {secret: {name: settings}}]
      env: {LEVEL: info}
      init:
        - name: fetch
          image: shop/fetch:1
          command: [fetch]
          env: {LEVEL: debug, TOKEN: {secret: {name: token, key: t}}}
        - {name: convert, args: [--fast]}
      files: [{path: /run/tls/tls.key, secret: {name: tls}}]
      volumes:
        - {name: models, path: /models, readOnly: true}
        - {name: frames, path: /frames, subPath: camera}
        - {name: own, path: /own, size: 2Gi}
      devices: [{path: /dev/video0, from: /dev/video2}]
      kubernetes: {securityContext: {privileged: true}}
      replicas: 2
      requests: {cpu: 100m, memory: {rss: 64Mi}}
    - name: trainer
      image: shop/trainer:1
      volumes: [{name: models, path: /out}]
      requests: {cpu: 1, memory: {rss: 64Mi}}
    - {name: database, image: postgres:16, requests: {cpu: 100m, memory: {rss: 64Mi}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec:
  nodes:
    - {name: pi-1, cpu: 1, memory: {rss: 2Gi}}
    - {name: pi-2, cpu: 4, memory: {rss: 2Gi}}
    - {name: pi-3, cpu: 1, memory: {rss: 2Gi}}
"""


@pytest.fixture
def objects(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "shop.yaml").write_text(DOCUMENTS)
    (tmp_path / "shop.env").write_text("LEVEL=none\nREGION=north\n")
    blueprint = load(tmp_path)
    made = manifests_of(blueprint, plan(problem_of(blueprint)), attachments=load_attachments(blueprint)[0])
    return {manifest.name: (manifest, yaml.safe_load(manifest.text)) for manifest in made}


def pod_of(objects: dict[str, Any], instance: str) -> dict[str, Any]:
    spec: dict[str, Any] = objects[f"deployment-{instance}"][1]["spec"]["template"]["spec"]
    return spec


def test_services_share_one_claim_and_a_node_where_one_node_at_a_time_can_mount_it(objects: dict[str, Any]) -> None:
    claims = {name: document["spec"] for name, (_, document) in objects.items() if name.startswith("persistent")}
    assert claims["persistentvolumeclaim-shared.shop.models"]["accessModes"] == ["ReadWriteOnce"]
    frames = claims["persistentvolumeclaim-shared.shop.frames"]
    assert (frames["accessModes"], frames["storageClassName"]) == (["ReadWriteMany"], "nfs")
    assert {"persistentvolumeclaim-volume.camera-0.own", "persistentvolumeclaim-volume.camera-1.own"} <= claims.keys()
    for instance, path in (("camera-0", "/models"), ("camera-1", "/models"), ("trainer-0", "/out")):
        manifest, document = objects[f"deployment-{instance}"]
        assert "persistentvolumeclaim-shared.shop.models" in manifest.depends_on
        assert document["metadata"]["annotations"]["rohe.dev/node"] == "pi-2"
        pod = pod_of(objects, instance)
        names = {item["name"]: item.get("persistentVolumeClaim", {}).get("claimName") for item in pod["volumes"]}
        mounts = {item["mountPath"]: names[item["name"]] for item in pod["containers"][0]["volumeMounts"]}
        assert mounts[path] == "shared.shop.models"
    mounts = {item["mountPath"]: item for item in pod_of(objects, "camera-0")["containers"][0]["volumeMounts"]}
    assert mounts["/models"]["readOnly"] is True
    assert mounts["/frames"]["subPath"] == "camera"


def test_steps_run_before_the_container_with_its_volumes_and_variables(objects: dict[str, Any]) -> None:
    pod = pod_of(objects, "camera-0")
    fetch, convert = pod["initContainers"]
    variables = {item["name"]: item for item in fetch["env"]}
    assert (fetch["name"], fetch["image"], fetch["command"]) == ("init-0-fetch", "shop/fetch:1", ["fetch"])
    assert variables["LEVEL"]["value"] == "debug"
    assert variables["REGION"]["value"] == "north"
    assert variables["TOKEN"]["valueFrom"] == {"secretKeyRef": {"name": "token", "key": "t"}}
    assert fetch["volumeMounts"] == pod["containers"][0]["volumeMounts"]
    assert fetch["resources"]["requests"] == pod["containers"][0]["resources"]["requests"]
    assert (convert["image"], convert["args"]) == ("shop/camera:1", ["--fast"])


def test_variables_secrets_devices_users_and_labels_reach_the_pod(objects: dict[str, Any]) -> None:
    pod = pod_of(objects, "camera-0")
    container = pod["containers"][0]
    variables = {item["name"]: item.get("value") for item in container["env"]}
    assert (variables["LEVEL"], variables["REGION"]) == ("info", "north")
    assert container["envFrom"] == [{"secretRef": {"name": "settings"}}]
    mounts = {item["mountPath"]: item for item in container["volumeMounts"]}
    volumes = {item["name"]: item for item in pod["volumes"]}
    key = mounts["/run/tls/tls.key"]
    assert (key["subPath"], key["readOnly"]) == ("tls.key", True)
    assert volumes[key["name"]]["secret"] == {"secretName": "tls", "items": [{"key": "tls.key", "path": "tls.key"}]}
    assert volumes[mounts["/dev/video0"]["name"]]["hostPath"] == {"path": "/dev/video2"}
    assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == (1000, 44)
    assert pod["imagePullSecrets"] == [{"name": "own"}, {"name": "registry"}]
    assert pod_of(objects, "database-0")["imagePullSecrets"] == [{"name": "registry"}]
    document = objects["deployment-camera-0"][1]
    assert (
        document["metadata"]["labels"]["team"] == document["spec"]["template"]["metadata"]["labels"]["team"] == "vision"
    )
    assert "team" not in document["spec"]["selector"]["matchLabels"]


def test_a_service_is_made_after_those_that_it_names(objects: dict[str, Any]) -> None:
    assert "service/shop:database" in objects["deployment-camera-0"][0].needs
    assert objects["deployment-trainer-0"][0].needs == ()


@pytest.mark.parametrize("version", ["1.28", "1.34", "1.37"])
def test_all_objects_are_valid(objects: dict[str, Any], version: str) -> None:
    for _, document in objects.values():
        kubernetes_validate.validate(document, version, strict=True)


def test_what_the_pods_name_is_listed(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "shop.yaml").write_text(DOCUMENTS)
    (tmp_path / "shop.env").touch()
    blueprint = load(tmp_path)
    found = {(item.kind, item.name) for item in prerequisites_of(blueprint, plan(problem_of(blueprint)))}
    assert {("Secret", name) for name in ("settings", "token", "tls", "own", "registry")} <= found
    assert ("image", "shop/fetch:1") in found
