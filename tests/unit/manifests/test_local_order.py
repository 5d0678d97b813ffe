"""The order of starts and variables of files on this machine."""

from __future__ import annotations

from pathlib import Path

import yaml

from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.by_target import manifests_of
from rohe_iac.planning.from_blueprint.problem import problem_of
from rohe_iac.planning.solvers.planner import plan

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: shop}
spec: {pipelines: [shop], inventory: lab}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  services:
    - {name: camera, command: [run], after: [database], envFrom: [{file: shop.env}], env: {LEVEL: info}}
    - {name: database, command: [run], replicas: 2}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: pi-1, cpu: 4, memory: {rss: 1Gi}}]}
"""


def test_a_process_is_started_after_those_that_its_service_names(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "shop.yaml").write_text(DOCUMENTS)
    (tmp_path / "shop.env").write_text("LEVEL=none\nREGION=north\n")
    blueprint = load(tmp_path)
    made = {item.name: item for item in manifests_of(blueprint, plan(problem_of(blueprint)))}
    assert {"process-database-0", "process-database-1"} <= set(made["process-camera-0"].depends_on)
    assert not {"process-camera-0"} & set(made["process-database-0"].depends_on)
    environment = yaml.safe_load(made["process-camera-0"].text)["spec"]["environment"]
    assert (environment["LEVEL"], environment["REGION"]) == ("info", "north")
