"""Panes: windows of very many samples have the same values as if all were kept, and percentiles with an error."""

from __future__ import annotations

import random

import pytest
from objective_specs import objective_spec

from rohe_iac.observation.checkpoint import Segment, checkpoint_of, restored
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ScopeSpec, WindowSpec
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.judging.outcome import Outcome, Result, Violation
from rohe_iac.observation.measuring import heard_lane
from rohe_iac.observation.measuring.pane import digest_of, pane_width
from rohe_iac.observation.measuring.sketch import RELATIVE_ERROR
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report

REPORTS = 12_000
SLIDING = WindowSpec(size_seconds=30.0, every_seconds=5.0)
UNEVEN = WindowSpec(size_seconds=20.0, every_seconds=7.5)
CONFIGURATION = Configuration(
    stack="s",
    pipeline="p",
    agent="a",
    services=(ServiceSpec(name="s"),),
    instances=tuple(Instance(instance=f"s-{number}", topic="s", service="s") for number in range(5)),
    contracts=(
        AgentContract(
            name="c",
            lateness=1.0,
            objectives=tuple(
                objective_spec(
                    name=f"{aggregate}-{window.every_seconds}", metric=metric, aggregate=aggregate, operator="<=",
                    low=0.0, high=0.0, scope=scope, window=window,
                )
                for aggregate in ("sum", "mean", "min", "max", "ratio", "count", "p50", "p99")
                for window in (SLIDING, UNEVEN)
                for metric, scope in (("x", ScopeSpec(service="s")),)
            ),
        ),
    ),
)  # fmt: skip


def reports() -> list[Report]:
    chance = random.Random(5)
    made = []
    for number in range(REPORTS):
        at = 1000.0 + number / 100
        value = chance.choice([0.0, chance.gauss(0, 1), chance.lognormvariate(0, 2)])
        metrics = {"x": value} if number % 11 else {}
        instance = f"s-{number % 5}"
        made.append(
            Report(
                client=instance, boot="b", seq=number // 5 + 1, at=at, service="s", instance=instance, metrics=metrics,
                fields={"x": None},
            )
        )  # fmt: skip
    return made


def outcomes_of(restart: int = 0) -> tuple[list[Outcome], Observer]:
    observer, segments = Observer(CONFIGURATION), dict[str, dict[int, bytes]]()
    outcomes = observer.resume(1000.0)
    for number, report in enumerate(reports()):
        outcomes += observer.report(report, report.at)
        taken: list[Segment] = observer.take_segments() if number % 10 == 0 else []
        for segment in taken:
            segments.setdefault(segment.name, {})[segment.number] = segment.content
        if restart and number % restart == 0:
            state = restored(checkpoint_of(observer.state).content, lambda name: segments.get(name, {}))
            observer = Observer(CONFIGURATION, state)
    return outcomes, observer


@pytest.mark.parametrize("restart", [0, 2500])
def test_windows_are_the_same_but_for_the_error_of_percentiles(monkeypatch: pytest.MonkeyPatch, restart: int) -> None:
    whole, kept = outcomes_of()
    monkeypatch.setattr(heard_lane, "FOLD_BEYOND", 1500)
    folded, observer = outcomes_of(restart)
    assert observer.state.lanes["reports/s/////"].panes.panes
    assert holdings_of(observer.state).windows == pytest.approx(holdings_of(kept.state).windows, abs=1024)
    assert len(folded) == len(whole) > 100
    for one, other in zip(folded, whole, strict=True):
        assert type(one) is type(other)
        if isinstance(one, Result) and isinstance(other, Result):
            if one.objective.startswith("p") and one.error:
                assert one.error == RELATIVE_ERROR
                assert one.value == pytest.approx(other.value, rel=RELATIVE_ERROR * 1.001, abs=1e-9)
                assert one.count == other.count
            else:
                assert one == other
        elif isinstance(one, Violation) and isinstance(other, Violation) and not one.objective.startswith("p"):
            assert one == other
    assert any(isinstance(one, Result) and one.error for one in folded)


def test_digests_of_parts_give_that_of_the_whole() -> None:
    chance = random.Random(1)
    values = [chance.gauss(0, 10) for _ in range(1000)]
    merged = digest_of(values[:10], [digest_of(values[10:500]), digest_of(values[500:]), digest_of([])])
    assert merged == digest_of(values)


@pytest.mark.parametrize(
    ("spans", "width"),
    [
        ([(60.0, 10.0)], 10.0),
        ([(60.0, 10.0), (45.0, 45.0)], 5.0),
        ([(1.5, 0.7)], 0.1),
        ([(1 / 3, 1.0)], 0.0),
        ([(0.0, 5.0)], 0.0),
    ],
)
def test_panes_are_as_long_as_all_windows_allow(spans: list[tuple[float, float]], width: float) -> None:
    assert pane_width(spans) == width
