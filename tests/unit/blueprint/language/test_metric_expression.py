"""Expression trees have one operation a level, and name what they use."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from rohe_iac.blueprint.language.metric_expression import Condition, Expression, names_in, percentiles_in

TREE: dict[str, Any] = {
    "ratio": [
        {"count": {"where": {"correct": False}}},
        {"difference": [{"metric": "other"}, {"percentile": {"of": "latency", "p": 95.0}}]},
    ]
}


def test_every_name_has_its_path_and_role() -> None:
    Expression.model_validate(TREE)
    assert list(names_in(TREE)) == [
        (("ratio", 0, "count", "where", "correct"), "where", "correct"),
        (("ratio", 1, "difference", 0, "metric"), "metric", "other"),
        (("ratio", 1, "difference", 1, "percentile", "of"), "of", "latency"),
    ]
    assert list(percentiles_in(TREE)) == [(("ratio", 1, "difference", 1, "percentile", "p"), 95.0)]


@pytest.mark.parametrize("tree", [{}, {"count": {}, "metric": "a"}])
def test_a_level_without_exactly_one_operation_is_refused(tree: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="exactly one operation"):
        Expression.model_validate(tree)


@pytest.mark.parametrize(
    ("condition", "valid"),
    [
        (3, True),
        ({">": 0.5}, True),
        ({"==": "door"}, True),
        ({">": "door"}, False),
        ({"~": 1}, False),
        ({}, False),
        ([], False),
    ],
)
def test_a_condition_compares_a_field_with_a_scalar(condition: object, valid: bool) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(Condition)
    if valid:
        assert adapter.validate_python(condition) == condition
    else:
        with pytest.raises(ValidationError):
            adapter.validate_python(condition)
