"""Counterfactuals: requests as if only some members had voted, and the contributor that is named first."""

from __future__ import annotations

from typing import Any

from rohe_iac.observation.contract import ObjectiveSpec, ScopeSpec, WindowSpec
from rohe_iac.observation.judging.counterfactual import combine_votes, revote
from rohe_iac.observation.judging.explanation import Explainer
from rohe_iac.observation.measuring.measure import measure_of, stream_of
from rohe_iac.observation.reports.sample import Sample, SamplePart


def member(
    name: str, probabilities: Any = None, prediction: Any = None, end: float = 1.0, index: int = 0
) -> SamplePart:
    values = {"probabilities": probabilities, "prediction": prediction}
    return SamplePart(
        service="vote",
        member=name,
        instance=f"vote-{name}-{index}",
        node=f"n-{name}",
        values={key: value for key, value in values.items() if value is not None},
        start=0.0,
        end=end,
    )


def request(truth: int, *parts: SamplePart, **values: Any) -> Sample:
    prediction = combine_votes(parts)
    all_values = {
        "truth": truth,
        "prediction": prediction,
        "accuracy": prediction == truth,
        "response_time": 3.0,
        **values,
    }
    return Sample(time=0.0, key="r", request="r", values=all_values, parts=list(parts))


def test_the_vote_is_the_mean_of_probabilities() -> None:
    assert combine_votes([member("a", [0.9, 0.1]), member("b", [0.2, 0.8]), member("c", [0.3, 0.7])]) == 1


def test_labels_with_probabilities_vote_by_name() -> None:
    assert combine_votes([member("a", {"cat": 0.9, "dog": 0.1}), member("b", {"cat": 0.3, "dog": 0.7})]) == "cat"


def test_without_probabilities_the_most_frequent_prediction_counts() -> None:
    assert combine_votes([member("a", prediction="x"), member("b", prediction="y"), member("c", prediction="y")]) == "y"


def test_a_request_is_judged_again_with_the_others_votes() -> None:
    sample = request(0, member("a", [0.6, 0.4]), member("b", [0.1, 0.9]))
    assert sample.values["accuracy"] is False
    [without] = revote([sample], "vote", lambda name: name != "b")
    assert (without.values["prediction"], without.values["accuracy"]) == (0, True)


def test_who_came_too_late_for_the_answer_did_not_vote() -> None:
    sample = request(0, member("a", [0.6, 0.4]), member("b", [0.1, 0.9]), inputs=["vote-b-0"])
    [again] = revote([sample], "vote", lambda _: True)
    assert again.values["prediction"] == 1


def test_the_slowest_member_costs_what_the_next_one_did_not_need() -> None:
    sample = request(0, member("a", [1, 0], end=1.0), member("b", [1, 0], end=2.5))
    [without] = revote([sample], "vote", lambda name: name != "b")
    assert without.values["response_time"] == 1.5


def objective(**changes: Any) -> ObjectiveSpec:
    defaults: dict[str, Any] = {
        "name": "right",
        "metric": "accuracy",
        "scope": ScopeSpec(),
        "aggregate": "mean",
        "operator": ">=",
        "low": 0.9,
        "high": 0.9,
        "window": WindowSpec(size_count=4, every_count=4),
        "min_samples": 1,
        "missing": "freeze",
    }
    return ObjectiveSpec(**{**defaults, **changes})


def test_the_member_without_whom_all_would_be_well_is_named_first() -> None:
    spec = objective()
    samples = [
        request(0, member("a", [0.6, 0.4]), member("b", [0.05, 0.95]), member("c", [0.55, 0.45])) for _ in range(4)
    ]
    contributions = Explainer(spec, stream_of(spec, {}), measure_of(spec, {}), ["vote"]).contributions(
        samples, 1.0, None
    )
    first = contributions[0]
    assert (first.kind, first.name, first.own, first.without, first.kept) == ("member", "vote/b", 0.0, 1.0, True)


def test_an_instance_is_told_by_the_requests_it_took_no_part_in() -> None:
    spec = objective(metric="response_time", operator="<=", low=1.0, high=1.0, aggregate="max")
    slow = request(0, member("a", [1, 0], index=0), response_time=9.0)
    fast = request(0, member("a", [1, 0], index=1), response_time=0.5)
    contributions = Explainer(spec, stream_of(spec, {}), measure_of(spec, {}), ["vote"]).contributions(
        [slow, fast], 1.0, None
    )
    first = contributions[0]
    assert (first.kind, first.name, first.own, first.without, first.kept) == ("instance", "vote-a-0", 9.0, 0.5, True)
