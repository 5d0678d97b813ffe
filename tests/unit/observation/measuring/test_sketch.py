"""The sketch: percentiles within its error, whatever the order of the values and however they were divided."""

from __future__ import annotations

import random

import pytest

from rohe_iac.observation.measuring.sketch import RELATIVE_ERROR, Sketch


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    sketch.add(values)
    return sketch


@pytest.mark.parametrize("seed", range(5))
def test_every_rank_is_within_the_error(seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.lognormvariate(0, 3) * chance.choice([1, 1, 1, -1, 0]) for _ in range(2000)]
    sketch = sketch_of(values)
    assert sketch.count == len(values)
    for rank, value in enumerate(sorted(values), start=1):
        assert sketch.value_of_rank(rank) == pytest.approx(value, rel=RELATIVE_ERROR * (1 + 1e-9), abs=1e-12)


def test_order_and_division_make_no_difference() -> None:
    chance = random.Random(1)
    values = [chance.gauss(0, 10) for _ in range(999)]
    whole = sketch_of(values)
    chance.shuffle(values)
    merged = sketch_of(values[:400])
    merged.merge(sketch_of(values[400:]))
    assert merged == whole


def test_a_million_values_take_a_few_hundred_bins() -> None:
    sketch = sketch_of([0.001 * 1.00001**number for number in range(1_000_000)])
    assert len(sketch.positive) < 600


def test_a_rank_that_no_value_has_is_refused() -> None:
    with pytest.raises(ValueError, match="a sketch of 1 values has no rank 2"):
        sketch_of([1.0]).value_of_rank(2)
