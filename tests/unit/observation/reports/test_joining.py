"""The request join: reports of one request become one sample, whatever their order; stragglers are counted."""

from __future__ import annotations

import itertools
from typing import Any

from rohe_iac.observation.configuration import Configuration, ServiceSpec
from rohe_iac.observation.reports.joining import FINISHED_RETENTION, RequestJoin, member_samples
from rohe_iac.observation.reports.report import Report

SPAN = 2.0


def join(*services: ServiceSpec) -> RequestJoin:
    flow = services or (
        ServiceSpec(name="camera", calls=("vote",)),
        ServiceSpec(name="vote", calls=("end",), members=("a", "b")),
        ServiceSpec(name="end"),
    )
    configuration = Configuration(stack="s", pipeline="p", agent="a", services=flow, instances=(), contracts=())
    return RequestJoin(configuration, SPAN)


def report(service: str, at: float, member: str = "", request: str = "r", **fields: Any) -> Report:
    instance = f"{service}-{member or 0}"
    return Report(
        client=instance, instance=instance, service=service, member=member, at=at, request=request,
        start=at - 0.5, end=at, fields=fields,
    )  # fmt: skip


def answered_request() -> list[Report]:
    return [
        report("camera", 10.0, truth=1),
        report("vote", 10.5, "a", prediction=1),
        report("vote", 10.7, "b", prediction=0),
        report("end", 11.0, prediction=1),
    ]


def test_any_order_of_arrival_gives_the_same_sample() -> None:
    samples = []
    for reports in itertools.permutations(answered_request()):
        joining = join()
        for number, arrived in enumerate(reports):
            joining.add(arrived, (str(number), 0), watermark=0.0)
        assert joining.advance(10.0 + SPAN) == [], "a report of 10.0 may still come"
        samples += joining.advance(10.1 + SPAN)
    assert len(samples) == 24
    assert all(sample == samples[0] for sample in samples)
    assert samples[0].values["response_time"] == 1.5
    assert samples[0].values["accuracy"] is True


def test_each_part_is_judged_by_the_truth_of_its_request() -> None:
    joining = join()
    for number, arrived in enumerate(answered_request()):
        joining.add(arrived, (str(number), 0), watermark=0.0)
    [joined] = joining.advance(99.0)
    accuracies = {sample.parts[0].name: sample.values.get("accuracy") for sample in member_samples(joined)}
    assert accuracies == {"camera": None, "vote/a": True, "vote/b": False, "end": True}


def test_a_straggler_is_counted_and_opens_no_request() -> None:
    joining = join()
    joining.add(report("camera", 10.0), ("1", 0), watermark=0.0)
    assert len(joining.advance(13.0)) == 1
    joining.add(report("end", 11.0), ("2", 0), watermark=13.0)
    assert (joining.state.stragglers, joining.state.open) == (1, {})
    joining.add(report("end", 11.0), ("3", 0), watermark=10.0 + SPAN + FINISHED_RETENTION)
    assert list(joining.state.open) == ["r"], "by then the request is forgotten"


def test_a_request_without_its_source_or_its_end_is_unjoined() -> None:
    joining = join()
    joining.add(report("camera", 10.0, request="unanswered"), ("1", 0), watermark=0.0)
    joining.add(report("end", 10.0, request="unsent"), ("2", 0), watermark=0.0)
    joining.add(report("camera", 10.0, request=""), ("3", 0), watermark=0.0)
    joining.advance(99.0)
    assert joining.state.unjoined == 3


def test_in_a_pipeline_of_one_service_a_report_without_a_request_is_a_request() -> None:
    joining = join(ServiceSpec(name="only"))
    joining.add(report("only", 10.0, request=""), ("key", 0), watermark=0.0)
    [sample] = joining.advance(99.0)
    assert (sample.request, sample.values["sent"], sample.values["answered"]) == ("key", True, True)


def test_a_request_that_is_final_takes_no_report_before_it_is_taken_either() -> None:
    joining = join()
    joining.add(report("camera", 10.0), ("1", 0), watermark=0.0)
    joining.add(report("end", 12.5), ("2", 0), watermark=10.0 + SPAN)
    joining.add(report("end", 12.6), ("3", 0), watermark=10.1 + SPAN)
    assert joining.state.stragglers == 1
    assert [len(sample.parts) for sample in joining.advance(99.0)] == [2]
