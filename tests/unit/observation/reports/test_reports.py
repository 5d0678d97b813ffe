"""Reports in rohe's form and in the envelopes of QoA4ML clients; any other message is undecodable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rohe_iac.observation.reports.qoa4ml import decode_qoa4ml
from rohe_iac.observation.reports.report import Undecodable, decode_report

CAPTURED = Path(__file__).parent / "qoa4ml"
REPORT = {
    "v": 1, "client": "c-0", "boot": "b", "seq": 1, "at": 12.5, "service": "c", "instance": "c-0", "member": "m",
    "request": "r", "start": 12.0, "end": 12.5, "metrics": {"confidence": 0.9}, "fields": {"prediction": 3},
}  # fmt: skip


def test_our_own_form_is_read_whole() -> None:
    report = decode_report(json.dumps({**REPORT, "unknown": 1}).encode())
    assert (report.client, report.boot, report.seq, report.request) == ("c-0", "b", 1, "r")
    assert report.values == {"prediction": 3, "confidence": 0.9, "response_time": 0.5}


@pytest.mark.parametrize(
    "change",
    [{"v": 2}, {"seq": 0}, {"seq": "1"}, {"at": None}, {"client": ""}, {"metrics": {"x": "text"}}, {"fields": []}],
)
def test_what_breaks_the_form_is_undecodable(change: dict[str, object]) -> None:
    with pytest.raises(Undecodable):
        decode_report(json.dumps({**REPORT, **change}).encode())


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"metadata": 1}'])
def test_bytes_of_any_kind_are_undecodable_and_no_fault(payload: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_report(payload)
    with pytest.raises(Undecodable):
        decode_qoa4ml(payload, "s", "s-0")


@pytest.mark.parametrize("path", sorted(CAPTURED.glob("*.json")), ids=lambda path: path.stem)
def test_every_captured_envelope_is_read(path: Path) -> None:
    report = decode_qoa4ml(path.read_bytes(), "inference", "ml1-0")
    assert (report.client, report.service, report.instance) == ("ml1-0", "inference", "ml1-0")
    assert report.at > 1.7e9


def test_an_ml_report_gives_its_metrics_prediction_and_response_time() -> None:
    report = decode_qoa4ml((CAPTURED / "ml_report.json").read_bytes(), "inference", "ml1-0")
    assert report.request == "req-0001"
    assert report.metrics["availability"] == 99.9
    assert report.metrics["accuracy"] == report.metrics["confidence"] == 0.91
    assert report.fields["prediction"] == "cat"
    assert report.values["response_time"] == pytest.approx(0.0201387, abs=1e-6)


def test_a_rohe_report_spans_all_stages_that_it_gathered() -> None:
    report = decode_qoa4ml((CAPTURED / "rohe_report_aggregate.json").read_bytes(), "aggregate", "agg1-0")
    assert report.start == pytest.approx(1795359734.5262215)
    assert report.end == pytest.approx(1795359734.6037564)
    assert report.metrics["image_width"] == 640.0
    assert "execution_graph" in report.fields


def test_a_system_probe_gives_flat_numbers() -> None:
    report = decode_qoa4ml((CAPTURED / "probe_system_edge.json").read_bytes(), "probe", "node-1")
    assert report.metrics["cpu.usage.value.core_0"] == 71.6
    assert report.metrics["mem.usage.value"] == pytest.approx(538.63, abs=0.01)


def test_a_user_defined_report_keeps_what_the_user_said() -> None:
    report = decode_qoa4ml((CAPTURED / "user_defined_report.json").read_bytes(), "s", "s-0")
    assert report.metrics == {"my.k": 1.0}
