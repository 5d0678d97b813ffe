"""Claims about dealing out all cores of a node at once."""

from __future__ import annotations

import pytest

from rohe_iac.planning.placement.state.core_packing import pack_cores


def test_a_packing_fills_cores_exactly_where_the_tightest_core_for_each_in_turn_would_not() -> None:
    rows = pack_cores((1000, 1000), [(600,), (500,), (500,), (400,)], 100)
    assert rows is not None
    taken = [0, 0]
    for row in rows:
        for core, amount in row:
            taken[core] += amount
    assert taken == [1000, 1000]


def test_the_chunks_of_one_request_are_on_distinct_cores() -> None:
    rows = pack_cores((1000, 1000, 1000), [(300, 300, 300), (700, 700), (700,)], 100)
    assert rows is not None
    for row in rows:
        cores = [core for core, _ in row]
        assert len(set(cores)) == len(cores)
    assert pack_cores((1000,), [(100, 100)], 100) is None


@pytest.mark.parametrize(
    ("free", "requests"),
    [
        ((), [(600,)]),
        ((1000,), [(600,), (600,)]),
        ((1000, 1000), [(600,), (600,), (600,)]),
        ((500, 500), [(400,), (400,), (200,)]),
    ],
)
def test_there_is_no_packing_of_more_than_the_cores_hold(
    free: tuple[int, ...], requests: list[tuple[int, ...]]
) -> None:
    assert pack_cores(free, requests, 1000) is None


def test_a_packing_is_given_up_after_so_many_tries_and_nothing_needs_none() -> None:
    requests = [(500,), (500,), (500,), (500,)]
    assert pack_cores((1000, 1000), requests, 3) is None
    assert pack_cores((1000, 1000), requests, 4) is not None
    assert pack_cores((1000,), [(), ()], 0) == [(), ()]
