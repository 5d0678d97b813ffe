"""Where memory is short, less is kept of the samples in windows before any window ends early."""

from __future__ import annotations

import math

import msgspec
import pytest

from rohe_iac.observation.checkpoint import Segment, checkpoint_of, restored
from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.holdings import holdings_of
from rohe_iac.observation.judging.outcome import Outcome, Result, Violation
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.reports.report import Report

MEMBERS = ("bad", "good")
WINDOW = WindowSpec(size_seconds=600.0, every_seconds=600.0)
REQUESTS = 6000
BEGIN = 6000.0


def objective(name: str, metric: str, aggregate: str, operator: str = ">=", **changes: object) -> ObjectiveSpec:
    known = ObjectiveSpec(
        name=name, metric=metric, aggregate=aggregate, operator=operator, low=0.99, high=0.99, window=WINDOW,
        scope=ScopeSpec(),
        min_samples=1, missing="freeze",
    )  # fmt: skip
    return msgspec.structs.replace(known, **changes)


METRICS = {
    "spread": {"variance": {"of": "confidence"}},
    "disagreement": {"variance": {"of": "confidence", "by": "model"}},
    "tail": {"ratio": [{"percentile": {"of": "confidence", "p": 99}}, {"mean": {"of": "confidence"}}]},
    "wrong": {"count": {"where": {"accuracy": False}}},
}
"""Metrics of their own, with the errors that they have when less is kept of the samples."""

ERRORS = {"spread": 0.0, "disagreement": 0.0, "tail": 0.01, "wrong": 0.0}

OBJECTIVES = (
    objective("right", "accuracy", "mean"),
    objective("slow", "response_time", "p95", "<="),
    objective("each", "accuracy", "mean", scope=ScopeSpec(service="vote")),
)

BY_COUNT = objective("many", "response_time", "max", "<=", window=WindowSpec(size_count=10**6, every_count=10**6))
"""An objective whose windows begin and end at any sample, so that what is read from each one has to stay."""


def configuration(*objectives: ObjectiveSpec) -> Configuration:
    """Returns a pipeline of one ensemble that is judged by some objectives."""
    return Configuration(
        stack="s",
        pipeline="p",
        agent="a",
        services=(ServiceSpec(name="vote", members=MEMBERS),),
        instances=tuple(
            Instance(instance=f"vote-{name}-0", topic="vote", service="vote", member=name) for name in MEMBERS
        ),
        contracts=(AgentContract(name="c", lateness=1.0, objectives=objectives, metrics=METRICS),),
    )


CONFIGURATION = configuration(*OBJECTIVES)


def requests(observer: Observer, first: int, last: int, begin: float = BEGIN) -> list[Outcome]:
    """Has both members report on requests, 20 a second; one of them is wrong every fourth time."""
    outcomes: list[Outcome] = []
    for number in range(first, last):
        at = begin + number / 20
        for name in MEMBERS:
            right = name == "good" or number % 4 > 0
            fields = {"truth": 1, "prediction": int(right), "probabilities": [1 - right, right] if right else [1.0, 0]}
            report = Report(
                client=f"vote-{name}-0", boot="b", seq=number + 1, at=at, service="vote", member=name,
                request=f"r{number}", instance=f"vote-{name}-0", start=at - 0.1 - number % 7 / 10, end=at,
                fields=fields, metrics={"confidence": number % 11 / 10},
            )  # fmt: skip
            outcomes += observer.report(report, at)
    return outcomes


def results(outcomes: list[Outcome]) -> dict[str, Result]:
    return {outcome.objective: outcome for outcome in outcomes if isinstance(outcome, Result)}


