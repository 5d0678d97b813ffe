"""Claims about the random numbers of the search."""

from __future__ import annotations

from rohe_iac.planning.solvers.local_search.lcg import LinearCongruentialGenerator


def test_the_numbers_are_the_same_everywhere_and_below_the_limit() -> None:
    random = LinearCongruentialGenerator(17)
    assert [random.below(1000) for _ in range(5)] == [943, 32, 336, 89, 384]
    drawn = [random.below(6) for _ in range(6000)]
    assert set(drawn) == set(range(6))
    assert all(900 < drawn.count(number) < 1100 for number in range(6))


def test_several_numbers_at_once_are_those_of_single_draws() -> None:
    one, other = LinearCongruentialGenerator(5), LinearCongruentialGenerator(5)
    assert [*one.several(4, 400), one.below(400)] == [other.below(400) for _ in range(5)]
    assert one.several(0, 400) == []
