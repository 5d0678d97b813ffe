"""Claims about what contracts ask of sizing."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.contract import Objective
from rohe_iac.planning.sizing.requirements import Limit, is_overall, limit_of


def objective(**fields: Any) -> Objective:
    whole = {"name": "o", "metric": "response_time", "operator": "<=", "value": "300ms", "window": {"size": "5m"}}
    return Objective.model_validate({**whole, **fields})


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({}, Limit(0.0, 0.3)),
        ({"aggregate": "p99"}, Limit(99.0, 0.3)),
        ({"aggregate": "max"}, Limit(99.9, 0.3)),
        ({"aggregate": "min"}, None),
        ({"operator": ">"}, None),
        ({"operator": "between", "value": ["100ms", "200ms"]}, Limit(0.0, 0.2)),
        ({"metric": "throughput", "value": 5}, None),
    ],
)
def test_an_upper_bound_of_a_response_time_is_a_limit(fields: dict[str, Any], limit: Limit | None) -> None:
    assert limit_of(objective(**fields)) == limit


def test_a_limit_is_named_as_in_a_contract() -> None:
    assert [Limit(0.0, 1).aggregate, Limit(99.0, 1).aggregate, Limit(99.9, 1).aggregate] == ["mean", "p99", "p99.9"]


def test_an_objective_without_a_scope_is_about_the_whole_pipeline() -> None:
    assert is_overall(objective())
    assert not is_overall(objective(scope={"service": "a"}))
