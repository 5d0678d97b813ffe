"""Metrics that a contract defines: every node, filters, references, and trees that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from sample_lanes import selected

from rohe_iac.observation.contract import UnusableContract
from rohe_iac.observation.measuring.expression import compile_metrics
from rohe_iac.observation.measuring.selection import SampleList
from rohe_iac.observation.reports.sample import Sample, SamplePart


def sample(parts: list[dict[str, Any]] | None = None, **values: Any) -> Sample:
    part_values = [{"x": 0.0}] if parts is None else parts
    sample_parts = [
        SamplePart(service="s", member=f"m{index}", instance=f"s-m{index}-0", node="n", values=of_part)
        for index, of_part in enumerate(part_values)
    ]
    return Sample(time=0.0, key="k", values=values, parts=sample_parts)


SAMPLES = [
    sample(truth=8, prediction=3, confidence=0.9),
    sample(truth=8, prediction=8, confidence=0.5),
    sample(truth=3, prediction=3, confidence=0.1),
]


def value(tree: Any, samples: list[Sample] | None = None, **others: Any) -> float | None:
    metric = compile_metrics({"it": tree, **others})["it"]
    computed = metric.value(SampleList(SAMPLES if samples is None else samples))
    of_a_lane = metric.value(selected(SAMPLES if samples is None else samples, metric.readings))
    assert computed == of_a_lane
    return computed


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"count": {}}, 3),
        ({"count": {"where": {"truth": 8}}}, 2),
        ({"count": {"where": {"truth": 8, "prediction": 3}}}, 1),
        ({"count": {"where": {"confidence": {">": 0.1, "<=": 0.9}}}}, 2),
        ({"count": {"where": {"missing": 1}}}, None),
        ({"count": {"where": {"truth": {">": "text"}}}}, 0),
        ({"sum": {"of": "confidence"}}, 1.5),
        ({"mean": {"of": "confidence", "where": {"truth": 8}}}, 0.7),
        ({"min": {"of": "confidence"}}, 0.1),
        ({"max": {"of": "confidence"}}, 0.9),
        ({"percentile": {"of": "confidence", "p": 50}}, 0.5),
        ({"variance": {"of": "confidence"}}, 0.32 / 3),
        ({"ratio": [{"count": {"where": {"truth": 3}}}, {"count": {}}]}, 1 / 3),
        ({"difference": [{"metric": "other"}, 1]}, 1.0),
        ({"mean": {"of": "missing"}}, None),
        ({"ratio": [{"count": {}}, {"count": {"where": {"truth": 99}}}]}, None),
        ({"difference": [{"mean": {"of": "missing"}}, 1]}, None),
    ],
)
def test_every_node_gives_its_value(tree: Any, expected: float | None) -> None:
    computed = value(tree, other={"count": {"where": {"truth": 8}}})
    assert computed == (pytest.approx(expected) if expected is not None else None)


def test_a_count_over_what_no_sample_has_is_not_known() -> None:
    wrong = {"ratio": [{"count": {"where": {"detection_correct": False}}}, {"count": {}}]}
    assert value(wrong) is None
    assert value(wrong, [*SAMPLES, sample(detection_correct=True)]) == 0.0
    assert value({"count": {"where": {"detection_correct": False}}}, []) == 0.0


def test_variance_by_model_is_of_the_members_for_each_request_then_averaged() -> None:
    requests = [sample(parts=[{"c": 0.0}, {"c": 1.0}]), sample(parts=[{"c": 0.5}, {"c": 0.5}])]
    assert value({"variance": {"of": "c", "by": "model"}}, requests) == pytest.approx((0.25 + 0.0) / 2)


@pytest.mark.parametrize(
    ("trees", "words"),
    [
        ({"a": {"metric": "b"}, "b": {"metric": "a"}}, "made of itself: a -> b -> a"),
        ({"a": {"metric": "a"}}, "made of itself"),
        ({"a": {"metric": "nobody"}}, "refers to 'nobody'"),
        ({"a": {"product": [1, 2]}}, "'product' is not known"),
        ({"a": {"ratio": [1]}}, "needs two parts"),
        ({"a": {"mean": {}}}, "needs `of: NAME`"),
        ({"a": {"count": {"where": {"x": {"~": 1}}}}}, "'~' is no comparison"),
        ({"a": {"percentile": {"of": "x", "p": 101}}}, "p from 0 to 100"),
        ({"a": "text"}, "expected one of"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_with_its_reason(trees: dict[str, Any], words: str) -> None:
    with pytest.raises(UnusableContract) as caught:
        compile_metrics(trees)
    assert words in caught.value.brief
