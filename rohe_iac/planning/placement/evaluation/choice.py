"""Chooses between the scalar and the vectorized evaluator by the size of the problem."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from rohe_iac.planning.placement.evaluation.evaluator import Evaluator
from rohe_iac.planning.placement.evaluation.scalar import ScalarEvaluator
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

SCALAR_LIMIT = 40_000
"""Nodes times demands up to which importing NumPy costs more than it saves."""


@cache
def numpy_installed() -> bool:
    """Returns whether NumPy is installed, without importing it."""
    return find_spec("numpy") is not None


def evaluator_for(indexed: IndexedProblem, ledger: Ledger, scoring: Scoring, limit: int | None = None) -> Evaluator:
    """Returns the evaluator that is the faster one for the problem; NumPy is imported only where it is used.

    Both evaluators give the same plan. NumPy is an extra of the package (`fleets`): without it nodes are evaluated one
    by one, whatever their number.

    Args:
        limit: nodes times demands up to which nodes are evaluated one by one; None: SCALAR_LIMIT.
    """
    small = len(indexed.nodes) * len(indexed.demands) <= (SCALAR_LIMIT if limit is None else limit)
    if small or not numpy_installed():
        return ScalarEvaluator(indexed, ledger, scoring)
    from rohe_iac.planning.placement.evaluation.vectorized.evaluator import VectorizedEvaluator

    return VectorizedEvaluator(indexed, ledger, scoring)
