"""Claims about dealing out the cores of a node anew."""

from __future__ import annotations

from typing import Any

from search_problems import state_of

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.repack import Repack


def test_a_replica_finds_a_place_where_the_others_stand_badly_and_undo_puts_them_back(world: Any) -> None:
    """Two chunks of 500 on two cores leave no core for one of 900, one core for both does."""
    demands = [world.demand("half", 2, cpu=100, cores=(500,)), world.demand("large", 1, cpu=100, cores=(900,))]
    indexed = IndexedProblem(world.problem([world.node("n1", cpu=2000)], demands))
    ledger = Ledger(indexed)
    half, large = indexed.index["service/p:half"], indexed.index["service/p:large"]
    grants = {(half, index): ledger.take(half, 0) for index in range(2)}
    grants[half, 1].cores = ((1 - grants[half, 0].cores[0][0], 500),)
    assignment = Assignment(indexed, grants, [(large, 0)])
    before = state_of(assignment)
    assignment.begin()
    assert Repack(assignment).insert(large, assignment.usable[large])
    assert assignment.unplaced[large] == 0
    cores = [dict(item[1]) for item in assignment.items[0] if item[0] == half]
    assert cores[0].keys() == cores[1].keys()
    assignment.undo()
    assert state_of(assignment) == before


def test_no_node_is_repacked_for_a_replica_that_does_not_fit_in_sum_or_asks_for_no_core(world: Any) -> None:
    demands = [world.demand("a", 1, cpu=100, cores=(900,)), world.demand("b", 1, cpu=4000), world.demand("c", 1, cpu=1)]
    indexed = IndexedProblem(world.problem([world.node("n1", cpu=1000)], demands))
    first = indexed.index["service/p:a"]
    assignment = Assignment(indexed, {(first, 0): Ledger(indexed).take(first, 0)}, [(1, 0), (2, 0)])
    for name in "bc":
        demand = indexed.index[f"service/p:{name}"]
        assert not Repack(assignment).insert(demand, assignment.usable[demand])