def whole_window(observer: Observer, *folds: int) -> tuple[dict[str, Result], list[Outcome]]:
    """Returns the results of one window of all requests, with less kept after some of them."""
    observer.resume(BEGIN)
    outcomes: list[Outcome] = []
    for first, last in zip((0, *folds), (*folds, REQUESTS), strict=True):
        outcomes += requests(observer, first, last)
        if last < REQUESTS:
            outcomes += observer.fold(BEGIN + last / 20)
    assert not results(outcomes), "a window has ended early"
    outcomes += requests(observer, REQUESTS, REQUESTS + 200, BEGIN + 300.0)
    return results(outcomes), outcomes


@pytest.mark.parametrize(("others", "error"), [((), 0.01), ((BY_COUNT,), 0.0)], ids=["by time", "and by count"])
def test_values_are_the_same_or_within_their_error_and_no_window_ends_early(
    others: tuple[ObjectiveSpec, ...], error: float
) -> None:
    agreed = configuration(*OBJECTIVES, *others)
    exact, _ = whole_window(Observer(agreed))
    folded, outcomes = whole_window(Observer(agreed), 2500, 3800)
    assert exact.keys() == folded.keys() == {"right", "slow", "each"}
    for name, result in exact.items():
        other = folded[name]
        assert other.count == result.count
        assert (other.error or 0.0) == (error if name == "slow" else 0.0)
        assert math.isclose(other.value or 0.0, result.value or 0.0, rel_tol=1.000001 * (other.error or 0.0))
    evidence = {item.objective: item.evidence for item in outcomes if isinstance(item, Violation)}
    by_part = {item.name: item for item in evidence["right"].contributions}
    assert evidence["right"].explained is not msgspec.UNSET
    assert 0 < evidence["right"].explained < evidence["right"].count
    assert by_part["vote/bad"].without == 1.0
    assert by_part["vote/bad"].count == evidence["right"].explained
    assert evidence["each"].explained is msgspec.UNSET


def test_folding_frees_most_of_the_memory() -> None:
    observer = Observer(CONFIGURATION)
    observer.resume(BEGIN)
    requests(observer, 0, 6000)
    before, spare = holdings_of(observer.state), observer.spare_bytes
    observer.fold(BEGIN + 300.0)
    after = holdings_of(observer.state)
    assert spare > 0.5 * before.window_bytes
    assert 0.7 * spare < before.window_bytes - after.window_bytes < 1.3 * spare
    assert observer.spare_bytes < 0.1 * spare


def test_an_observer_that_goes_on_from_a_checkpoint_has_folded_as_much() -> None:
    observer, segments = Observer(CONFIGURATION), dict[str, dict[int, bytes]]()

    def store(found: list[Segment]) -> None:
        for segment in found:
            segments.setdefault(segment.name, {})[segment.number] = segment.content

    observer.resume(BEGIN)
    requests(observer, 0, 4000)
    store(observer.take_segments())
    observer.fold(BEGIN + 200.0)
    requests(observer, 4000, 5000)
    store(observer.take_segments())
    checkpoint = checkpoint_of(observer.state)
    again = Observer(CONFIGURATION, restored(checkpoint.content, lambda name: segments.get(name, {})))
    assert holdings_of(again.state) == holdings_of(observer.state)
    ends = []
    for one in (observer, again):
        outcomes = requests(one, 5000, REQUESTS) + one.fold(BEGIN + 300.0)
        ends.append(outcomes + requests(one, REQUESTS, REQUESTS + 200, BEGIN + 300.0))
    assert results(ends[0]).keys() == {"right", "slow", "each"}
    assert ends[0] == ends[1]


def test_metrics_of_a_contract_are_exact_but_for_percentiles() -> None:
    agreed = configuration(*(objective(name, name, "") for name in METRICS))
    exact, _ = whole_window(Observer(agreed))
    folded, _ = whole_window(Observer(agreed), 2500, 3800)
    for name, error in ERRORS.items():
        assert exact[name].error is msgspec.UNSET
        stated = folded[name].error or 0.0
        assert math.isclose(stated, error, rel_tol=1e-9)
        assert math.isclose(folded[name].value or 0.0, exact[name].value or 0.0, rel_tol=max(1.000001 * stated, 1e-14))
