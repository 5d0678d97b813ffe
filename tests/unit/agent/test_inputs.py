"""Inputs: each kind reaches the observer, and whatever one of them raises ends with it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rohe_iac.agent.inputs import apply_input, dead_letter_input, promise_input, stall_input
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report
from rohe_iac.sinks.observer_input import InputKind, ObserverInput


@pytest.fixture
def observer() -> Observer:
    return Observer(
        Configuration(
            stack="s",
            pipeline="p",
            agent="agent-0",
            services=(ServiceSpec(name="load"),),
            instances=(Instance(instance="load-0", topic="load", service="load"),),
            contracts=(),
        )
    )


def report(**changes: Any) -> ObserverInput:
    content = Report(client="load-0", boot="b", seq=1, at=100.0, service="load", instance="load-0")
    return ObserverInput(
        InputKind.REPORT, 100.0, "load-0", msgspec.json.encode(msgspec.structs.replace(content, **changes))
    )


def test_what_is_known_of_clients_moves_the_watermark(observer: Observer) -> None:
    apply_input(observer, ObserverInput(InputKind.RESUME, 99.0))
    apply_input(observer, report())
    assert observer.watermark == 98.0
    apply_input(observer, report(seq=3, at=105.0))
    assert observer.watermark == 98.0, "report 2 is missing"
    apply_input(observer, dead_letter_input(105.0, "load-0", "b", 2))
    assert observer.watermark == 98.0, "the clock of arrivals is still at 100"
    apply_input(observer, promise_input(110.0, "load-0", 108.0))
    assert observer.watermark == 106.0
    apply_input(observer, stall_input(115.0, 5.0))
    apply_input(observer, ObserverInput(InputKind.TICK, 116.0))
    assert observer.watermark == 106.0, "it promises, and 1 s of silence is no 15 s"


@pytest.mark.parametrize(
    "bad",
    [
        ObserverInput(InputKind.REPORT, 100.0, "load-0", b"{"),
        ObserverInput(InputKind.REPORT, 100.0, "load-0", b'{"client": 3}'),
        ObserverInput(InputKind.DEAD_LETTER, 100.0, "load-0", b"[]"),
        ObserverInput(InputKind.RESTORE, 100.0, "", b"\xff"),
        ObserverInput("of another version", 100.0),
    ],
)
def test_an_input_that_raises_is_left_out(
    observer: Observer, bad: ObserverInput, caplog: pytest.LogCaptureFixture
) -> None:
    assert apply_input(observer, bad) == []
    assert bad.kind in caplog.text
    apply_input(observer, ObserverInput(InputKind.RESUME, 99.0))
    apply_input(observer, report())
    assert observer.watermark == 98.0
