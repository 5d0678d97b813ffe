"""Refusals of a plan: counts in the order of the rules, and the closest nodes with what they lack."""

from __future__ import annotations

from typing import Any

from rohe_iac.planning.placement.evaluation.explanation import CLOSEST, refusals_of, rejection
from rohe_iac.planning.placement.evaluation.scalar import ScalarEvaluator
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def test_the_closest_refused_nodes_come_first_with_what_they_lack(world: Any) -> None:
    nodes = [world.node(f"n{i}", cpu=100 * i) for i in range(7)] + [world.node("n7", status="down"), world.node("n8")]
    indexed = IndexedProblem(world.problem(nodes, [world.demand("d", cpu=1000)]))
    ledger = Ledger(indexed)
    evaluation = ScalarEvaluator(indexed, ledger, Scoring(indexed, ledger, "best-fit")).evaluate(0, 1, explain=True)
    refusals = refusals_of(indexed, ledger, evaluation)
    assert refusals.workload == "service/p:d"
    assert refusals.by_rule == (("status", 1), ("cpu", 7))
    assert [item.node for item in refusals.closest] == ["n6", "n5", "n4", "n3", "n2"]
    assert len(refusals.closest) == CLOSEST
    assert refusals.closest[0] == rejection(indexed, ledger, 0, 6)
    assert (refusals.closest[0].rule, refusals.closest[0].missing) == ("cpu", "cpu: needs 1000m, only 600m is free")
