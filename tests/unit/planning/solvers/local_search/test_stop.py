"""Claims about when a search ends."""

from __future__ import annotations

from rohe_iac.planning.solvers.local_search.stop import AnyOf, BudgetSpent, IdealPointReached, MaxIterations


def test_a_search_ends_when_its_iterations_are_spent() -> None:
    assert [MaxIterations(2)(spent, (0,)) for spent in range(4)] == [False, False, True, True]


def test_a_search_ends_at_a_worth_that_nothing_exceeds_and_goes_on_where_none_is_known() -> None:
    ideal = IdealPointReached((3, -1))
    assert [ideal(0, best) for best in ((2, 0), (3, -2), (3, -1), (4, -9))] == [False, False, True, True]
    assert not IdealPointReached(None)(10**9, (10**9,))


def test_a_search_goes_on_beyond_its_budget_where_only_the_nodes_can_be_fewer() -> None:
    ends = BudgetSpent(5, (9, 0, -6), 2)
    assert not ends(4, (9, 0, -6))
    assert [ends(5, best) for best in ((9, 0, -7), (9, 0, -6), (8, 0, -7), (9, -1, -7))] == [False, True, True, True]
    assert BudgetSpent(5, None, 2)(5, (9, 0, -7))
    assert BudgetSpent(5, (9,), None)(5, (8,))


def test_a_search_goes_on_beyond_its_budget_while_more_may_be_placed_or_kept() -> None:
    ends = BudgetSpent(5, (4, 9, 0, -6), None, (0, 1))
    assert not ends(4, (4, 9, 0, -6))
    worths = ((4, 8, 0, -6), (3, 9, 0, -6), (4, 9, -3, -7))
    assert [ends(5, best) for best in worths] == [False, False, True]


def test_the_first_of_several_criteria_ends_a_search() -> None:
    either = AnyOf((MaxIterations(5), IdealPointReached((1,))))
    assert not either(4, (0,))
    assert either(5, (0,))
    assert either(0, (1,))
    assert not AnyOf(())(10**9, (0,))
