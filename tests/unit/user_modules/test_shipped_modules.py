"""The parsers and functions that ship as examples do what they promise, loaded as a user's are."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rohe_iac.observation.measuring.user_function import UnusableFunction, load_user_function

ROOT = Path(__file__).parents[3]


def load_shipped(reference: str) -> Callable[..., Any]:
    return load_user_function(f"user_modules/{reference}", ROOT).function


def rows(*values: Any, name: str = "x") -> list[dict[str, Any]]:
    return [{name: value, "time": float(index)} for index, value in enumerate(values)]


def test_mean_and_deviation() -> None:
    assert load_shipped("functions.py:mean")(rows(1, 2, 3, "text", None, True), feature="x") == {
        "mean": 2.0,
        "deviation": pytest.approx((2 / 3) ** 0.5),
    }


def test_percentile_is_a_value_that_was_there() -> None:
    assert load_shipped("functions.py:percentile")(rows(*range(1, 101)), feature="x", p=99) == {"p99": 99.0}


def test_rate_is_between_first_and_last() -> None:
    assert load_shipped("functions.py:rate")(rows(0, 0, 0, 0, 0)) == {"rate": 1.0}
    assert load_shipped("functions.py:rate")(rows(0)) == {}


def test_page_hinkley_sees_a_fall_and_no_noise() -> None:
    chance = random.Random(1)
    steady = [0.9 + chance.gauss(0, 0.02) for _ in range(200)]
    fallen = [*steady[:100], *(value - 0.3 for value in steady[100:])]
    drift = load_shipped("functions.py:page_hinkley")
    assert drift(rows(*steady), feature="x")["drift"] == 0.0
    assert drift(rows(*fallen), feature="x")["drift"] == 1.0


def test_functions_of_nothing_measure_nothing() -> None:
    for name in ("mean", "percentile", "rate", "page_hinkley"):
        assert load_shipped(f"functions.py:{name}")([]) == {}


def test_the_inference_parser_gives_confidence_and_margin() -> None:
    parse = load_shipped("parsers.py:inference")
    [sample] = parse({"prediction": 1, "probabilities": [0.2, 0.7, 0.1], "instance": "i", "other": 5})
    assert sample == {
        "prediction": 1,
        "instance": "i",
        "confidence": 0.7,
        "margin": pytest.approx(0.5),
    }
    assert parse({"truth": 1}) == []


def test_only_keeps_one_service() -> None:
    keep = load_shipped("parsers.py:only")
    assert keep({"service": "a"}, service="a") == [{"service": "a"}]
    assert keep({"service": "b"}, service="a") == []


@pytest.mark.parametrize("reference", ["none.py:x", "functions.py:none", "functions.py", "../up.py:x"])
def test_a_reference_to_nothing_is_refused(reference: str) -> None:
    with pytest.raises(UnusableFunction):
        load_user_function(reference, ROOT / "user_modules")
