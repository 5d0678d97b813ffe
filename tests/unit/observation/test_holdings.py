"""What an observer keeps is counted, and gone after it has been shed; no report is judged twice or not at all."""

from __future__ import annotations

from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.counters import Counters
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.judging.outcome import Outcome, Result
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report


def observer_of(window: WindowSpec) -> Observer:
    objective = ObjectiveSpec(
        name="o", metric="response_time", scope=ScopeSpec(service="s"), aggregate="rate", operator=">=", low=0.5,
        high=0.5, window=window, min_samples=1, missing="freeze",
    )  # fmt: skip
    return Observer(
        Configuration(
            stack="s",
            pipeline="p",
            agent="a",
            services=(ServiceSpec(name="s"),),
            instances=(Instance(instance="s-0", topic="s", service="s"),),
            contracts=(AgentContract(name="c", lateness=1.0, objectives=(objective,)),),
        )
    )


def feed(observer: Observer, first: int, last: int, step: float = 1.0) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for seq in range(first, last + 1):
        at = 1000.0 + seq * step
        report = Report(client="s-0", boot="b", seq=seq, at=at, service="s", instance="s-0", start=at - 0.1, end=at)
        outcomes += observer.report(report, at)
    return outcomes


def test_shedding_judges_what_is_kept_and_keeps_nothing() -> None:
    observer = observer_of(WindowSpec(size_seconds=3600.0, every_seconds=3600.0))
    observer.resume(1000.0)
    assert feed(observer, 1, 600) == []
    before = holdings_of(observer.state)
    assert before.windows > 150
    assert before.waiting > 0
    outcomes = observer.shed(1600.0)
    after = holdings_of(observer.state)
    assert after.windows == 0
    assert after.waiting < before.waiting
    [result] = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    assert (result.count, result.start) == (599, 1001.0)
    assert observer.state.counters == Counters(reports=600, windows=1)


def test_the_rest_of_a_window_that_ended_early_is_measured_over_its_own_span() -> None:
    observer = observer_of(WindowSpec(size_seconds=100.0, every_seconds=100.0))
    observer.resume(1000.0)
    feed(observer, 1, 150)
    observer.shed(1150.0)
    outcomes = feed(observer, 151, 204)
    [result] = [outcome for outcome in outcomes if isinstance(outcome, Result)]
    assert (result.start, result.end) == (1149.0, 1200.0)
    assert result.value is not None
    assert 0.9 < result.value < 1.1
