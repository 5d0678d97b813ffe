"""Claims about Services and the URLs that callers are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from one_node import write_repository

from rohe_iac.manifests.kubernetes.services import ensemble_service, replicas_service, service_name
from rohe_iac.usecases.plans.plan import make_plan

SERVICES = """
    - {name: web, image: e/web:1, ports: [{name: http, containerPort: 8080}]}
    - name: vote
      image: e/vote:1
      balancing: BALANCING
      ports: [{name: http, servicePort: 80}]
      ensemble: {members: [{name: a}, {name: b, replicas: 2}]}
  flow: [{from: web, to: vote}]
"""


def _documents(folder: Path, services: str) -> dict[tuple[str, str], Any]:
    manifests = make_plan(write_repository(folder, services, "target: {kubernetes: {namespace: n}}")).planfile.manifests
    documents = [yaml.safe_load(manifest.text) for manifest in manifests]
    return {(document["kind"], document["metadata"]["name"]): document for document in documents}


def _peers(documents: dict[tuple[str, str], Any]) -> Any:
    (container,) = documents["Deployment", "web-0"]["spec"]["template"]["spec"]["containers"]
    return json.loads(next(entry["value"] for entry in container["env"] if entry["name"] == "ROHE_PEERS"))


def test_callers_that_choose_are_told_every_replica(tmp_path: Path) -> None:
    documents = _documents(tmp_path, SERVICES.replace("BALANCING", "leastBusy"))
    url = "http://vote-{}.rohe-desk.n.svc:8000"
    assert _peers(documents) == {"vote": {"a": [url.format("a-0")], "b": [url.format("b-0"), url.format("b-1")]}}
    # These names exist: a Service without an address has the stack's pods, which have host names below it.
    headless = documents["Service", "rohe-desk"]["spec"]
    assert (headless["clusterIP"], headless["publishNotReadyAddresses"]) == ("None", True)
    for instance in ("vote-a-0", "vote-b-0", "vote-b-1"):
        pod = documents["Deployment", instance]["spec"]["template"]
        assert (pod["spec"]["hostname"], pod["spec"]["subdomain"]) == (instance, "rohe-desk")
        assert headless["selector"].items() <= pod["metadata"]["labels"].items()


def test_callers_that_do_not_are_told_the_service_of_each_member(tmp_path: Path) -> None:
    documents = _documents(tmp_path, SERVICES.replace("BALANCING", "random"))
    assert _peers(documents) == {"vote": {"a": ["http://vote-a.n.svc:80"], "b": ["http://vote-b.n.svc:80"]}}
    for name, pods in (("vote-a", 1), ("vote-b", 2), ("vote", 3), ("web", 1)):
        service = documents["Service", name]["spec"]
        assert service["ports"] == (
            [{"name": "http", "port": 8080}] if name == "web" else [{"name": "http", "port": 80, "targetPort": 8000}]
        )
        deployments = [document for (kind, _), document in documents.items() if kind == "Deployment"]
        labels = [document["spec"]["template"]["metadata"]["labels"] for document in deployments]
        assert sum(service["selector"].items() <= found.items() for found in labels) == pods


def test_replicas_that_are_several_are_not_evicted_at_once(tmp_path: Path) -> None:
    documents = _documents(tmp_path, SERVICES.replace("BALANCING", "random"))
    assert [name for kind, name in documents if kind == "PodDisruptionBudget"] == ["vote-b"]
    assert documents["PodDisruptionBudget", "vote-b"]["spec"]["maxUnavailable"] == 1


@pytest.mark.parametrize(("slug", "name"), [("web", "web"), ("3d-map", "service-3d-map")])
def test_a_service_s_name_begins_with_a_letter(slug: str, name: str) -> None:
    assert service_name(slug) == name


def test_names_are_unique_and_no_longer_than_a_label() -> None:
    assert ensemble_service("a", frozenset(("b",))) == "a"
    assert ensemble_service("a-b", frozenset(("a-b",))) == "a-b-d44362"
    assert len(replicas_service("s" * 63)) <= 63
