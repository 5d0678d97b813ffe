"""Implausible quantities are reported with the unit that was probably meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from rohe_iac.blueprint.checks.plausibility import MAX_LATENCY
from rohe_iac.blueprint.loading import check
from rohe_iac.foundation.diagnostics import Diagnostic

PIPELINE = """\
apiVersion: rohe.dev/v1
kind: Pipeline
metadata: {{name: p}}
spec:
  load: {load}
  services: [{{name: a, command: [a]}}, {{name: b, command: [b], ports: [{{name: http}}]}}]
  flow: [{{from: a, to: b, latency: {latency}, bandwidth: {bandwidth}}}]
"""
INVENTORY = """\
apiVersion: rohe.dev/v1
kind: Inventory
metadata: {{name: i}}
spec:
  deviceTypes: {{d: {{cpu: 4, memory: {{rss: 4Gi}}, frequency: {frequency}}}}}
  nodes: [{{name: n, deviceType: d, labels: {{zone: a}}}}, {{name: m, deviceType: d, labels: {{zone: b}}}}]
  links: [{{name: l, between: [zone/a, zone/b], latency: {latency}, bandwidth: {bandwidth}}}]
"""
USUAL = {"load": "10/s", "latency": "50ms", "bandwidth": "20Mbps", "frequency": "1.5GHz"}


def diagnostics_of(folder: Path, template: str, **odd: str) -> list[Diagnostic]:
    (folder / "rohe.yaml").touch()
    (folder / "x.yaml").write_text(template.format(**(USUAL | odd)))
    return list(check([folder]).diagnostics)


@pytest.mark.parametrize("template", [PIPELINE, INVENTORY], ids=["pipeline", "inventory"])
def test_what_is_usual_is_not_told(tmp_path: Path, template: str) -> None:
    assert diagnostics_of(tmp_path, template) == []
    slow = {"load": "1/h", "latency": "0ms", "bandwidth": "1Kbps", "frequency": "16MHz"}
    assert diagnostics_of(tmp_path, template, **slow) == []
    fast = {"load": "1000000/s", "latency": f"{MAX_LATENCY:g}s", "bandwidth": "800Gbps", "frequency": "6GHz"}
    assert diagnostics_of(tmp_path, template, **fast) == []


@pytest.mark.parametrize(
    ("template", "field", "value", "meant"),
    [
        (PIPELINE, "load", "2000000/s", "2000000/h"),
        (PIPELINE, "load", "0/s", "leave load out"),
        (PIPELINE, "bandwidth", "20bps", "20Mbps"),
        (PIPELINE, "bandwidth", "0bps", "leave bandwidth out"),
        (PIPELINE, "latency", "50s", "50ms"),
        (INVENTORY, "bandwidth", "100000Gbps", "100Gbps"),
        (INVENTORY, "bandwidth", "100bps", "100Mbps"),
        (INVENTORY, "latency", "8m", "8ms"),
        (INVENTORY, "frequency", "1500GHz", "1500MHz"),
        (INVENTORY, "frequency", "1.5kHz", "1.5GHz"),
        (INVENTORY, "frequency", "900Hz", "900MHz"),
    ],
)
def test_what_is_hardly_meant_is_a_warning_at_its_place(
    tmp_path: Path, template: str, field: str, value: str, meant: str
) -> None:
    (found,) = diagnostics_of(tmp_path, template, **{field: value})
    assert (found.code, found.severity.value) == ("R113", "warning")
    assert meant in found.hint
    assert found.excerpt[found.place.column - 1 :].startswith(value)
