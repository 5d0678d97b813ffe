"""Checks of a pipeline: flows, placement rules, ports, sizes and files that contradict each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.pipeline import IMPLAUSIBLE_CPU, check
from rohe_iac.blueprint.findings.finding import Document
from rohe_iac.blueprint.language.pipeline import Pipeline


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ("", ""),
        ("replicas: auto", "R220"),
        ("variants: [{name: v}], ensemble: {members: [{name: m}]}", "R215"),
        ("ports: [{name: http, containerPort: 80}, {name: more, containerPort: 80}]", "R222"),
        ("health: {readiness: {tcp: http}}", "R208"),
        ("placement: {near: [{service: b}], avoid: [{service: b}]}", "R214"),
        ("placement: {near: [{service: c}]}", "R205"),
        ("placement: {tolerations: [{key: a, operator: Exists, value: x}]}", "R214"),
        ("requests: {cpu: 2}, limits: {cpu: 1}", "R224"),
        ("requests: {memory: {rss: 1000}}", "R113"),
        (f"requests: {{cpu: {IMPLAUSIBLE_CPU // 1000}}}", "R113"),
        ("reports: {metrics: {response_time: {unit: ratio}}}", "R216"),
        ("files: [{path: /x, from: absent}]", "R225"),
        ("profile: ../outside.yaml", "R225"),
    ],
)
def test_a_contradiction_of_a_service_has_its_code(
    valid_document: Callable[[str, str], Document], tmp_path: Path, fields: str, code: str
) -> None:
    services = f"    - {{name: a, command: [x], {fields}}}\n    - {{name: b, command: [x], ports: [{{name: http}}]}}\n"
    document = valid_document("Pipeline", f"  services:\n{services}  flow: [{{from: a, to: b}}]\n")
    assert isinstance(document.model, Pipeline)
    assert [finding.code for finding in check(document, document.model, tmp_path)] == ([code] if code else [])


@pytest.mark.parametrize(
    ("flow", "codes"),
    [
        ("{from: a, to: a}", ["R211"]),
        ("{from: a, to: b}, {from: a, to: b}", ["R210"]),
        ("{from: a, to: b}, {from: b, to: a}", ["R211"]),
        ("{from: a, to: c}", ["R205"]),
    ],
)
def test_a_flow_has_no_circle_no_twin_and_no_end_in_nothing(
    valid_document: Callable[[str, str], Document], tmp_path: Path, flow: str, codes: list[str]
) -> None:
    services = (
        "  services: [{name: a, command: [x], ports: [{name: w}]}, {name: b, command: [x], ports: [{name: w}]}]\n"
    )
    document = valid_document("Pipeline", f"{services}  flow: [{flow}]\n")
    assert isinstance(document.model, Pipeline)
    assert [finding.code for finding in check(document, document.model, tmp_path)] == codes
