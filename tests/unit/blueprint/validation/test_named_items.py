"""Claims about services and objectives that are written as mappings by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import check, load
from rohe_iac.blueprint.validation.named_items import FIELDS

TEXT = """apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: gate}
spec:
  services:
    camera:
      command: [camera]
      replicas: "2"
    recognise: {command: [recognise], ports: [{name: http, containerPort: 0}]}
    Vote: {command: [vote]}
    idle:
  flow:
    - {from: camera, to: recognize}
---
apiVersion: rohe.dev/v1
kind: ObservationContract
metadata: {name: gate}
spec:
  pipeline: gate
  objectives:
    sure: {metric: response_time, operator: "<", value: 300ms, window: {size: 5m}, cope: {}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: gate}
spec: {nodes: [{name: pi, cpu: 4, memory: {rss: 2Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: gate}
spec: {pipelines: [gate], inventory: gate, contracts: [gate]}
"""


def _findings(folder: Path, text: str) -> list[tuple[int, int, str]]:
    (folder / "gate.yaml").write_text(text)
    return [(found.place.line, found.place.column, found.code) for found in check([folder / "gate.yaml"]).diagnostics]


def test_every_fault_is_at_its_place_in_the_mapping(tmp_path: Path) -> None:
    found = _findings(tmp_path, TEXT)
    lines = TEXT.splitlines()
    assert {line for line, _, _ in found} >= {8, 9, 10, 11, 13, 21}
    assert (10, 5, "R111") in found  # a key that is no name
    assert (8, lines[7].index('"2"') + 1, "R108") in found
    assert (9, lines[8].index("0}") + 1, "R110") in found
    assert (11, 5, "R221") in found  # nothing to run
    assert (13, lines[12].index("recognize") + 1, "R205") in found
    assert (21, lines[20].index("cope") + 1, "R106") in found


def test_the_mapping_means_what_the_list_means(tmp_path: Path) -> None:
    good = TEXT.replace('"2"', "2").replace("containerPort: 0", "containerPort: 80").replace("Vote", "vote")
    good = good.replace("recognize", "recognise").replace(", cope: {}", "").replace("    idle:\n", "")
    (tmp_path / "gate.yaml").write_text(good)
    blueprint = load(tmp_path)
    assert [service.name for service in blueprint.pipelines[0].spec.services] == ["camera", "recognise", "vote"]
    assert [item.name for item in blueprint.contracts[0].spec.objectives] == ["sure"]
    assert blueprint.pipelines[0].spec.services[0].replicas == 2


@pytest.mark.parametrize(
    "services",
    ["{name: camera, command: [a]}", "{camera: [a]}", "{camera: {name: other}}", "{}", "{3: {command: [a]}}"],
)
def test_what_is_no_mapping_by_name_is_a_fault(tmp_path: Path, services: str) -> None:
    text = f"apiVersion: rohe.dev/v1\nkind: Pipeline\nmetadata: {{name: gate}}\nspec:\n  services: {services}\n"
    assert _findings(tmp_path, text)


def test_the_fields_are_lists_of_named_items() -> None:
    assert FIELDS == {"Pipeline": ("services",), "ObservationContract": ("objectives",)}
