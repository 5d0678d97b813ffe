"""`replicas: perNode` on the command line: nodes come and go, and no exit code changes by it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TEXT = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: city}
spec: {pipelines: [buses], inventory: depot, target: TARGET}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: buses}
spec:
  services:
    - name: camera
      image: registry.example/camera:1.0
      command: [sleep, "1000"]
      replicas: perNode
      requests: {cpu: 200m, memory: {rss: 64Mi}}
      placement: {nodeSelector: {role: bus}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: depot}
spec:
  nodes:
    - {name: bus-1, cpu: 1, memory: {rss: 1Gi}, labels: {role: bus}}
    - {name: bus-2, cpu: 1, memory: {rss: 1Gi}, labels: {role: bus}}
    - {name: bus-3, cpu: 1, memory: {rss: 1Gi}, labels: {role: bus}}
    - {name: office, cpu: 8, memory: {rss: 8Gi}}
"""


@pytest.fixture
def blueprint(repository: Path) -> Path:
    """The one file of a repository of buses."""
    shutil.rmtree(repository / "blueprints")
    path = repository / "blueprints" / "city.yaml"
    path.parent.mkdir()
    return path


def places(path: Path) -> dict[str, str]:
    return {item["replica"]: item["node"] for item in json.loads(path.read_text())["plan"]["placements"]}


def test_a_node_that_is_down_changes_the_count_and_no_exit_code(rohe: Run, repository: Path, blueprint: Path) -> None:
    blueprint.write_text(TEXT.replace("TARGET", "{local: {}}"))
    assert rohe("plan", "--out", "first.json").returncode == 0
    before = places(repository / "first.json")
    assert sorted(before.values()) == ["bus-1", "bus-2", "bus-3"]
    text = blueprint.read_text()
    blueprint.write_text(text.replace("{name: bus-2,", "{name: bus-2, status: down,"))
    done = rohe("plan", "--against", "first.json", "--out", "second.json")
    assert (done.returncode, "without a node" in done.stdout) == (0, False)
    assert places(repository / "second.json") == {name: node for name, node in before.items() if node != "bus-2"}
    checked = rohe("verify", "second.json")
    assert (checked.returncode, "broken" in checked.stdout) == (0, False), checked.stdout
    blueprint.write_text(text)
    done = rohe("plan", "--against", "second.json", "--detailed-exitcode")
    assert done.returncode == 2
    assert f"+ create {next(name for name, node in before.items() if node == 'bus-2')}" in done.stdout


def test_a_cluster_gets_exactly_the_nodes_of_the_plan(rohe: Run, repository: Path, blueprint: Path) -> None:
    blueprint.write_text(TEXT.replace("TARGET", "{kubernetes: {namespace: city}}"))
    assert rohe("plan", "--out", "plan.json").returncode == 0
    assert rohe("render", "--out", "manifests").returncode == 0
    documents = [
        document
        for path in (repository / "manifests").rglob("*.yaml")
        for document in yaml.safe_load_all(path.read_text())
    ]
    deployments = [document for document in documents if document["kind"] == "Deployment"]
    nodes = [document["metadata"]["annotations"]["rohe.dev/node"] for document in deployments]
    assert sorted(nodes) == sorted(places(repository / "plan.json").values()) == ["bus-1", "bus-2", "bus-3"]
    assert not [document for document in documents if document["kind"] == "DaemonSet"]
