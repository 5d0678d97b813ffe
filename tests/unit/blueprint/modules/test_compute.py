"""Values of expressions stay short, and their weight is counted at all levels."""

from __future__ import annotations

from typing import Any

import pytest

from rohe_iac.blueprint.language.run_limits import Refused
from rohe_iac.blueprint.modules.compute import LONGEST_VALUE, MAX_WEIGHT, check_size, weight


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
