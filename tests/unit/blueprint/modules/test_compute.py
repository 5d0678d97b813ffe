"""Values of expressions stay short, and their weight is counted at all levels."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.run_limits import Refused
from rohe_iac.blueprint.modules.compute import LONGEST_VALUE, MAX_WEIGHT, check_size, weight, yaml_text
from rohe_iac.blueprint.modules.template import compute_scalar


@pytest.mark.parametrize(("value", "expected"), [(1, 1), ("abc", 4), ([], 1), ([1, "ab"], 5), ({"a": [1]}, 5)])
def test_the_weight_counts_items_and_characters(value: Any, expected: int) -> None:
    assert weight(value) == expected


def test_too_much_weight_is_refused() -> None:
    with pytest.raises(Refused):
        weight([["x" * 1000] * 10] * (MAX_WEIGHT // 10_000))


@pytest.mark.parametrize("value", ["x" * (LONGEST_VALUE + 1), [0] * (LONGEST_VALUE + 1), 2**257, float("inf")])
def test_a_value_that_is_too_large_is_refused(value: Any) -> None:
    with pytest.raises(Refused):
        check_size(value)
    assert check_size("x") == "x"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("debug={{ inputs.on }}", "debug=true"),
        ("{{ inputs.on | string }}", "true"),
        ("{{ inputs.on | upper }}", "TRUE"),
        ("{{ [inputs.on, 1] | join(',') }}", "true,1"),
        ("zones={{ inputs.zones }}", 'zones=["a", true]'),
        ("{{ 0.1 + 0.2 }}", 0.3),
        ("{{ 1.1 * 3 }}s", "3.3s"),
        ("{{ 1 - 0.9 }}", 0.1),
        ("{{ inputs.on + 0.5 }}", 1.5),
    ],
)
def test_values_print_as_yaml_does_and_sums_are_exact(text: str, expected: Any) -> None:
    value = compute_scalar(text, {"on": True, "zones": ["a", True]})
    assert (value, type(value)) == (expected, type(expected))


def test_text_stays_as_it_is() -> None:
    assert yaml_text("True") == "True"
    assert yaml_text({"a": [None, 0.5]}) == '{"a": [null, 0.5]}'
