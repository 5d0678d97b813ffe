"""Lanes: samples are found by time, dropped with all that was worked out of them, and the same after a restart."""

from __future__ import annotations

import msgspec
import pytest
from sample_lanes import append, lane_of, selected

from rohe_iac.observation.measuring.columns import Floats, decode_column, encode_column
from rohe_iac.observation.measuring.derived import derive
from rohe_iac.observation.measuring.lane import BLOCK_SIZE, BLOCKS_OF_SKETCH, MIN_ORIGINS, Lane, LaneState
from rohe_iac.observation.measuring.selection import metric_reading
from rohe_iac.observation.reports.sample import Sample, SamplePart

READING = metric_reading("x")


def sample(number: int, instance: str = "s-0") -> Sample:
    part = SamplePart(service="s", member="", instance=instance, node="n", values={})
    values = {"x": float(number)} if number % 3 else {}
    return Sample(time=float(number // 2), key=str(number), values=values, parts=[part])


def test_samples_are_found_by_their_time() -> None:
    lane = lane_of([sample(number) for number in range(3000)])
    assert (lane.first_from(700.0), lane.first_after(700.0), lane.first_from(699.5)) == (1400, 1402, 1400)
    assert (lane.first_from(-1.0), lane.first_from(9999.0)) == (0, 3000)
    assert lane.time_of(2999) == 1499.0


def test_a_selection_has_the_numbers_of_its_samples_alone() -> None:
    lane = lane_of([sample(number, f"s-{number % 2}") for number in range(3000)], [READING])
    for first, last in ((0, 3000), (5, 700), (BLOCK_SIZE, 3 * BLOCK_SIZE), (700, 710), (9, 9)):
        found = lane.select(first, last)
        expected = [float(number) for number in range(first, last) if number % 3]
        assert found.numbers(READING).values() == expected
        assert found.numbers(READING).total == sum(expected)
        assert [int(made.key) for made in found.samples] == list(range(first, last))
        for place, origin in found.origins():
            own = [value for value in expected if f"s-{value % 2:.0f}" == origin[0][2]]
            assert found.of([place]).numbers(READING).values() == own


def test_dropping_keeps_what_is_needed_and_at_most_a_block_more() -> None:
    lane = lane_of([sample(number) for number in range(3000)], [READING])
    before = lane.select(1500, 3000).numbers(READING).values()
    lane.trim(1500)
    assert 1500 - BLOCK_SIZE < lane.state.first <= 1500
    assert lane.select(1500, 3000).numbers(READING).values() == before
    lane.trim(3000)
    assert (lane.state.first, lane.state.blocks) == (3000, [])
    append(lane, sample(3000))
    assert lane.time_of(3000) == 1500.0


def test_origins_that_no_sample_has_are_forgotten() -> None:
    lane = lane_of([])
    for number in range(20 * MIN_ORIGINS):
        append(lane, sample(number, f"s-{number}"))
        lane.trim(lane.end - 10)
    assert len(lane.state.origins) < 3 * (BLOCK_SIZE + MIN_ORIGINS)
    [(_, origin)] = lane.select(lane.end - 1, lane.end).origins()
    assert origin[0][2] == f"s-{20 * MIN_ORIGINS - 1}"


def test_a_lane_is_the_same_after_a_restart() -> None:
    lane = lane_of([sample(number) for number in range(700)], [READING])
    content = msgspec.msgpack.encode(lane.state, enc_hook=encode_column)
    again = Lane([READING], msgspec.msgpack.decode(content, type=LaneState, dec_hook=decode_column), keeps_records=True)
    for both in (lane, again):
        append(both, sample(700))
    assert msgspec.msgpack.encode(again.state, enc_hook=encode_column) == msgspec.msgpack.encode(
        lane.state, enc_hook=encode_column
    )
    assert again.select(0, 701).numbers(READING).values() == lane.select(0, 701).numbers(READING).values()


def test_only_columns_are_encoded_as_columns() -> None:
    with pytest.raises(NotImplementedError):
        encode_column(object())
    with pytest.raises(NotImplementedError):
        decode_column(dict, b"")
    assert list(decode_column(Floats, encode_column(Floats([1.5, 2.5])))) == [1.5, 2.5]


def test_what_is_made_up_of_a_block_is_made_up_once() -> None:
    made = []

    def doubled(samples: list[Sample]) -> dict[str, list[Sample]]:
        made.append(len(samples))
        return {"twice": [msgspec.structs.replace(one, values={"x": 2.0}) for one in samples]}

    window = selected([sample(number) for number in range(BLOCK_SIZE + 10)], [READING])
    for _ in range(3):
        twice = derive(window, {"doubled": doubled})["doubled"]["twice"]  # type: ignore[dict-item]
        assert (twice.count, twice.numbers(READING).total) == (BLOCK_SIZE + 10, 2.0 * (BLOCK_SIZE + 10))
    assert made == [BLOCK_SIZE, 10]


def test_percentiles_of_many_numbers_come_of_sketches_that_are_kept() -> None:
    count = 3 * BLOCKS_OF_SKETCH * BLOCK_SIZE + 100
    lane = lane_of([sample(3 * number + 1) for number in range(count)], [READING])
    for first in (0, 1, BLOCK_SIZE):
        numbers = lane.select(first, count).numbers(READING)
        value, error = numbers.percentile(50, max_exact=1000)
        assert value == pytest.approx(3 * (first + count) / 2, rel=error)
        assert numbers.percentile(50, max_exact=count)[1] == 0.0
    before = lane.select(20 * BLOCK_SIZE, count).numbers(READING).percentile(50, max_exact=1000)
    lane.trim(20 * BLOCK_SIZE)
    assert lane.select(20 * BLOCK_SIZE, count).numbers(READING).percentile(50, max_exact=1000) == before
