"""Claims about the formulas of scores: integers and arrays give the same, and no product leaves 63 bits."""

from __future__ import annotations

import numpy as np
import pytest

from rohe_iac.planning.model.problem import WEIGHT_ONE
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fixed_point import scale_of
from rohe_iac.planning.placement.scoring.formulas import (
    match_share,
    share_of,
    undisturbed_share,
    used_share,
    weighted,
)

CAPACITIES = (1, 7, 4000, 1 << 40)


def test_a_share_is_in_millionths_of_the_capacity() -> None:
    assert abs(share_of(1000, scale_of(4000)) - MILLION // 4) <= 1
    assert abs(used_share(4000, 1000, scale_of(4000)) - 3 * MILLION // 4) <= 1
    assert share_of(5, scale_of(0)) == 0, "a node without any of it"
    assert abs(match_share(2000, 1000, scale_of(4000)) - MILLION // 8) <= 2


def test_neighbours_that_cost_nothing_give_a_million_and_those_that_cost_all_time_nothing() -> None:
    assert undisturbed_share(0) == MILLION
    assert undisturbed_share(30) == 700_000
    assert undisturbed_share(100) == 0


def test_a_weight_of_one_leaves_a_score_as_it_is() -> None:
    assert weighted(123_456, WEIGHT_ONE) == 123_456
    assert weighted(123_456, 2 * WEIGHT_ONE) == 246_912


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_arrays_give_the_same_as_integers_up_to_the_largest_capacity(capacity: int) -> None:
    free = [0, capacity // 3, capacity]
    scale, array, scales = scale_of(capacity), np.array(free, np.int64), np.full(3, scale_of(capacity), np.int64)
    capacities = np.full(3, capacity, np.int64)
    used = used_share(capacities, array, scales)
    assert used.tolist() == [used_share(capacity, amount, scale) for amount in free]
    assert share_of(array, scales).tolist() == [share_of(amount, scale) for amount in free]
    asked = capacity // 2
    assert match_share(asked, array, scales).tolist() == [match_share(asked, amount, scale) for amount in free]
    lost = used * 100 // MILLION
    assert undisturbed_share(lost).tolist() == [undisturbed_share(int(percent)) for percent in lost]
    assert weighted(used, 5000).tolist() == [weighted(int(share), 5000) for share in used]
