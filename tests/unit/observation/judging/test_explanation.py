"""Explanations: the contributor without which the objective would have been kept is named first."""

from __future__ import annotations

from objective_specs import objective_spec
from sample_lanes import selected
from voting_samples import member, request

from rohe_iac.observation.contract import ObjectiveSpec
from rohe_iac.observation.judging.explanation import MAX_REMOVALS, Explainer, violation_degree
from rohe_iac.observation.measuring.lane import LaneSelection
from rohe_iac.observation.measuring.measure import measure_of, stream_of
from rohe_iac.observation.reports.sample import Sample


def explainer(spec: ObjectiveSpec) -> Explainer:
    return Explainer(spec, stream_of(spec, {}), measure_of(spec, {}), ["vote"])


def window(spec: ObjectiveSpec, samples: list[Sample]) -> LaneSelection:
    return selected(samples, measure_of(spec, {}).readings)


def test_the_member_without_whom_all_would_be_well_is_named_first() -> None:
    spec = objective_spec()
    samples = [
        request(0, member("a", [0.6, 0.4]), member("b", [0.05, 0.95]), member("c", [0.55, 0.45])) for _ in range(4)
    ]
    contributions = explainer(spec).contributions(window(spec, samples), 1.0, None)
    first = contributions[0]
    assert (first.kind, first.name, first.own, first.without, first.kept) == ("member", "vote/b", 0.0, 1.0, True)


def test_an_instance_is_told_by_the_requests_it_took_no_part_in() -> None:
    spec = objective_spec(metric="response_time", operator="<=", low=1.0, high=1.0, aggregate="max")
    slow = request(0, member("a", [1, 0], index=0), response_time=9.0)
    fast = request(0, member("a", [1, 0], index=1), response_time=0.5)
    contributions = explainer(spec).contributions(window(spec, [slow, fast]), 1.0, None)
    first = contributions[0]
    assert (first.kind, first.name, first.own, first.without, first.kept) == ("instance", "vote-a-0", 9.0, 0.5, True)


def test_a_value_is_the_worse_the_further_it_is_beyond_the_threshold() -> None:
    upper, lower = objective_spec(operator="<=", low=2.0), objective_spec(operator=">=", low=2.0)
    between = objective_spec(operator="between", low=2.0, high=3.0)
    assert [violation_degree(upper, value) for value in (1.0, 2.0, 4.0)] == [-1.0, 0.0, 2.0]
    assert [violation_degree(lower, value) for value in (1.0, 2.0, 4.0)] == [1.0, 0.0, -2.0]
    assert [violation_degree(between, value) for value in (1.0, 2.5, 4.0)] == [1.0, -0.5, 1.0]


def test_parts_of_which_none_alone_is_the_cause_are_named_together() -> None:
    spec = objective_spec(metric="response_time", operator="<=", low=1.0, high=1.0, aggregate="max")
    times = {0: 9.0, 1: 9.0, 2: 0.5, 3: 0.5}
    samples = [request(0, member("a", [1, 0], index=index), response_time=time) for index, time in times.items()]
    found = explainer(spec)
    contributions = found.contributions(window(spec, samples), 1.0, None)
    assert not any(contribution.kept for contribution in contributions)
    together = found.together(window(spec, samples), 1.0, contributions)
    assert together is not None
    assert (together.kind, together.names, together.without) == ("instance", ("vote-a-0", "vote-a-1"), 0.5)


def test_members_are_named_together_as_well() -> None:
    right, wrong = [0.9, 0.1], [0.0, 1.0]
    votes = {"a": wrong, "b": wrong, "c": wrong, "d": right, "e": right}
    samples = [request(0, *(member(name, vote) for name, vote in votes.items())) for _ in range(4)]
    spec = objective_spec()
    found = explainer(spec)
    contributions = found.contributions(window(spec, samples), 1.0, None)
    together = found.together(window(spec, samples), 1.0, contributions)
    assert together is not None
    assert (together.kind, together.names, together.without) == ("member", ("vote/a", "vote/b"), 1.0)


def test_nothing_is_named_together_where_one_part_is_enough_or_nothing_helps() -> None:
    spec = objective_spec(metric="response_time", operator="<=", low=1.0, high=1.0, aggregate="max")
    for times in ([9.0, 0.5, 0.5], [9.0, 9.0, 9.0, 9.0, 9.0]):
        samples = [request(0, member("a", [1, 0], index=i), response_time=time) for i, time in enumerate(times)]
        found = explainer(spec)
        assert found.together(window(spec, samples), 1.0, found.contributions(window(spec, samples), 1.0, None)) is None


def test_of_very_many_parts_only_those_of_worst_value_are_compared() -> None:
    spec = objective_spec(metric="response_time", operator="<=", low=1.0, high=1.0, aggregate="max")
    count = MAX_REMOVALS + 50
    samples = [request(0, member("a", [1, 0], index=i), response_time=float(i)) for i in range(count)]
    contributions = explainer(spec).contributions(window(spec, samples), 1.0, None)
    instances = [found for found in contributions if found.kind == "instance"]
    assert len(instances) == count
    compared = {found.name for found in instances if found.without is not None}
    assert compared == {f"vote-a-{i}" for i in range(50, count)}
