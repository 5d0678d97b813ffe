"""Evaluates nodes one by one in plain Python: faster than arrays for small problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify

from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.placement.evaluation.evaluator import NOTHING_CLOSED, ClosedByKey, Evaluation, Ranked
from rohe_iac.planning.placement.evaluation.explanation import CLOSEST, refusals_of
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.rules.shortfall import shortfall
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex


@dataclass(slots=True)
class ScalarEvaluation(Evaluation):
    """An evaluation whose heap always holds every node that passes."""

    passes: list[bool]

    def best_first(self) -> Iterator[Ranked]:
        """Yields the nodes one by one, as in `Evaluation`; their states are not known."""
        keys = NodeKeys(len(self.passes))
        for key in sorted(self.heap):
            score, node = keys.decode(key)
            yield score, [node], -1

    def more(self) -> list[int]:
        """Returns nothing: the heap is never cut."""
        self.whole = True
        return []

    def close_domain(self, nodes: Sequence[NodeIndex]) -> int:
        """Refuses nodes, as in `Evaluation`."""
        closed = 0
        for node in nodes:
            closed += self.passes[node]
            self.passes[node] = False
        return closed


class ScalarEvaluator:
    """The evaluator without NumPy, for problems of few nodes and services."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring) -> None:
        self.indexed, self.ledger, self.scoring = indexed, ledger, scoring
        self._collected: dict[DemandIndex, Refusals] = {}

    def evaluate(self, demand: DemandIndex, wanted: int, *, explain: bool) -> ScalarEvaluation:  # noqa: ARG002
        """Returns the evaluation of all nodes, as in `Evaluator`."""
        indexed, ledger, scoring = self.indexed, self.ledger, self.scoring
        encode = NodeKeys(len(indexed.nodes)).encode
        heap: list[int] = []
        refused: dict[str, int] = {}
        passes: list[bool] = []
        lacking: list[tuple[int, NodeIndex]] = []
        for node in indexed.node_indices:
            rule = refusal(indexed, ledger, demand, node)
            passes.append(not rule)
            if not rule:
                heap.append(encode(scoring.total(demand, node), node))
                continue
            refused[rule] = refused.get(rule, 0) + 1
            if explain:
                lacking.append((shortfall(indexed, ledger, demand, node), node))
        heapify(heap)
        return ScalarEvaluation(demand, heap, len(heap), passes, refused, sorted(lacking)[:CLOSEST])

    def feasible(self, demand: DemandIndex, *, explain: bool) -> ScalarEvaluation:
        """Returns the evaluation of all nodes, as in `Evaluator`; the heap is filled too."""
        return self.evaluate(demand, 0, explain=explain)

    def invalidate(self, node: NodeIndex) -> None:
        """Does nothing: the ledger is read at every evaluation."""

    def invalidate_alike(self, nodes: Sequence[NodeIndex], state: int, taken: int) -> None:
        """Does nothing: the ledger is read at every evaluation."""

    def record_refusals(
        self,
        evaluation: Evaluation,
        filled: Sequence[NodeIndex] = (),
        closed: ClosedByKey = NOTHING_CLOSED,
        last: NodeIndex = NO_NODE,  # noqa: ARG002
    ) -> None:
        """Records why nodes refuse the demand, as in `Evaluator`; evaluates anew where anything became full."""
        if filled or closed:
            evaluation = self.evaluate(evaluation.demand, 0, explain=True)
        self._collected[evaluation.demand] = refusals_of(self.indexed, self.ledger, evaluation)

    def collected_refusals(self) -> dict[DemandIndex, Refusals]:
        """Returns what was recorded, by demand, and forgets it."""
        collected, self._collected = self._collected, {}
        return collected
