"""Reports over AMQP on both targets: what agents and replicas are given, and which network agents may use."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from rohe_iac.blueprint.loading import load
from rohe_iac.foundation.names import instance_id
from rohe_iac.manifests.by_target import manifests_of
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: shop}}
spec:
  services:
    - {{name: camera, image: "shop/camera:1.0", command: [python3], reports: {{}}, env: {env}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: lab}}
spec: {{nodes: [{{name: here, cpu: 4, memory: {{rss: 4Gi}}}}]}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: desk}}
spec:
  pipelines: [shop]
  inventory: lab
  target: {target}
  {amqp}
"""

AMQP = 'amqp: {{url: "amqps://rabbit/edge", user: rohe, password: {password}, ca: {ca}, exchange: qoa}}'


def rendered(folder: Path, target: str, amqp: str, env: str = "{}") -> dict[str, dict[str, Any]]:
    (folder / "rohe.yaml").write_text("project: amqp\n")
    (folder / "blueprints").mkdir()
    (folder / "blueprints" / "all.yaml").write_text(BLUEPRINT.format(target=target, amqp=amqp, env=env))
    blueprint = load(folder)
    return {item.name: yaml.safe_load(item.text) for item in manifests_of(blueprint, plan(problem_of(blueprint)))}


def test_on_this_machine_the_agent_gets_the_secrets_and_the_exchange(tmp_path: Path) -> None:
    amqp = AMQP.format(password='{secret: "env:RABBIT"}', ca='{secret: "file:/etc/ca.pem"}')
    found = rendered(tmp_path, "{local: {}}", amqp)
    agent = found["process-rohe-agent-shop-0"]["spec"]
    assert agent["secrets"] == {"ROHE_AMQP_PASSWORD": "env:RABBIT", "ROHE_AMQP_CA": "file:/etc/ca.pem"}
    (settings,) = (file["content"] for file in agent["files"])
    assert json.loads(settings)["amqp"] == {
        "url": "amqps://rabbit/edge",
        "user": "rohe",
        "exchange": "qoa",
        "queue": "rohe.desk.shop",
        "type": "topic",
        "keys": ["#"],
    }
    camera = found["process-camera-0"]["spec"]["environment"]
    assert camera["INSTANCE_ID"] == instance_id("desk", "camera-0")


def test_in_a_cluster_the_agent_refers_to_the_secrets_and_may_reach_the_broker(tmp_path: Path) -> None:
    amqp = AMQP.format(password="{secret: {name: rabbit, key: password}}", ca="{secret: {name: rabbit, key: ca.crt}}")
    found = rendered(tmp_path, "{kubernetes: {namespace: n}}", amqp)
    deployments = {item["metadata"]["name"]: item["spec"] for item in found.values() if item["kind"] == "Deployment"}
    variables = {
        name: {entry["name"]: entry for entry in spec["template"]["spec"]["containers"][0]["env"]}
        for name, spec in deployments.items()
    }
    agent = variables["rohe-agent-shop-0"]
    assert agent["ROHE_AMQP_PASSWORD"]["valueFrom"]["secretKeyRef"] == {"name": "rabbit", "key": "password"}
    assert agent["ROHE_AMQP_CA"]["valueFrom"]["secretKeyRef"] == {"name": "rabbit", "key": "ca.crt"}
    assert variables["camera-0"]["INSTANCE_ID"]["value"] == instance_id("desk", "camera-0")
    assert not {"ROHE_AMQP_PASSWORD", "ROHE_AMQP_CA"} & variables["camera-0"].keys()
    policies = [item["spec"] for item in found.values() if item["kind"] == "NetworkPolicy"]
    reaching = [spec for spec in policies if {"ports": [{"port": 5671}]} in spec.get("egress", [])]
    assert ["rohe-agent-shop" in json.dumps(spec["podSelector"]) for spec in reaching] == [True]


@pytest.mark.parametrize(("amqp", "env"), [("", "{}"), (AMQP, '{INSTANCE_ID: "7"}')])
def test_a_replica_keeps_its_own_id_and_gets_none_without_amqp(tmp_path: Path, amqp: str, env: str) -> None:
    stated = amqp.format(password='{secret: "env:RABBIT"}', ca='{secret: "file:/etc/ca.pem"}')
    found = rendered(tmp_path, "{local: {}}", stated, env)
    assert found["process-camera-0"]["spec"]["environment"].get("INSTANCE_ID") == ("7" if amqp else None)
