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


CLASHING = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: shop}
spec:
  services: [{name: operator, image: a, reports: {}}, {name: rohe-agent-shop, image: a}, {name: till, image: a}]
---
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {name: yard}
spec: {services: [{name: shop-till, image: a}, {name: till, image: a}, {name: rohe-broker, image: a}]}
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


def test_no_service_has_a_user_of_the_stacks_own_or_of_another_service(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    (tmp_path / "all.yaml").write_text(CLASHING)
    workloads = workloads_of(load(tmp_path))
    topics = {workload.address: workload.topic for workload in workloads if not workload.system}
    assert topics["service/yard:till"] == "yard-till", "where nothing clashes a user has the service's own name"
    assert topics["service/shop:operator"].startswith("operator-")
    own = {"operator"} | {workload.slug for workload in workloads if workload.system}
    assert not own & set(topics.values())
    assert len(set(topics.values())) == len(topics)
    assert len({workload.slug for workload in workloads}) == len(workloads)


def test_agents_of_long_names_that_begin_alike_have_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "rohe.yaml").touch()
    long = "p" * 45
    text = DOCUMENTS.replace("name: shop", f"name: {long}-shop").replace("name: yard", f"name: {long}-yard")
    (tmp_path / "all.yaml").write_text(text.replace("[shop, yard]", f"[{long}-shop, {long}-yard]"))
    slugs = [workload.slug for workload in workloads_of(load(tmp_path)) if workload.role == "agent"]
    assert len(set(slugs)) == 2


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
