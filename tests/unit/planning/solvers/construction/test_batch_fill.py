"""Batches of nodes in the same state, and when a demand is placed in batches."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.model.demand import SpreadRule
from rohe_iac.planning.placement.evaluation.scalar import ScalarEvaluator
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.batch_fill import BatchFill, fills_in_batches


def batch_fill(problem: Any) -> BatchFill:
    indexed = IndexedProblem(problem)
    ledger = Ledger(indexed)
    scoring = Scoring(indexed, ledger, "best-fit")
    assert fills_in_batches(indexed, scoring, 0)
    evaluator = ScalarEvaluator(indexed, ledger, scoring)
    return BatchFill(indexed, ledger, scoring, 0, evaluator, evaluator.feasible(0, explain=False))


def booked(fill: BatchFill, wanted: int) -> list[tuple[int, int]]:
    """Returns the nodes of all batches in order, each with the replicas that it takes; books them."""
    found = []
    for batch in fill.batches(wanted):
        fill.book(batch.nodes, batch.state, batch.sequence, 0, batch.taken)
        found += [(node, batch.taken) for node in batch.nodes]
    return found


def test_each_node_is_filled_before_the_next_and_the_last_takes_the_rest(world: Any) -> None:
    fill = batch_fill(world.problem([world.node(f"n{i}", cpu=2000) for i in range(3)], [world.demand("d", 5, cpu=900)]))
    assert booked(fill, 5) == [(0, 2), (1, 2), (2, 1)]
    assert fill.ledger.cpu == [200, 200, 1100]


def test_a_domain_at_its_limit_closes_its_other_nodes(world: Any) -> None:
    nodes = [world.node(f"n{i}", cpu=2000, labels=(("zone", "ab"[i // 2]),)) for i in range(4)]
    demand = world.demand("d", 5, cpu=900, spread=(SpreadRule("zone", 1),))
    assert booked(batch_fill(world.problem(nodes, [demand])), 5) == [(0, 1), (2, 1)]


def test_demands_that_change_other_nodes_scores_are_not_placed_in_batches(world: Any) -> None:
    indexed = IndexedProblem(world.problem([world.node("n")], [world.demand("d", slowdown=500_000, sensitivity="cpu")]))
    assert not fills_in_batches(indexed, Scoring(indexed, Ledger(indexed), "best-fit"), 0)
    plain = IndexedProblem(world.problem([world.node("n")], [world.demand("d")]))
    assert not fills_in_batches(plain, Scoring(plain, Ledger(plain), "worst-fit"), 0)
