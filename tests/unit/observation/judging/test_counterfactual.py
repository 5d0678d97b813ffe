"""Counterfactuals: requests as if only some members of the ensemble had voted."""

from __future__ import annotations

from voting_samples import member, request

from rohe_iac.observation.judging.counterfactual import combine_votes, revote


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
