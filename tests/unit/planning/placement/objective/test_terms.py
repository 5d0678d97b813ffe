"""Claims about the terms of the objective: one order and sign for assignments, search, solver and bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rohe_iac.planning.model.demand import AffinityRule
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.objective.bounds import ideal_point
from rohe_iac.planning.placement.objective.objective import AssignmentMeasures, LexicographicObjective
from rohe_iac.planning.placement.objective.priority_levels import PriorityLevels
from rohe_iac.planning.placement.objective.terms import TERMS, term_order, terms_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.exact.cp_model import PlacementModel

ALL = ("cost", "placed", "balance", "nodes", "stable")


def two_levels(world: Any, **settings: Any) -> Problem:
    """Two services of different priority and what the stack runs for itself, on three nodes that cost money."""
    nodes = [world.node(f"n{number}", cpu=1000, cost=10 + number) for number in range(3)]
    demands = [
        world.demand("high", 2, cpu=500, priority=5),
        world.demand("low", 1, cpu=250, near=(AffinityRule(("service/p:high",), "node", required=False),)),
        world.demand("own", 1, cpu=100, system=True),
    ]
    problem: Problem = world.problem(nodes, demands, **settings)
    return problem


def test_terms_come_in_the_order_of_the_blueprint_and_more_is_better(world: Any) -> None:
    indexed = IndexedProblem(two_levels(world, objective=ALL, max_moves=0))
    high, low, own = (indexed.index[f"service/p:{name}"] for name in ("high", "low", "own"))
    objective = LexicographicObjective(indexed, {(high, 0): 2})
    placed = [((high, 0), 0), ((high, 1), 1), ((low, 0), 1), ((own, 0), 1)]
    assert terms_of(indexed, AssignmentMeasures(objective, placed)) == [
        ("moves", -1),
        # Preferences come before the first of nodes, cost and balance.
        ("wishes", 2_000_000),
        ("cost", -21),
        ("placed", 1), ("placed", 2), ("placed", 1),
        ("balance", -(500 * 500 + 850 * 850)),
        ("nodes", -2),
        ("stable", -1),
    ]  # fmt: skip
    assert objective.worth(placed) == (-1, 2_000_000, -21, 1, 2, 1, -(500 * 500 + 850 * 850), -2, -1)


def test_what_a_level_lost_below_its_floors_comes_before_what_it_has(world: Any) -> None:
    indexed = IndexedProblem(two_levels(world))
    levels = PriorityLevels(indexed)
    high, low, own = (indexed.index[f"service/p:{name}"] for name in ("high", "low", "own"))
    assert [levels.level_of[demand] for demand in (own, high, low)] == [0, 1, 2]
    counts, floors = [0, 0, 0], [0, 0, 0]
    counts[high], counts[low] = 1, 1
    floors[high], floors[own] = 2, 1
    assert levels.placed(counts, ()) == [0, 1, 1]
    assert levels.placed(counts, floors) == [-1, 0, -1, 1, 0, 1]


def test_the_solver_weighs_the_same_terms_in_the_same_order(world: Any) -> None:
    cp = pytest.importorskip("ortools.sat.python.cp_model")
    indexed = IndexedProblem(two_levels(world, objective=ALL, max_moves=1))
    objective = LexicographicObjective(indexed, {(0, 0): 2})
    names = [name for name, _ in PlacementModel(indexed, objective, cp).terms()]
    all_names = [name for name, _ in terms_of(indexed, AssignmentMeasures(objective, ()))]
    # Preferences are what the solver does not weigh.
    assert names == [name for name in all_names if name != "wishes"]


def test_no_assignment_is_better_than_the_ideal_and_some_terms_have_none(world: Any) -> None:
    problem = two_levels(world, objective=("placed", "stable", "nodes"))
    indexed = IndexedProblem(problem)
    placed = [((0, 0), 0), ((0, 1), 0), ((1, 0), 1), ((2, 0), 1)]
    ideal = ideal_point(indexed, limited=False, floored=False)
    assert ideal == (1, 2, 1, 0, 3_000_000, -2)
    assert LexicographicObjective(indexed, {}).worth(placed) <= ideal
    assert ideal_point(indexed, limited=True, floored=True) == (0, 0, 1, 0, 2, 0, 1, 0, 3_000_000, -2)
    for name in ("cost", "balance"):
        other = replace(problem, settings=replace(problem.settings, objective=("placed", name)))
        assert ideal_point(IndexedProblem(other), limited=False, floored=False) is None


def test_preferences_and_interference_come_before_nodes_cost_and_balance_or_last() -> None:
    assert term_order(("placed", "stable", "nodes")) == ("moves", "placed", "stable", "wishes", "interference", "nodes")
    assert term_order(("placed", "balance", "slack")) == (
        "moves",
        "placed",
        "wishes",
        "interference",
        "balance",
        "slack",
    )
    assert term_order(("stable", "placed")) == ("moves", "stable", "placed", "wishes", "interference")
    named = term_order(("placed", "nodes", "interference"))
    assert named == ("moves", "placed", "wishes", "nodes", "interference"), "where a stack names it, it stays"


def test_every_term_has_a_name_of_its_own() -> None:
    assert len({term.name for term in TERMS}) == len(TERMS)
