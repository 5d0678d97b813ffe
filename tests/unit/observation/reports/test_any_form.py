"""The report of a message is found, whatever form it is of."""

from __future__ import annotations

import json

import pytest

from rohe_iac.observation.reports.any_form import decode_any_report
from rohe_iac.observation.reports.report import Undecodable

OWN = {"client": "c-0", "boot": "b", "seq": 1, "at": 5.0, "service": "c", "v": 1}
FOREIGN = {"metadata": {}, "timestamp": 5.0, "report": {"x": 1}}


@pytest.mark.parametrize(("content", "boot"), [(OWN, "b"), (FOREIGN, "")], ids=["its version last", "QoA4ML"])
def test_both_forms_are_read(content: dict[str, object], boot: str) -> None:
    report = decode_any_report(json.dumps(content).encode(), "c", "c-0")
    assert (report.client, report.at, report.boot) == ("c-0", 5.0, boot)


@pytest.mark.parametrize(
    ("content", "why"), [({**OWN, "at": "noon"}, "at"), ({"x": 1}, "envelopes")], ids=["its own", "no form"]
)
def test_what_cannot_be_read_is_refused_with_the_reason_of_the_form_that_it_was_meant_to_be(
    content: dict[str, object], why: str
) -> None:
    with pytest.raises(Undecodable) as refusal:
        decode_any_report(json.dumps(content).encode(), "c", "c-0")
    assert why in f"{refusal.value.brief} {refusal.value.detail}"
