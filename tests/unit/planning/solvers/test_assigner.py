"""The assignment of replicas by each strategy, and when a search tries for more."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, ReplicaIndex
from rohe_iac.planning.solvers.assigner import Assigner
from rohe_iac.planning.solvers.construction.service_order import service_order
from rohe_iac.planning.solvers.local_search.outcome import SearchStatistics


def assigner(
    problem: Any, standing: dict[ReplicaIndex, Grant], searches: list[SearchStatistics], unplaced_before: int
) -> Assigner:
    indexed = IndexedProblem(problem)
    order = service_order(indexed)
    return Assigner(indexed, order, standing, unplaced_before, explain=False, listener=searches.append)


SMALL_ON_N0 = {(DemandIndex(1), 0): Grant(DemandIndex(1), NodeIndex(0))}
"""The replica of the second demand has the first node."""


def test_a_greedy_pass_that_places_all_is_not_searched(world: Any) -> None:
    searches: list[SearchStatistics] = []
    problem = world.problem([world.node("n0")], [world.demand("d", 2, cpu=500)])
    found = assigner(problem, {}, searches, 0).assign()
    assert [decision.node for decision in found.decisions[0]] == [0, 0]
    assert searches == []


def test_a_search_places_a_replica_that_placed_ones_keep_out(world: Any) -> None:
    searches: list[SearchStatistics] = []
    nodes = [world.node("n0", cpu=3000), world.node("n1", cpu=1000)]
    problem = world.problem(nodes, [world.demand("big", cpu=3000), world.demand("small", cpu=1000)])
    found = assigner(problem, SMALL_ON_N0, searches, 0).assign()
    assert [decisions[0].node for decisions in found.decisions] == [0, 1]
    assert len(searches) == 1


def test_without_iterations_placed_replicas_move_only_where_more_are_unplaced_than_before(world: Any) -> None:
    nodes = [world.node("n0", cpu=3000), world.node("n1", cpu=1000)]
    demands = [world.demand("big", cpu=3000), world.demand("small", cpu=1000)]
    problem = world.problem(nodes, demands, iterations=0)
    searches: list[SearchStatistics] = []
    assert [len(decisions) for decisions in assigner(problem, SMALL_ON_N0, searches, 0).assign().decisions] == [1, 1]
    assert [len(decisions) for decisions in assigner(problem, SMALL_ON_N0, searches, 1).assign().decisions] == [0, 1]
    assert searches == []


def test_a_replica_that_would_fit_on_no_empty_node_starts_no_search(world: Any) -> None:
    searches: list[SearchStatistics] = []
    problem = world.problem([world.node("n0", cpu=1000)], [world.demand("d", cpu=9000), world.demand("e", cpu=100)])
    assert assigner(problem, SMALL_ON_N0, searches, 0).assign().unplaced == [[0], []]
    assert searches == []
