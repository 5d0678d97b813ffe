"""Claims about who reaches whom: flows, DNS, the broker, and the networks that a service states."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from one_node import write_repository

from rohe_iac.manifests.kubernetes.network.network_policy import DNS
from rohe_iac.usecases.plans.plan import make_plan

SERVICES = """
    - name: web
      image: e/web:1
      reports: {fields: [page]}
      ports: [{name: http}]
      kubernetes: {egress: [10.1.0.0/16]}
    - name: vote
      image: e/vote:1
      ports: [{name: http, containerPort: 81}, {name: udp, protocol: UDP}, {name: admin, hostPort: 9000}]
      kubernetes: {ingress: [10.2.0.0/16]}
      ensemble: {members: [{name: a}, {name: b}]}
    - {name: log, image: e/log:1}
  flow: [{from: web, to: vote}, {from: web, to: log}]
"""


def _rules(folder: Path, broker: str = "embedded: {}") -> dict[str, tuple[list[Any], list[Any]]]:
    target = f"target: {{kubernetes: {{namespace: n}}}}, broker: {{{broker}}}"
    manifests = make_plan(write_repository(folder, SERVICES, target)).planfile.manifests
    documents = [yaml.safe_load(manifest.text) for manifest in manifests if manifest.kind == "NetworkPolicy"]
    return {
        document["metadata"]["name"]: (document["spec"].get("ingress", []), document["spec"].get("egress", []))
        for document in documents
        if document["spec"]["policyTypes"] == ["Ingress", "Egress"]
        and document["spec"]["podSelector"]["matchLabels"]["rohe.dev/workload"] == document["metadata"]["name"]
    }


def _pods(*slugs: str) -> dict[str, Any]:
    expression = {"key": "rohe.dev/workload", "operator": "In", "values": [*slugs]}
    return {"podSelector": {"matchLabels": {"rohe.dev/stack": "desk"}, "matchExpressions": [expression]}}


def test_rules_are_those_of_the_flow(tmp_path: Path) -> None:
    rules = _rules(tmp_path)
    assert set(rules) == {"web", "vote-a", "log", "rohe-broker", "rohe-agent-pages"}
    ports = [{"port": 81}, {"port": 8001, "protocol": "UDP"}, {"port": 8002}]
    broker = {"to": [_pods("rohe-broker")], "ports": [{"port": 1883}]}
    assert rules["web"] == (
        [{"ports": [{"port": 8000}]}],
        [
            DNS,
            broker,
            {"to": [_pods("vote-a", "vote-b")], "ports": ports},
            {"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}]},
        ],
    )
    entry = {"from": [_pods("web"), {"ipBlock": {"cidr": "10.2.0.0/16"}}], "ports": ports}
    assert rules["vote-a"] == ([entry, {"ports": [{"port": 8002}]}], [DNS, broker])
    assert rules["log"] == ([], [DNS, broker])
    assert rules["rohe-agent-pages"] == ([], [DNS, broker])
    clients = {"podSelector": {"matchLabels": {"rohe.dev/stack": "desk"}}}
    assert rules["rohe-broker"] == ([{"from": [clients], "ports": [{"port": 1883}]}], [])


def test_a_broker_elsewhere_is_reached_by_its_port(tmp_path: Path) -> None:
    assert _rules(tmp_path, "url: 'mqtts://broker.example'")["log"] == ([], [DNS, {"ports": [{"port": 8883}]}])
