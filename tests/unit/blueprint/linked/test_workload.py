"""Workloads have unique slugs and addresses, and the fields of their member or variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.linked.workload import pipeline_of, service_with_variant, with_alternative, workloads_of
from rohe_iac.blueprint.loading import load

DOCUMENTS = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  services:
    - {name: camera, image: camera, replicas: 2, reports: {fields: [picture]}}
    - name: detect
      image: detect
      variants: [{name: small, requests: {cpu: 100m}}, {name: large, image: large}]
    - {name: vote, image: vote, ensemble: {members: [{name: svm}, {name: cnn, replicas: 3}]}}
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: yard}
spec: {services: [{name: camera, image: yard, reports: {}}]}
---
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {name: lab}
spec: {nodes: [{name: n, cpu: 4, memory: {rss: 4Gi}}]}
---
apiVersion: rohe.dev/v1
kind: Stack
metadata: {name: home}
spec: {pipelines: [shop, yard], inventory: lab}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "all.yaml").write_text(DOCUMENTS)
    return tmp_path


def test_every_replica_class_has_a_workload_of_its_own(folder: Path) -> None:
    workloads = {workload.address: workload for workload in workloads_of(load(folder))}
    assert list(workloads) == [
        "agent/shop", "agent/yard", "broker/broker", "service/shop:camera", "service/shop:detect",
        "service/shop:vote/cnn", "service/shop:vote/svm", "service/yard:camera",
    ]  # fmt: skip
    assert workloads["service/shop:camera"].slug == "shop-camera"
    assert workloads["service/shop:vote/cnn"].service.replicas == 3
    assert workloads["service/shop:vote/cnn"].replica(0) == "replica/shop:vote/cnn/0"
    assert workloads["agent/shop"].system
    assert workloads["agent/shop"].instance(0) == "rohe-agent-shop-0"


def test_a_variant_replaces_the_fields_that_it_sets(folder: Path) -> None:
    blueprint = load(folder)
    (detect,) = (workload for workload in workloads_of(blueprint) if workload.service.name == "detect")
    assert service_with_variant(detect, "large").image == "large"
    assert service_with_variant(detect, "small").requests.cpu == 100
    assert service_with_variant(detect, "") is detect.service
    whole = with_alternative(detect.service, detect.alternatives[0])
    assert (whole.image, whole.variants) == ("detect", ())


def test_a_pipeline_is_found_by_its_name(folder: Path) -> None:
    blueprint = load(folder)
    assert pipeline_of(blueprint, "yard").metadata.name == "yard"
    with pytest.raises(KeyError):
        pipeline_of(blueprint, "garden")
