"""Chooses between the scalar and the vectorized evaluator by the size of the problem."""

from __future__ import annotations

from rohe_iac.planning.placement.evaluation.evaluator import Evaluator
from rohe_iac.planning.placement.evaluation.scalar import ScalarEvaluator
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

SCALAR_LIMIT = 40_000
"""Nodes times demands up to which importing NumPy costs more than it saves."""


def evaluator_for(indexed: IndexedProblem, ledger: Ledger, scoring: Scoring, limit: int | None = None) -> Evaluator:
    """Returns the evaluator that is the faster one for the problem; NumPy is imported only where it is used.

    Args:
        limit: nodes times demands up to which nodes are evaluated one by one; None: SCALAR_LIMIT.
    """
    if len(indexed.nodes) * len(indexed.demands) <= (SCALAR_LIMIT if limit is None else limit):
        return ScalarEvaluator(indexed, ledger, scoring)
    from rohe_iac.planning.placement.evaluation.vectorized.evaluator import VectorizedEvaluator

    return VectorizedEvaluator(indexed, ledger, scoring)
