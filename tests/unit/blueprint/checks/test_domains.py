"""Rules over domains that no nodes can keep are warned of: spread, near and avoid."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rohe_iac.blueprint.checks.domains import UNPLACEABLE, Domains, check_topology_keys
from rohe_iac.blueprint.checks.fitting import check_fitting, fleet_of
from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.language.inventory import Inventory
from rohe_iac.blueprint.language.pipeline import Pipeline
from rohe_iac.blueprint.linked.machine import machines_of

INVENTORY = Inventory.model_validate(
    {
        "metadata": {"name": "i"},
        "spec": {
            "nodes": [
                {"name": "a", "arch": "arm64", "cpu": 1, "memory": {"rss": "4Gi"}, "labels": {"zone": "hall"}},
                {"name": "b", "arch": "amd64", "cpu": 4, "memory": {"rss": "1Gi"}, "labels": {"zone": "yard"}},
            ]
        },
    }
)
Make = Callable[[str, str], Document]


def pipeline_of(document: Document) -> Pipeline:
    assert isinstance(document.model, Pipeline)
    return document.model


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ("replicas: 2, placement: {spread: [{topologyKey: zone}]}", ""),
        ("replicas: 3, placement: {spread: [{topologyKey: zone}]}", "need 3 of them, found 2 where it fits"),
        ("replicas: 3, placement: {avoid: [{service: s}]}", "need 3 of them, found 2 where it fits"),
        ("arch: [arm64], placement: {near: [{service: t, topologyKey: zone}]}", "have no zone that they fit in"),
        ("requests: {cpu: 2, memory: {rss: 2Gi}}", "1 is with too little cpu, 1 is with too little memory"),
    ],
)
def test_rules_that_no_nodes_keep_are_warned_of(valid_document: Make, fields: str, message: str) -> None:
    text = f"  services:\n    - {{name: s, command: [x], {fields}}}\n    - {{name: t, command: [x], arch: [amd64]}}\n"
    document = valid_document("Pipeline", text)
    pipeline = pipeline_of(document)
    domains = Domains(tuple(machines_of(INVENTORY)), document, pipeline)
    findings = list(domains.check(document, ("spec", "services", 0), pipeline.spec.services[0]))
    assert [finding.code for finding in findings] == (["R303"] if message else [])
    assert all(message in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("member", "message"),
    [
        ("arch: [arm64]", ""),
        (
            "arch: [arm64], requests: {cpu: 2}",
            "no node has all that 'm' asks for: 1 is of architecture amd64, 1 is with",
        ),
        ("arch: [arm64], placement: {nodeSelector: {zone: yard}}", "no node has all that 'm' asks for"),
        ("placement: {nodeSelector: {zone: [yard, hall], node: {not: b}}}", ""),
        ("placement: {nodeSelector: {zone: {not: hall}, node: a}}", "2 are without the labels of nodeSelector"),
    ],
)
def test_a_member_that_no_node_suits_is_told_at_its_name(valid_document: Make, member: str, message: str) -> None:
    text = (
        f"  services:\n    - {{name: s, command: [x], ensemble: {{members: [{{name: m, {member}}}, {{name: n}}]}}}}\n"
    )
    document = valid_document("Pipeline", text)
    pipeline = pipeline_of(document)
    domains = Domains(tuple(machines_of(INVENTORY)), document, pipeline)
    findings = list(domains.check(document, ("spec", "services", 0), pipeline.spec.services[0]))
    path = ("spec", "services", 0, "ensemble", "members", 0, "name")
    assert [(finding.code, finding.path) for finding in findings] == ([("R303", path)] if message else [])
    assert all(message in finding.message for finding in findings)


def test_a_label_that_no_node_has_is_no_domain(valid_document: Make) -> None:
    spec = "  services: [{name: s, command: [x], placement: {spread: [{topologyKey: zoen}]}}]\n"
    document = valid_document("Pipeline", spec)
    (service,) = pipeline_of(document).spec.services
    (finding,) = check_topology_keys(document, ("spec", "services", 0), service, frozenset({"zone"}))
    assert (finding.path[-1], finding.hint) == ("topologyKey", "did you mean 'zone'?")


@pytest.mark.parametrize(
    ("requests", "code", "field"),
    [
        ("cpu: 5", "R301", "cpu"),
        ("memory: {rss: 5Gi}", "R301", "rss"),
        ("cores: [1, 1, 1, 1, 1]", "R301", "cores"),
        ("accelerators: {gpu: {share: 5%}}", "R302", "gpu"),
    ],
)
def test_a_request_beyond_every_node_is_warned_of(valid_document: Make, requests: str, code: str, field: str) -> None:
    document = valid_document("Pipeline", f"  services: [{{name: s, command: [x], requests: {{{requests}}}}}]\n")
    (finding,) = check_fitting(document, pipeline_of(document), fleet_of(INVENTORY))
    assert (finding.code, finding.path[-1]) == (code, field)
    assert finding.hint == UNPLACEABLE or code == "R302"
