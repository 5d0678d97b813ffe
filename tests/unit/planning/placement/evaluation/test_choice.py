"""The choice between the two evaluators."""

from __future__ import annotations

import sys
from typing import Any

from rohe_iac.planning.placement.evaluation import choice
from rohe_iac.planning.placement.evaluation.choice import evaluator_for
from rohe_iac.planning.placement.evaluation.scalar import ScalarEvaluator
from rohe_iac.planning.placement.evaluation.vectorized.evaluator import VectorizedEvaluator
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.planner import plan


def test_arrays_are_used_above_so_many_nodes_times_demands(world: Any, monkeypatch: Any) -> None:
    indexed = IndexedProblem(
        world.problem([world.node(f"n{i}") for i in range(3)], [world.demand("a"), world.demand("b")])
    )
    ledger = Ledger(indexed)
    scoring = Scoring(indexed, ledger, "best-fit")
    assert isinstance(evaluator_for(indexed, ledger, scoring), ScalarEvaluator)
    assert isinstance(evaluator_for(indexed, ledger, scoring, limit=6), ScalarEvaluator)
    assert isinstance(evaluator_for(indexed, ledger, scoring, limit=5), VectorizedEvaluator)
    monkeypatch.setattr(choice, "SCALAR_LIMIT", 5)
    assert isinstance(evaluator_for(indexed, ledger, scoring), VectorizedEvaluator)


def test_without_numpy_a_fleet_is_planned_with_the_same_result(world: Any, monkeypatch: Any) -> None:
    nodes = [world.node(f"n{number}", 1000 * (1 + number % 4)) for number in range(210)]
    problem = world.problem(nodes, [world.demand(f"s{number}", 2, 300 + number) for number in range(200)])
    assert len(nodes) * len(problem.demands) > choice.SCALAR_LIMIT
    with_numpy = plan(problem)
    monkeypatch.setattr(choice, "numpy_installed", lambda: False)
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert plan(problem) == with_numpy
