"""What a stack uses and nothing acts on is named, so that apply refuses it rather than ignores it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.unsupported import without_effect
from rohe_iac.blueprint.loading import load

STACK = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {{name: door}}
spec:
  pipelines: [door]
  inventory: yard
  contracts: [promise]
  {stack}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: door}}
spec:
  services:
    - name: camera
      command: [run]
      ports: [{{name: http}}]
      {service}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {{name: promise}}
spec:
  pipeline: door
  objectives:
    - metric: response_time
      operator: "<"
      value: 1s
      window: {{size: 5m}}
      {objective}
  {contract}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: yard}}
spec:
  nodes: [{{name: box, cpu: 4, memory: {{rss: 4Gi}}}}]
"""


def named(tmp_path: Path, **parts: str) -> list[str]:
    (tmp_path / "rohe.yaml").touch()
    whole = {"stack": "target: {local: {}}", "service": "", "objective": "", "contract": "", **parts}
    (tmp_path / "door.yaml").write_text(STACK.format(**whole))
    return [item.message.removesuffix(" has no effect yet") for item in without_effect(load(tmp_path))]


def test_what_has_its_effect_is_not_named(tmp_path: Path) -> None:
    assert named(tmp_path, objective="onViolation: {action: alert, cooldown: 5m}", contract="sinks: [store]") == []


@pytest.mark.parametrize(
    ("part", "written", "says"),
    [
        ("service", "reports: {interval: 10s}", "reports.interval"),
        ("service", "files: [{path: /etc/a, from: rohe.yaml}]", "files, on the target local,"),
        ("service", "volumes: [{path: /tmp, emptyDir: 64Mi}]", "volumes, on the target local,"),
        ("service", "env: {T: {secret: {name: a, key: b}}}", "the named secret of env T, on the target local,"),
        ("objective", "target: 99%", "target of objective 'response_time', with budgetWindow and burnRates,"),
        ("objective", "onViolation: reroute", "onViolation reroute of objective 'response_time'"),
        ("contract", "sinks: [prometheus]", "sink prometheus"),
        ("stack", "target: {local: {runtime: docker}}", "runtime docker"),
        ("stack", "target: {kubernetes: {}}", "target kubernetes"),
        ("stack", "agents: {perPipeline: 2}", "agents.perPipeline above 1"),
        ("stack", "store: {mongodb: {uri: {secret: 'env:URI'}}}", "store.mongodb"),
    ],
)
def test_what_nothing_acts_on_is_named(tmp_path: Path, part: str, written: str, says: str) -> None:
    assert named(tmp_path, **{part: written}) == [says]
