"""Evaluates nodes one by one in plain Python: faster than arrays for small problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify

from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.placement.evaluation.evaluator import NOTHING_SHUT, Evaluation, Ranked, Shut
from rohe_iac.planning.placement.evaluation.explanation import CLOSEST, refusals_of
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.rules.shortfall import shortfall
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


class ScalarEvaluator:
    """The field without NumPy, for problems of few nodes and services."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring) -> None:
        self.indexed, self.ledger, self.scoring = indexed, ledger, scoring
        self._noted: dict[int, Refusals] = {}

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> Evaluation:  # noqa: ARG002
        """See Field."""
        indexed, ledger, scoring = self.indexed, self.ledger, self.scoring
        number = len(indexed.nodes)
        heap: list[int] = []
        refused: dict[str, int] = {}
        passes: list[bool] = []
        lacking: list[tuple[int, int]] = []
        for node in range(number):
            rule = refusal(indexed, ledger, demand, node)
            passes.append(not rule)
            if not rule:
                heap.append(-(scoring.total(demand, node) * number + number - 1 - node))
                continue
            refused[rule] = refused.get(rule, 0) + 1
            if explain:
                lacking.append((shortfall(indexed, ledger, demand, node), node))
        heapify(heap)
        return Evaluation(demand, heap, len(heap), passes, refused, sorted(lacking)[:CLOSEST])

    def feasible(self, demand: int, *, explain: bool) -> Evaluation:
        """See Field."""
        return self.evaluate(demand, 0, explain=explain)

    def best_first(self, evaluation: Evaluation) -> Iterator[Ranked]:
        """See Field."""
        number = len(self.indexed.nodes)
        for key in sorted(evaluation.heap):
            points, behind = divmod(-key, number)
            yield points, [number - 1 - behind], -1

    def more(self, evaluation: Evaluation) -> list[int]:
        """See Field; nothing is ever cut here."""
        evaluation.whole = True
        return []

    def invalidate(self, node: int) -> None:
        """See Field; nothing is mirrored here."""

    def invalidate_alike(self, nodes: Sequence[int], alike: int, taken: int) -> None:
        """See Field; nothing is mirrored here."""

    def close_domain(self, evaluation: Evaluation, nodes: Sequence[int]) -> int:
        """See Field."""
        number = 0
        for node in nodes:
            number += evaluation.passes[node]
            evaluation.passes[node] = False
        return number

    def record_refusals(
        self,
        evaluation: Evaluation,
        filled: Sequence[int] = (),
        shut: Shut = NOTHING_SHUT,
        last: int = -1,  # noqa: ARG002
    ) -> None:
        """See Field."""
        if filled or shut:
            evaluation = self.evaluate(evaluation.demand, 0, explain=True)
        self._noted[evaluation.demand] = refusals_of(self.indexed, self.ledger, evaluation)

    def collected_refusals(self) -> dict[int, Refusals]:
        """See Field."""
        noted, self._noted = self._noted, {}
        return noted
