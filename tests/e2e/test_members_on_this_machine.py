"""Members and variants run in folders of their own and are asked for by probes of their own, on this machine."""

from __future__ import annotations

import os
from typing import Any

import pytest

pytestmark = pytest.mark.engine

TEXT = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: pages}
spec:
  services:
    - name: read
      command: [COMMAND]
      ports: [{name: http}]
      workingDir: .
      health: {readiness: {http: {path: /, port: http}}, startup: 60s}
      requests: {cpu: 100m, memory: {rss: 32Mi}}
      ensemble:
        members:
          - {name: letters, workingDir: letters, placement: {nodeSelector: {node: one}}}
          - {name: digits, health: {readiness: {tcp: http}, startup: 60s}, arch: [arm64]}
    - name: count
      command: [sleep, "1000"]
      requests: {cpu: 100m, memory: {rss: 32Mi}}
      variants: [{name: small, workingDir: small, accuracy: 0.8}]
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: here}
spec:
  nodes:
    - {name: one, arch: amd64, cpu: 2, memory: {rss: 1Gi}}
    - {name: two, arch: arm64, cpu: 2, memory: {rss: 1Gi}}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: desk}
spec: {pipelines: [pages], inventory: here, target: {local: {ports: FIRST-LAST}}}
"""


def test_each_member_and_variant_runs_in_its_folder(repository: Any) -> None:
    text = TEXT.replace("COMMAND", f"python, {repository.root}/server.py")
    text = text.replace("FIRST-LAST", f"{repository.first}-{repository.first + 9}")
    (repository.root / "blueprints" / "all.yaml").write_text(text)
    for name in ("letters", "small"):
        (repository.root / name).mkdir()
    applied = repository.run("apply", "--yes")
    assert applied.code == 0, applied.out + applied.err
    parts = {part["instance"]: part for part in repository.run("status", "-o", "json").value["parts"]}
    folders = {name: os.path.basename(os.readlink(f"/proc/{part['pid']}/cwd")) for name, part in parts.items()}
    assert folders == {"read-letters-0": "letters", "read-digits-0": repository.root.name, "count-0": "small"}
    assert {name: part["node"] for name, part in parts.items()} | {"count-0": ""} == {
        "read-letters-0": "one", "read-digits-0": "two", "count-0": "",
    }  # fmt: skip
