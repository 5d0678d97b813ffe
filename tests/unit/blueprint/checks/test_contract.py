"""Checks of a contract: what it measures exists, and its thresholds are of the metric's unit."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks import contract, objective
from rohe_iac.blueprint.documents.discovery import decode_file
from rohe_iac.blueprint.documents.tree import documents_with_model, read_tree
from rohe_iac.blueprint.language.contract import ObservationContract

PIPELINE = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  services:
    - name: detect
      command: [x]
      reports: {metrics: {confidence: {unit: ratio}}, fields: [correct]}
      variants: [{name: small, command: [x]}, {name: large, command: [x]}]
    - {name: door, command: [x], replicas: 2, reports: {metrics: {}}}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: promise}
spec:
  pipeline: shop
"""
OBJECTIVE = "  objectives: [{{operator: '<', window: {{size: 5m}}, {}}}]\n"


def codes(folder: Path, spec: str) -> list[str]:
    tree = read_tree(folder, [decode_file("x.yaml", (PIPELINE + spec).encode())])
    assert tree.all_diagnostics() == []
    ((document, model),) = documents_with_model(tree.documents, ObservationContract)
    return [finding.code for finding in contract.check(document, model, tree)]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ("metric: response_time, value: 300ms", []),
        ("metric: confidence, value: 50%", []),
        ("metric: confidance, value: 0.5", ["R213"]),
        ("metric: response_time, value: 20/s", ["R237"]),
        ("metric: response_time, value: 300", ["R113"]),
        ("metric: availability, aggregate: p99, value: 0.9", ["R124"]),
        ("metric: response_time, value: 1s, scope: {service: window}", ["R205"]),
        ("metric: response_time, value: 1s, scope: {service: detect, member: huge}", ["R206"]),
        ("metric: response_time, value: 1s, scope: {instance: door-2}", ["R206"]),
        ("metric: response_time, value: 1s, scope: {service: door}, onViolation: degrade", ["R229"]),
    ],
)
def test_an_objective_has_a_metric_a_scope_and_a_threshold(tmp_path: Path, fields: str, found: list[str]) -> None:
    assert codes(tmp_path, OBJECTIVE.format(fields)) == found


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("  objectives: []\n", ["R228"]),
        ("  metrics: {a: {metric: a}}\n", ["R212", "R228"]),
        ("  metrics: {accuracy: {count: {}}}\n", ["R216", "R228"]),
        ("  metrics: {a: {mean: {of: speed}}}\n", ["R213", "R228"]),
        ("  processing: [{function: 'm.py:f', window: {size: 5m}}]\n", ["R217"]),
        ("  sinks: [store, store]\n", ["R210", "R228"]),
    ],
)
def test_metrics_sinks_and_functions_exist_once(tmp_path: Path, spec: str, found: list[str]) -> None:
    assert codes(tmp_path, spec) == found


def test_an_objective_that_is_there_twice_is_compared_with_a_bounded_number() -> None:
    assert objective.MAX_COMPARED == 100
