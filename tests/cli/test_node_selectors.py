"""Lists, exclusions, presence and names in node selectors and preferences, on the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.foundation.canonical import canonical_json, sha256_hex

Run = Callable[..., "subprocess.CompletedProcess[str]"]

TEXT = """\
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: site}
spec: {pipelines: [watch], inventory: halls, target: {local: {}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: watch}
spec:
  services:
    - name: camera
      command: [sleep, "1000"]
      requests: {cpu: 100m, memory: {rss: 16Mi}}
      placement: {nodeSelector: {zone: [east, west], disk: {not: [hdd, tape]}, camera: {exists: true}}}
    - name: store
      command: [sleep, "1000"]
      requests: {cpu: 100m, memory: {rss: 16Mi}}
      placement: {nodeSelector: {node: hall-4}}
    - name: spare
      command: [sleep, "1000"]
      requests: {cpu: 100m, memory: {rss: 16Mi}}
      placement: {nodeSelector: {node: {not: [hall-1, hall-2]}}, prefer: [{nodeSelector: {zone: {exists: true}}}]}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: halls}
spec:
  nodes:
    - {name: hall-1, cpu: 2, memory: {rss: 1Gi}, labels: {zone: east, disk: hdd, camera: 4k}}
    - {name: hall-2, cpu: 2, memory: {rss: 1Gi}, labels: {zone: west, camera: hd}}
    - {name: hall-3, cpu: 2, memory: {rss: 1Gi}, labels: {zone: north}}
    - {name: hall-4, cpu: 2, memory: {rss: 1Gi}}
"""
PLACES = {"camera/0": "hall-2", "store/0": "hall-4", "spare/0": "hall-3"}


@pytest.fixture
def blueprint(repository: Path) -> Path:
    """The one file of a repository with a site of four halls."""
    shutil.rmtree(repository / "blueprints")
    path = repository / "blueprints" / "site.yaml"
    path.parent.mkdir()
    path.write_text(TEXT)
    return path


@pytest.mark.parametrize("strategy", ["first-fit", "portfolio", "exact"])
def test_replicas_go_where_their_selectors_and_preferences_say(
    rohe: Run, repository: Path, blueprint: Path, strategy: str
) -> None:
    blueprint.write_text(TEXT.replace("target:", f"planner: {{strategy: {strategy}}}, target:"))
    assert rohe("fmt", "--check").returncode == 0
    assert rohe("validate").returncode == 0
    done = rohe("plan", "--out", "plan.json")
    assert done.returncode == 0, done.stdout + done.stderr
    plan = json.loads((repository / "plan.json").read_text())["plan"]
    found = {item["replica"].removeprefix("replica/watch:"): item["node"] for item in plan["placements"]}
    assert found == PLACES
    assert rohe("verify", "plan.json").returncode == 0


def test_verification_refuses_a_plan_that_breaks_a_selector(rohe: Run, repository: Path, blueprint: Path) -> None:
    assert rohe("plan", "--out", "plan.json").returncode == 0
    value = json.loads((repository / "plan.json").read_text())
    del value["digest"]
    for item in value["plan"]["placements"]:
        if item["replica"] == "replica/watch:camera/0":
            item["node"] = "hall-1"
    value["digest"] = sha256_hex(canonical_json(value))
    (repository / "plan.json").write_bytes(canonical_json(value) + b"\n")
    done = rohe("verify", "plan.json")
    assert done.returncode == 1
    assert "node hall-1 has the excluded label disk=hdd" in done.stdout + done.stderr


def test_the_questions_know_what_labels_are_asked_for(rohe: Run, blueprint: Path) -> None:
    done = rohe("why-not", "camera", "hall-1")
    assert "refused by labels: disk=hdd excluded" in done.stdout
    assert "rohe plan --what-if 'node/hall-1.labels.disk=none'" in done.stdout
    done = rohe("why-not", "camera", "hall-3")
    assert "refused by labels: camera, zone=east|west missing" in done.stdout
    done = rohe("plan", "--what-if", "service/store.nodeSelector.node=hall-1")
    assert done.returncode == 0, done.stderr
    assert "hall-1" in done.stdout
    done = rohe("why-not", "store", "hall-1")
    assert "refused by labels: node=hall-4 missing" in done.stdout
    assert "rohe plan --what-if 'service/store.nodeSelector.node=none'" in done.stdout
