"""Within lateness the order of reports does not matter, and neither do copies or a restart."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rohe_iac.observation.configuration import Configuration, Instance, ServiceSpec
from rohe_iac.observation.contract import AgentContract, ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.judging import quiet
from rohe_iac.observation.judging.outcome import Outcome
from rohe_iac.observation.observer import Observer
from rohe_iac.observation.observer_state import decode_state, encode_state
from rohe_iac.observation.reports.report import Report
from rohe_iac.observation.reports.sequence_set import SequenceSet
from rohe_iac.sinks.outcome_row import outcome_key

LATENESS = 2.0
MEMBERS = ("a", "b", "c")


def objective(name: str, metric: str, window: WindowSpec, **changes: Any) -> ObjectiveSpec:
    defaults: dict[str, Any] = {
        "scope": ScopeSpec(),
        "aggregate": "mean",
        "operator": ">=",
        "low": 0.6,
        "high": 0.6,
        "min_samples": 3,
        "missing": "freeze",
    }
    return ObjectiveSpec(name=name, metric=metric, window=window, **{**defaults, **changes})


COUNT = WindowSpec(size_count=8, every_count=4)
TIME = WindowSpec(size_seconds=3.0, every_seconds=1.0)
MIXED = WindowSpec(size_count=5, every_seconds=1.5)
SESSION = WindowSpec(session=0.8)

CONFIGURATION = Configuration(
    stack="s",
    pipeline="p",
    agent="agent-0",
    services=(
        ServiceSpec(name="source", calls=("vote",)),
        ServiceSpec(name="vote", calls=("end",), members=MEMBERS),
        ServiceSpec(name="end"),
    ),
    instances=(
        Instance(instance="source-0", topic="source", service="source"),
        *(Instance(instance=f"vote-{name}-0", topic="vote", service="vote", member=name) for name in MEMBERS),
        Instance(instance="end-0", topic="end", service="end"),
    ),
    contracts=(
        AgentContract(
            name="c",
            lateness=LATENESS,
            metrics={"wrong": {"ratio": [{"count": {"where": {"accuracy": False}}}, {"count": {}}]}},
            objectives=(
                objective("right", "accuracy", COUNT, action="degrade"),
                objective("right-in-time", "accuracy", TIME),
                objective("wrong", "wrong", MIXED, operator="<", low=0.3, high=0.3),
                objective("fast", "response_time", SESSION, aggregate="p99", operator="<", low=1, high=1),
                objective("answered", "availability", TIME, operator=">", low=0.5, high=0.5),
                objective("member", "accuracy", COUNT, scope=ScopeSpec(service="vote", member="b")),
                objective("rate", "rate", TIME, scope=ScopeSpec(service="end"), missing="broken"),
                objective("sure", "confidence", TIME, scope=ScopeSpec(service="vote"), aggregate="p50"),
            ),
        ),
    ),
)


def reports_of(seed: int, requests: int) -> list[Report]:
    """Returns the reports of a pipeline with an ensemble of three on so many requests, in order of time."""
    chance = random.Random(seed)
    reports: list[Report] = []
    now = 1000.0
    numbers: dict[str, int] = {}

    def add(instance: str, service: str, member: str, request: str, start: float, end: float, **fields: Any) -> None:
        numbers[instance] = numbers.get(instance, 0) + 1
        reports.append(
            Report(
                client=instance,
                boot="b",
                seq=numbers[instance],
                at=round(end, 3),
                service=service,
                member=member,
                instance=instance,
                request=request,
                start=start,
                end=end,
                metrics={"confidence": chance.random()},
                fields=fields,
            )
        )

    for number in range(requests):
        now += chance.choice([0.05, 0.1, 0.3, 1.2])
        truth, request = chance.randrange(3), f"r{number}"
        add("source-0", "source", "", request, now, now + 0.001, truth=truth)
        for index, member in enumerate(MEMBERS):
            shares = [chance.random() for _ in range(3)]
            guess = max(range(3), key=shares.__getitem__)
            name = f"vote-{member}-0"
            add(name, "vote", member, request, now, now + 0.01 * index, prediction=guess, probabilities=shares)
        if chance.random() < 0.9:
            add("end-0", "end", "", request, now, now + chance.random() / 2, prediction=chance.randrange(3))
    return sorted(reports, key=lambda report: report.at)


def observe(reports: list[Report], restart: int | None = None) -> dict[str, Outcome]:
    """Returns the outcomes by key; reports arrive in order of the list, and the clock ticks at the end."""
    observer = Observer(CONFIGURATION)
    outcomes: list[Outcome] = observer.resume(999.0)
    for index, report in enumerate(reports):
        if index == restart:
            observer = Observer(CONFIGURATION, decode_state(encode_state(observer.state)))
        arrived = max(report.at, observer.state.watermark.now)
        outcomes += observer.report(report, arrived)
    end = observer.state.watermark.now
    for step in range(1, 12):
        outcomes += observer.tick(end + step)
    assert observer.state.counters.late == 0
    return {outcome_key(outcome): outcome for outcome in outcomes}


def windows(outcomes: dict[str, Outcome]) -> dict[str, Outcome]:
    """Returns the outcomes without the empty windows, which only the clock closes at the end."""
    return {key: outcome for key, outcome in outcomes.items() if getattr(outcome, "count", 1)}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 40), st.randoms(use_true_random=False))
def test_any_order_within_lateness_gives_the_same_windows(seed: int, requests: int, chance: random.Random) -> None:
    reports = reports_of(seed, requests)
    # Each report is delayed by up to 0.9 of the lateness, which allows many orders.
    shuffled = sorted(reports, key=lambda report: report.at + chance.random() * LATENESS * 0.9)
    # Who is silent, and since when, is a matter of when reports arrive: verdicts that end in silence may differ.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quiet, "MIN_QUIET", math.inf)
        patch.setattr(quiet, "MAX_UNHEARD", math.inf)
        assert windows(observe(shuffled)) == windows(observe(reports))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(5, 40), st.integers(0, 200))
def test_a_restart_at_any_point_gives_the_same_outcomes(seed: int, requests: int, restart: int) -> None:
    reports = reports_of(seed, requests)
    assert observe(reports, restart % len(reports)) == observe(reports)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 60), max_size=120))
def test_every_number_is_new_once_and_acknowledged_exactly(numbers: list[int]) -> None:
    sequence_set = SequenceSet()
    fresh = [number for number in numbers if sequence_set.add(number)]
    assert sorted(fresh) == sorted(set(numbers))
    up_to, holes = sequence_set.acknowledgement()
    missing = {number for first, last in holes for number in range(first, last + 1)}
    assert {number for number in range(1, up_to + 1) if number not in missing} == set(numbers)
    copy = SequenceSet([list(pair) for pair in sequence_set.ranges])
    assert copy.ranges == sequence_set.ranges
