"""Claims about devices that claims of a saved plan select, compared with the devices that it names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from rohe_iac.blueprint.loading import load
from rohe_iac.deployment.files.planfile import PlanFile
from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.plans.comparison.devices import device_faults
from rohe_iac.usecases.plans.plan import make_plan
from rohe_iac.usecases.plans.verify import check_file

BLUEPRINT = """
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: s}
spec: {pipelines: [p], inventory: i, target: {kubernetes: {namespace: s}}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: p}
spec:
  services:
    - {name: a, image: "a:1", replicas: 3, requests: {accelerators: {gpu: {share: 40%}}}}
    - {name: b, image: "b:1", requests: {accelerators: {npu: {count: 1}}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: i}
spec:
  deviceTypes:
    x:
      cpu: 4
      memory: {rss: 4Gi}
      accelerators:
        GPU: {type: gpu, count: 4, kubernetes: {deviceClass: gpu.example.com, attribute: gpu.example.com/uuid}}
        NPU: {type: npu, kubernetes: {extendedResource: example.com/npu}}
  nodes:
    - {name: n-1, deviceType: x}
"""


@pytest.fixture
def planfile(tmp_path: Path) -> PlanFile:
    (tmp_path / "rohe.yaml").write_text("project: p\n")
    (tmp_path / "s.yaml").write_text(BLUEPRINT)
    return make_plan(tmp_path).planfile


def with_texts(planfile: PlanFile, old: str, new: str) -> PlanFile:
    def changed(manifest: Manifest) -> Manifest:
        text = manifest.text.replace(old, new) if manifest.kind == "ResourceClaim" else manifest.text
        return replace(manifest, text=text)

    return replace(planfile, manifests=tuple(map(changed, planfile.manifests)))


def faults(planfile: PlanFile, folder: Path) -> list[str]:
    return [*device_faults(planfile, load(folder).inventory)]


def test_every_replica_has_a_device_to_itself_and_a_claim_that_selects_it(planfile: PlanFile, tmp_path: Path) -> None:
    given = [use.device for item in planfile.plan.placements for use in item.devices if use.type == "gpu"]
    assert len({*given}) == 3
    assert faults(planfile, tmp_path) == []
    assert check_file(planfile, tmp_path).faults == ()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('== "GPU-1"', '== "GPU-3"', "its claim selects GPU-3 of n-1, the plan names GPU-1"),
        ('== "GPU-1"', '== "GPU-9"', "a request of its claim selects none of n-1"),
        ('== "GPU-1"', '!= "GPU-9"', "a request of its claim selects none of n-1"),
        ("deviceClassName: gpu.example.com", "deviceClassName: other.example.com", "selects none of n-1"),
    ],
)
def test_a_claim_for_another_device_is_a_fault(
    planfile: PlanFile, tmp_path: Path, old: str, new: str, words: str
) -> None:
    altered = with_texts(planfile, old, new)
    assert any(words in line for line in faults(altered, tmp_path)), faults(altered, tmp_path)
    assert any(words in line for line in check_file(altered, tmp_path).faults)


def test_a_replica_without_its_claim_is_a_fault(planfile: PlanFile, tmp_path: Path) -> None:
    manifests = tuple(manifest for manifest in planfile.manifests if manifest.kind != "ResourceClaim")
    assert len(faults(replace(planfile, manifests=manifests), tmp_path)) == 3


def test_advice_that_the_blueprint_does_not_give_is_a_fault(planfile: PlanFile, tmp_path: Path) -> None:
    assert [item.about for item in planfile.advice] == ["share"]
    assert any(
        "advice: service/p:a: it lacks" in line for line in check_file(replace(planfile, advice=()), tmp_path).faults
    )
