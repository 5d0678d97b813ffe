"""The schema takes an expression wherever the language does, and refuses what it refused before."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
import yaml

from rohe_iac.blueprint.schema.expressions import DEFINITION, NAME
from rohe_iac.blueprint.schema.reference import schema_of

PIPELINE = """
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: "{{ inputs.name }}"}
spec:
  load: "{{ values.cameras * 2 }}/s"
  gang: "{{ values.gang }}"
  services:
    - name: a
      image: "registry/a:{{ inputs.tag }}"
      replicas: "{{ inputs.replicas }}"
      ports: [{name: http, containerPort: "{{ inputs.port }}"}]
      env: {LEVEL: "{{ values.level }}"}
      requests: {cpu: "{{ inputs.cpu }}m", memory: "{{ inputs.memory }}"}
      placement: {nodeSelector: {zone: "{{ values.zone }}"}, spread: "{{ inputs.spread }}"}
      health: {readiness: {tcp: "{{ inputs.port }}"}, startup: "{{ inputs.seconds }}s"}
    - "{{ inputs.another }}"
  flow: [{from: a, to: b, payload: "{{ inputs.size }}", within: "{{ values.domain }}"}]
"""
CONTRACT = """
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: c}
spec:
  pipeline: "{{ inputs.pipeline }}"
  lateness: "{{ inputs.seconds }}s"
  objectives:
    - metric: response_time
      operator: "{{ inputs.operator }}"
      value: "{{ inputs.limit }}ms"
      minSamples: "{{ inputs.least }}"
      window: {size: "{{ inputs.minutes }}m"}
      onViolation: {action: "{{ inputs.action }}", cooldown: 5m}
    - {metric: m, operator: between, value: "{{ values.limits }}", window: "{{ values.window }}"}
    - {metric: m, operator: "{{ values.operator }}", value: [1, 2], window: {size: 5m}}
"""
STACK = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: s}
spec:
  pipelines: ["{{ values.pipeline }}"]
  inventory: "{{ values.site }}"
  target: {local: {ports: "{{ values.ports }}"}}
  protect: "{{ values.protected }}"
"""
INVENTORY = """
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: i}
spec:
  nodes:
    - {name: "a-[1:]", count: "{{ inputs.nodes }}", cpu: "{{ 2 * 3 }}", memory: {rss: "{{ values.memory }}Gi"}}
"""


@pytest.mark.parametrize(
    "text", [PIPELINE, CONTRACT, STACK, INVENTORY], ids=["pipeline", "contract", "stack", "inventory"]
)
def test_a_value_may_be_an_expression(text: str) -> None:
    document = yaml.safe_load(text)
    faults = jsonschema.Draft202012Validator(schema_of(document["kind"])).iter_errors(document)
    assert [(fault.json_path, fault.message[:80]) for fault in faults] == []


@pytest.mark.parametrize("value", ["{ other }", "many", "{{.Names}}", [2]])
def test_other_text_is_refused_as_before(value: Any) -> None:
    document = yaml.safe_load(PIPELINE)
    document["spec"]["services"][0]["replicas"] = value
    assert not jsonschema.Draft202012Validator(schema_of("Pipeline")).is_valid(document)


def test_modules_themselves_and_kinds_are_not_computed() -> None:
    assert NAME not in schema_of("Module").get("$defs", {})
    assert schema_of("Stack")["$defs"][NAME] == DEFINITION
    document = {**yaml.safe_load(STACK), "kind": "{{ values.kind }}"}
    assert not jsonschema.Draft202012Validator(schema_of("Stack")).is_valid(document)
