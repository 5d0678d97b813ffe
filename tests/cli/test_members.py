"""Members and variants with nodes, files and folders of their own, on the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TEXT = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: reading}
spec: {pipelines: [plates], inventory: gates, target: {kubernetes: {namespace: reading}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: plates}
spec:
  volumes: [{name: models, size: 1Gi}]
  services:
    - name: read
      image: registry.example/read:1.0
      ports: [{name: http}]
      requests: {cpu: 200m, memory: {rss: 64Mi}}
      health: {readiness: {http: {path: /ready, port: http}}}
      ensemble:
        members:
          - name: letters
            workingDir: /opt/letters
            arch: [amd64]
            volumes: [{name: models, path: /models}]
            files: [{path: /etc/read/letters.yaml, from: letters.yaml}]
          - name: digits
            placement: {nodeSelector: {camera: {exists: true}}}
            health: {readiness: {tcp: http}, startup: 2m}
    - name: train
      image: registry.example/train:1.0
      requests: {cpu: 200m, memory: {rss: 64Mi}}
      volumes: [{name: models, path: /out}]
    - name: count
      image: registry.example/count:1.0
      requests: {cpu: 200m, memory: {rss: 64Mi}}
      placement: {nodeSelector: {node: gate}}
      variants:
        - {name: small, workingDir: /opt/small, accuracy: 0.8}
        - {name: large, workingDir: /opt/large, requests: {cpu: 3}, accuracy: 0.9}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: gates}
spec:
  nodes:
    - {name: server, arch: amd64, cpu: 4, memory: {rss: 8Gi}}
    - {name: gate, arch: arm64, cpu: 2, memory: {rss: 1Gi}, labels: {camera: 4k}}
"""
PLACES = {"read/letters/0": "server", "read/digits/0": "gate", "train/0": "server", "count/0": "gate"}


@pytest.fixture
def blueprint(repository: Path) -> Path:
    """The one file of a repository that reads number plates."""
    shutil.rmtree(repository / "blueprints")
    path = repository / "blueprints" / "site.yaml"
    path.parent.mkdir()
    path.write_text(TEXT)
    (repository / "letters.yaml").write_text("language: fi\n")
    return path


def test_each_member_goes_where_it_says_and_finds_what_it_names(rohe: Run, repository: Path, blueprint: Path) -> None:
    assert rohe("fmt", "--check").returncode == 0
    done = rohe("plan", "--out", "plan.json")
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads((repository / "plan.json").read_text())["plan"]
    found = {item["replica"].removeprefix("replica/plates:"): item["node"] for item in plan["placements"]}
    assert found == PLACES
    done = rohe("verify", "plan.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rohe("render", "--out", "manifests").returncode == 0
    pods = dict(_pods(repository / "manifests"))
    letters, digits, count = (pods[name]["containers"][0] for name in ("read-letters", "read-digits", "count"))
    assert [item.get("workingDir") for item in (letters, digits, count)] == ["/opt/letters", None, "/opt/small"]
    assert letters["readinessProbe"]["httpGet"]["path"] == "/ready"
    assert "tcpSocket" in digits["readinessProbe"]
    assert {mount["mountPath"] for mount in letters["volumeMounts"]} >= {"/models", "/etc/read/letters.yaml"}
    assert not {mount["mountPath"] for mount in digits.get("volumeMounts", ())} & {"/models", "/etc/read/letters.yaml"}
    assert (repository / "manifests" / "persistentvolumeclaim-shared.plates.models.yaml").exists()
    assert "language: fi" in "".join(path.read_text() for path in (repository / "manifests").glob("configmap-*"))
    done = rohe("why-not", "read/letters", "gate")
    assert "refused by architecture: the node is arm64, asked is amd64" in done.stdout


def test_faults_of_members_are_told_at_their_place(rohe: Run, blueprint: Path) -> None:
    text = TEXT.replace("arch: [amd64]", "arch: [riscv64]").replace("{tcp: http}", "{tcp: https}")
    text = text.replace("from: letters.yaml", "from: letter.yaml").replace("/opt/small", "opt/small")
    blueprint.write_text(text.replace("{camera: {exists: true}}", "{camera: hd}"))
    said = [(item["code"], item["line"]) for item in json.loads(rohe("validate", "-o", "json").stdout)["diagnostics"]]
    lines = TEXT.splitlines()

    def line(words: str) -> int:
        return next(number for number, text in enumerate(lines, 1) if words in text)

    assert ("R208", line("tcp: http")) in said
    assert ("R225", line("from: letters.yaml")) in said
    blueprint.write_text(
        TEXT.replace("arch: [amd64]", "arch: [riscv64]").replace("camera: {exists: true}", "camera: hd")
    )
    said = [(item["code"], item["line"]) for item in json.loads(rohe("validate", "-o", "json").stdout)["diagnostics"]]
    assert said == [("R303", line("arch: [amd64]")), ("R303", line("camera: {exists: true}"))]
    blueprint.write_text(TEXT.replace("/opt/small", "opt/small"))
    said = [(item["code"], item["line"]) for item in json.loads(rohe("validate", "-o", "json").stdout)["diagnostics"]]
    assert said == [("R401", line("/opt/small"))]
    blueprint.write_text(TEXT.replace("{kubernetes: {namespace: reading}}", "{local: {}}"))
    said = [item["message"] for item in json.loads(rohe("validate", "-o", "json").stdout)["diagnostics"]]
    assert any("volumes has no effect on the target local" in message for message in said)


def _pods(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    documents = [document for path in folder.glob("*.yaml") for document in yaml.safe_load_all(path.read_text())]
    return [
        (document["metadata"]["labels"]["rohe.dev/workload"], document["spec"]["template"]["spec"])
        for document in documents
        if document["kind"] == "Deployment"
    ]
