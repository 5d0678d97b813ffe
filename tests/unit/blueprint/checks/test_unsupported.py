"""What a stack uses and nothing acts on is named, so that apply refuses it rather than ignores it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.unsupported import CODE
from rohe_iac.blueprint.loading import check, load
from rohe_iac.foundation.diagnostics import Severity

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
      image: shop/camera:1
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
    return [item.message.removesuffix(" has no effect yet") for item in load(tmp_path).unsupported]


def test_what_has_its_effect_is_not_named(tmp_path: Path) -> None:
    assert named(tmp_path, objective="onViolation: {action: alert, cooldown: 5m}", contract="sinks: [store]") == []


@pytest.mark.parametrize(
    ("part", "written", "says"),
    [
        ("service", "reports: {interval: 10s}", "reports.interval"),
        ("service", "files: [{path: /etc/a, from: rohe.yaml}]", "files has no effect on the target local"),
        ("service", "volumes: [{path: /tmp, emptyDir: 64Mi}]", "volumes has no effect on the target local"),
        ("service", "labels: {team: vision}", "labels has no effect on the target local"),
        (
            "service",
            "placement: {tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5m}]}",
            "tolerationSeconds has no effect on the target local",
        ),
        (
            "service",
            "env: {T: {secret: {name: a, key: b}}}",
            "the named secret of env T has no effect on the target local",
        ),
        ("objective", "target: 99%", "target of objective 'response_time', with budgetWindow and burnRates,"),
        ("objective", "onViolation: reroute", "onViolation reroute of objective 'response_time'"),
        ("contract", "sinks: [prometheus]", "sink prometheus"),
        ("stack", "target: {local: {runtime: docker}}", "runtime docker"),
        ("stack", "broker: {embedded: {}, mqtt: 5}", "mqtt 5 with server nats, which speaks 3.1.1 alone,"),
        ("stack", "store: {mongodb: {uri: {secret: 'env:URI'}}}", "store.mongodb"),
    ],
)
def test_what_nothing_acts_on_is_named(tmp_path: Path, part: str, written: str, says: str) -> None:
    assert named(tmp_path, **{part: written}) == [says]
    # validate says the same, at the field: the line as it is written in the document.
    checked = check([tmp_path])
    (found,) = [item for item in checked.diagnostics if item.code == CODE]
    assert checked.valid
    assert (found.code, found.severity) == (CODE, Severity.WARNING)
    assert found == load(tmp_path).unsupported[0]
    line = (tmp_path / "door.yaml").read_text().splitlines()[found.place.line - 1]
    assert line.strip() == written
    assert written.endswith(line[found.place.column - 1 :])


def test_what_a_cluster_does_not_get_is_named(tmp_path: Path) -> None:
    service = "files: [{path: /a, from: rohe.yaml}]\n      env: {T: {secret: 'env:T'}}"
    assert named(tmp_path, stack="target: {manifests: {directory: out}}", service=service) == [
        "apply to the target manifests",
        "the secret of this machine of env T has no effect on the target manifests",
    ]


def test_two_stacks_report_a_field_of_their_pipeline_once(tmp_path: Path) -> None:
    assert named(tmp_path, service="files: [{path: /a, from: rohe.yaml}]") == [
        "files has no effect on the target local"
    ]
    text = (tmp_path / "door.yaml").read_text()
    second = text[: text.index("---")].replace("name: door", "name: second", 1)
    (tmp_path / "second.yaml").write_text(second)
    assert [item.code for item in check([tmp_path]).diagnostics] == [CODE]
