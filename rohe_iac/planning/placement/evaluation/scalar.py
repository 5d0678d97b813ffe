"""Evaluates nodes one by one in plain Python: faster than arrays for small problems."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heapify

from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.placement.evaluation.evaluator import NOTHING_SHUT, Ranked, Shut, View
from rohe_iac.planning.placement.evaluation.explanation import CLOSEST, refusals_of
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.rules.shortfall import shortfall
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Ledger


class PlainField:
    """The field without NumPy, for problems of few nodes and services."""

    def __init__(self, layout: Layout, ledger: Ledger, scoring: Scoring) -> None:
        self.layout, self.ledger, self.scoring = layout, ledger, scoring
        self._noted: dict[int, Refusals] = {}

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> View:  # noqa: ARG002
        """See Field."""
        layout, ledger, scoring = self.layout, self.ledger, self.scoring
        number = len(layout.nodes)
        heap: list[int] = []
        refused: dict[str, int] = {}
        passes: list[bool] = []
        lacking: list[tuple[int, int]] = []
        for node in range(number):
            rule = refusal(layout, ledger, demand, node)
            passes.append(not rule)
            if not rule:
                heap.append(-(scoring.total(demand, node) * number + number - 1 - node))
                continue
            refused[rule] = refused.get(rule, 0) + 1
            if explain:
                lacking.append((shortfall(layout, ledger, demand, node), node))
        heapify(heap)
        return View(demand, heap, len(heap), passes, refused, sorted(lacking)[:CLOSEST])

    def look(self, demand: int, *, explain: bool) -> View:
        """See Field."""
        return self.evaluate(demand, 0, explain=explain)

    def ranked(self, view: View) -> Iterator[Ranked]:
        """See Field."""
        number = len(self.layout.nodes)
        for key in sorted(view.heap):
            points, behind = divmod(-key, number)
            yield points, [number - 1 - behind], -1

    def refill(self, view: View) -> list[int]:
        """See Field; nothing is ever cut here."""
        view.whole = True
        return []

    def touch(self, node: int) -> None:
        """See Field; nothing is mirrored here."""

    def touch_alike(self, nodes: Sequence[int], alike: int, taken: int) -> None:
        """See Field; nothing is mirrored here."""

    def close(self, view: View, nodes: Sequence[int]) -> int:
        """See Field."""
        number = 0
        for node in nodes:
            number += view.passes[node]
            view.passes[node] = False
        return number

    def note(
        self,
        view: View,
        filled: Sequence[int] = (),
        shut: Shut = NOTHING_SHUT,
        last: int = -1,  # noqa: ARG002
    ) -> None:
        """See Field."""
        if filled or shut:
            view = self.evaluate(view.demand, 0, explain=True)
        self._noted[view.demand] = refusals_of(self.layout, self.ledger, view)

    def noted(self) -> dict[int, Refusals]:
        """See Field."""
        noted, self._noted = self._noted, {}
        return noted
