"""Requests that an ensemble named `vote` has answered, for the tests of this folder."""

from __future__ import annotations

from typing import Any

from rohe_iac.observation.judging.counterfactual import combine_votes
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
