"""Claims about the policies and addresses of flows that stay within a domain, in a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from local_flow import write_site

from rohe_iac.blueprint.linked.local_flow import LocalFlows
from rohe_iac.blueprint.linked.workload import workloads_of
from rohe_iac.blueprint.loading import load
from rohe_iac.manifests.kubernetes.network.local_policy import LocalPolicies
from rohe_iac.usecases.plans.plan import make_plan

Site = tuple[dict[str, str], dict[str, Any], dict[str, Any]]


def _site(folder: Path, within: str = "zone") -> Site:
    """Returns the domain of every replica, the policies by name and the variables of every replica."""
    planfile = make_plan(write_site(folder, "kubernetes: {namespace: n}", within)).planfile
    documents = [yaml.safe_load(manifest.text) for manifest in planfile.manifests]
    policies = {item["metadata"]["name"]: item["spec"] for item in documents if item["kind"] == "NetworkPolicy"}
    variables = {
        item["metadata"]["name"]: {
            variable["name"]: variable.get("value")
            for variable in item["spec"]["template"]["spec"]["containers"][0]["env"]
        }
        for item in documents
        if item["kind"] == "Deployment"
    }
    domains = {
        item.instance: item.node if within == "node" else item.node.partition("-")[0]
        for item in planfile.plan.placements
    }
    return domains, policies, variables


def _named(rules: list[Any], end: str) -> set[str]:
    """Returns the replicas that rules name one by one."""
    return {
        name
        for rule in rules
        for peer in rule.get(end, ())
        for expression in peer["podSelector"]["matchExpressions"]
        if expression["key"] == "rohe.dev/instance"
        for name in expression["values"]
    }


def _allowed(site: Site, end: str) -> dict[str, set[str]]:
    """Returns for every replica the replicas that policies of its own allow it to reach (`to`), or to reach it."""
    found: dict[str, set[str]] = {}
    for policy in site[1].values():
        for expression in policy["podSelector"].get("matchExpressions", ()):
            assert expression["key"] == "rohe.dev/instance"
            for name in expression["values"]:
                rules = policy.get("ingress" if end == "from" else "egress", [])
                found.setdefault(name, set()).update(_named(rules, end))
    return {name: others for name, others in found.items() if others}


def _beside(site: Site, name: str, service: str) -> set[str]:
    return {other for other, domain in site[0].items() if domain == site[0][name] and other.startswith(service)}


def test_replicas_reach_those_of_their_domain_alone(tmp_path: Path) -> None:
    site = _site(tmp_path)
    assert len(set(site[0].values())) == 2
    senders, receivers = _allowed(site, "to"), _allowed(site, "from")
    assert {name for name in site[0] if name.startswith("camera")} == set(senders)
    assert all(others == _beside(site, name, "detect") for name, others in senders.items())
    assert all(others == _beside(site, name, "camera") for name, others in receivers.items())
    assert receivers


def test_the_policy_of_a_workload_allows_no_local_flow(tmp_path: Path) -> None:
    _, policies, _ = _site(tmp_path)
    assert "ingress" not in policies["detect"]
    named = [rule["to"] for rule in policies["camera"]["egress"] if "to" in rule]
    assert "detect" not in str(named)
    # The flow to the counter is not local: all detectors may reach it.
    assert "detect" in str(policies["count"]["ingress"])


def test_peers_are_the_replicas_of_the_domain_by_names_of_their_own(tmp_path: Path) -> None:
    site = _site(tmp_path)
    for name, variables in site[2].items():
        if not name.startswith("camera"):
            continue
        urls = json.loads(variables["ROHE_PEERS"])["detect"][""]
        assert urls == [f"http://{other}.rohe-yard.n.svc:8000" for other in sorted(_beside(site, name, "detect"))]


def test_each_node_can_be_a_domain(tmp_path: Path) -> None:
    site = _site(tmp_path, "node")
    senders = _allowed(site, "to")
    assert len(senders) == 4
    assert all(others == _beside(site, name, "detect") for name, others in senders.items())


def test_without_local_flows_there_is_no_policy_of_single_replicas(tmp_path: Path) -> None:
    site = write_site(tmp_path, "kubernetes: {namespace: n}")
    blueprint, placements = load(site), make_plan(site).planfile.plan.placements
    workloads = {workload.address: workload for workload in workloads_of(blueprint)}
    policies = LocalPolicies("yard", LocalFlows(blueprint), workloads, placements)
    assert [address for address, workload in workloads.items() if not [*policies.of(workload)]] == [
        "service/cams:count"
    ]
