"""Claims about the assignment that ruin and recreate edit."""

from __future__ import annotations

from typing import Any

from search_problems import assigned, crowded, state_of

from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.local_search.assignment import Assignment
from rohe_iac.planning.solvers.local_search.lcg import LinearCongruentialGenerator
from rohe_iac.planning.solvers.local_search.params import SearchParams
from rohe_iac.planning.solvers.local_search.ruin import Ruin


def test_undo_restores_the_assignment_exactly_whatever_was_edited(world: Any) -> None:
    assignment, _, recreate = assigned(crowded(world))
    ruin = Ruin(assignment, LinearCongruentialGenerator(3), SearchParams(restart_one_in=5))
    recreate.apply(repacks=True)
    edits = 0
    for turn in range(60):
        before = state_of(assignment)
        assignment.begin()
        ruin.apply()
        recreate.apply(repacks=turn % 2 == 0)
        edits += state_of(assignment) != before
        for _ in range(2):
            assignment.undo()
            assert state_of(assignment) == before
        if turn % 3 == 0:
            assignment.begin()
            ruin.apply()
            recreate.apply(repacks=True)
    assert edits > 30


def test_a_snapshot_comes_back_whatever_happened_since(world: Any) -> None:
    assignment, ruin, recreate = assigned(crowded(world))
    recreate.apply(repacks=False)
    before, snapshot = state_of(assignment), assignment.snapshot()
    for _ in range(20):
        assignment.begin()
        ruin.apply()
        recreate.apply(repacks=True)
    assignment.restore(snapshot)
    assert state_of(assignment) == before
    assignment.undo()
    assert state_of(assignment) == before


def test_an_item_that_is_removed_leaves_its_room_and_its_port(world: Any) -> None:
    assignment, _, recreate = assigned(crowded(world))
    recreate.apply(repacks=False)
    node = next(node for node, items in enumerate(assignment.items) if len(items) > 1)
    items = list(assignment.items[node])
    assignment.begin()
    assignment.remove(node, [True] + [False] * (len(items) - 1))
    assert assignment.items[node] == items[1:]
    assignment.empty(node)
    assert assignment.items[node] == []
    assert assignment.loads[node] is assignment.node_loads.base[node]
    for emptied in range(len(assignment.items)):
        assignment.empty(emptied)
    assert assignment.open_nodes == 0
    fresh = Ledger(assignment.indexed)
    for name in ("placed", "counts", "ports", "cpu", "cores"):
        assert getattr(assignment.ledger, name) == getattr(fresh, name), name


def test_a_cordoned_node_with_replicas_is_pinned(world: Any) -> None:
    nodes = [world.node("n1", status="cordoned"), world.node("n2")]
    problem: Problem = world.problem(nodes, [world.demand("a", 1, cpu=100)])
    indexed = IndexedProblem(problem)
    grant = Ledger(indexed).take(0, 0)
    assignment = Assignment(indexed, {(0, 0): grant}, ())
    assert assignment.pinned == [True, False]
    assert assignment.nodes_to_ruin() == []
    assert assignment.usable == [[1]]
