"""Every manifest keeps the strict schemas of Kubernetes 1.28 to 1.37."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cluster_schemas import VERSIONS, WITH_CLAIMS, schema_faults

from rohe_iac.manifests.manifest import Manifest
from rohe_iac.usecases.plans.plan import make_plan

RenderExample = Callable[[str], dict[str, Manifest]]


@pytest.mark.parametrize("example", ["bts", "kpi", "template"])
def test_manifests_of_an_example_keep_the_schemas(render_example: RenderExample, example: str) -> None:
    assert [fault for manifest in render_example(example).values() for fault in schema_faults(manifest)] == []


CLAIMS = """
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
    - name: a
      image: "a:1"
      replicas: 2
      requests: {accelerators: {gpu: {share: 40%, memory: 1Gi}, npu: {count: 1}}}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: i}
spec:
  nodes:
    - name: n-1.edge.example
      cpu: 4
      memory: {rss: 4Gi}
      accelerators:
        GPU:
          type: gpu
          memory: 4Gi
          kubernetes: {deviceClass: gpu.example.com, attribute: index, values: [0], capacity: memory}
        NPU: {type: npu, count: 2, kubernetes: {extendedResource: example.com/npu}}
"""


def test_claims_keep_the_schemas_of_the_versions_that_have_them(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").write_text("project: p\n")
    (tmp_path / "s.yaml").write_text(CLAIMS)
    manifests = make_plan(tmp_path).planfile.manifests
    assert sum(manifest.kind == "ResourceClaim" for manifest in manifests) == 2
    assert [fault for manifest in manifests for fault in schema_faults(manifest, WITH_CLAIMS)] == []


def test_a_field_that_no_version_knows_is_found(render_example: RenderExample) -> None:
    manifest = next(found for found in render_example("bts").values() if found.kind == "Deployment")
    wrong = replace(manifest, text=manifest.text.replace("containers:", "containerz:"))
    assert len({fault.partition(":")[0] for fault in schema_faults(wrong)}) == len(VERSIONS)
