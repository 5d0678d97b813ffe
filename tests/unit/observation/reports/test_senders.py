"""Senders: the topic says who sent a report; a report that says otherwise is refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rohe_iac.observation.configuration import Instance
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.senders import MisattributedReport, Senders

SENDERS = Senders(
    [
        Instance(instance="svm-0", topic="p-classify", service="classify", member="svm", node="pi-1"),
        Instance(instance="cam-0", topic="camera", service="camera"),
    ]
)


def report(**changes: Any) -> Report:
    return msgspec.structs.replace(
        Report(client="svm-0", at=1.0, service="classify", instance="svm-0", member="svm", node="pi-1"), **changes
    )


def test_a_report_of_its_sender_is_taken_as_it_is() -> None:
    assert SENDERS.attribute(report(), "p-classify", "svm-0") == report()


def test_names_that_are_left_out_are_those_of_the_sender() -> None:
    bare = report(service="", member="", node="")
    assert SENDERS.attribute(bare, "p-classify", "svm-0") == report()
    assert SENDERS.service_of("p-classify", "svm-0") == "classify"


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"client": "cam-0"}, "cam-0"),
        ({"instance": "cam-0"}, "cam-0"),
        ({"service": "camera"}, "service 'camera'"),
        ({"member": "bayes"}, "member 'bayes'"),
        ({"node": "pi-2"}, "node 'pi-2'"),
    ],
)
def test_a_report_in_the_name_of_another_is_refused(changes: dict[str, str], word: str) -> None:
    with pytest.raises(MisattributedReport) as refused:
        SENDERS.attribute(report(**changes), "p-classify", "svm-0")
    assert word in refused.value.brief


def test_of_an_instance_that_is_not_planned_the_service_is_known_by_the_topic() -> None:
    extra = report(client="svm-9", instance="svm-9")
    assert SENDERS.attribute(extra, "p-classify", "svm-9") == extra
    with pytest.raises(MisattributedReport):
        SENDERS.attribute(msgspec.structs.replace(extra, service="camera"), "p-classify", "svm-9")


def test_a_node_that_no_plan_gave_is_not_compared() -> None:
    assert (
        SENDERS.attribute(
            Report(client="cam-0", at=1.0, service="camera", instance="cam-0", node="pi-7"), "camera", "cam-0"
        ).node
        == "pi-7"
    )
