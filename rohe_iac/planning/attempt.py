"""Attempt: one pass over the queue, with every decision and the state it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from rohe_iac.planning import lean
from rohe_iac.planning.choosing import choose
from rohe_iac.planning.feasibility import amounts_refusal, refusal_to_stay
from rohe_iac.planning.field import Field, PlainField, View, refusals_of
from rohe_iac.planning.layout import NODE_KEY, Layout
from rohe_iac.planning.lean import is_lean
from rohe_iac.planning.ledger import Grant, Ledger
from rohe_iac.planning.plan import Refusals
from rohe_iac.planning.scoring import Scoring

PLAIN_LIMIT = 40_000
"""Nodes times demands up to which importing NumPy costs more than it saves."""


@dataclass(slots=True)
class Decision:
    """One replica's node (position) with the points it won by and the raw parts of them.

    kept: it stayed where it was. searched: it was not decided alone, but by a search over whole assignments.
    """

    index: int
    node: int
    grant: Grant
    points: int = 0
    parts: tuple[int, ...] = ()
    runner_up: int = -1
    runner_up_points: int = 0
    fits: int = 0
    kept: bool = False
    searched: bool = False


class Attempt:
    """Places the demands of a layout, one class after another.

    least_nodes: a bound on the nodes used that a solver has proven, 0 for none.
    explain: keep score parts and refusals. lean: use the short loop where it serves. plain_limit: nodes times demands
    above which NumPy is used (None: default).
    """

    def __init__(
        self,
        layout: Layout,
        strategy: str,
        *,
        explain: bool = True,
        lean: bool = True,
        plain_limit: int | None = None,
    ) -> None:
        self.layout = layout
        self.strategy = strategy
        self.explain = explain
        self.lean = lean
        self.ledger = Ledger(layout)
        self.scoring = Scoring(layout, self.ledger, strategy)
        self.decisions: list[list[Decision]] = [[] for _ in layout.demands]
        self.missing: list[list[int]] = [[] for _ in layout.demands]
        self.refusals: list[Refusals | None] = [None for _ in layout.demands]
        self.least_nodes = 0
        self.kept: Mapping[tuple[int, int], int] = {}
        self._limit = PLAIN_LIMIT if plain_limit is None else plain_limit
        self._field: Field | None = None

    @property
    def field(self) -> Field:
        """All nodes at once; made when first needed, so that what is pinned before is seen by it."""
        if self._field is None:
            if len(self.layout.nodes) * len(self.layout.demands) > self._limit:
                from rohe_iac.planning.matrices import ArrayField

                self._field = ArrayField(self.layout, self.ledger, self.scoring)
            else:
                self._field = PlainField(self.layout, self.ledger, self.scoring)
        return self._field

    def run(self, queue: Sequence[int], kept: Mapping[tuple[int, int], int]) -> Attempt:
        """Keeps what can stay (`kept`: node by demand and index), then places the rest in the order of the queue."""
        self.kept = kept
        self.ledger.pending = {demand for demand, _ in kept}
        waiting = [self._pin(demand, kept) if kept else range(self.layout.demands[demand].replicas) for demand in queue]
        self.ledger.pending = set(queue)
        for demand, indices in zip(queue, waiting, strict=True):
            self.ledger.pending.discard(demand)
            if indices:
                self._place(demand, indices)
            elif self.explain and self.layout.demands[demand].replicas:
                self.refusals[demand] = self.refused(demand)
        return self

    def settle(
        self, queue: Sequence[int], grants: Mapping[tuple[int, int], Grant], kept: Mapping[tuple[int, int], int]
    ) -> Attempt:
        """Takes an assignment that a search has found; points and refusals are those of the order of the queue."""
        number = len(self.layout.nodes)
        for demand in queue:
            indices = [index for index in range(self.layout.demands[demand].replicas) if (demand, index) in grants]
            for index in indices:
                grant = grants[demand, index]
                last = index == indices[-1]
                view = self.field.evaluate(demand, 2, explain=self.explain and last)
                others = sorted(view.heap)[:2]
                seen = [(number - 1 - (-key) % number, (-key) // number) for key in others]
                second, second_points = next(((node, one) for node, one in seen if node != grant.node), (-1, 0))
                if self.explain and last:
                    self.refusals[demand] = refusals_of(self.layout, self.ledger, demand, view, set())
                self.decisions[demand].append(
                    Decision(
                        index, grant.node, grant, self.scoring.total(demand, grant.node),
                        self.scoring.parts(demand, grant.node) if self.explain else (), second, second_points,
                        max(1, view.fits), kept.get((demand, index)) == grant.node, True,
                    )
                )  # fmt: skip
                self.ledger.book(grant)
                self.field.touch(grant.node)
        for demand in queue:
            placed = {decision.index for decision in self.decisions[demand]}
            self.missing[demand] = [i for i in range(self.layout.demands[demand].replicas) if i not in placed]
            if self.missing[demand]:
                self.refusals[demand] = self.refused(demand)
        return self

    def grants(self) -> dict[tuple[int, int], Grant]:
        """What every placed replica has, by demand and index."""
        return {
            (demand, decision.index): decision.grant
            for demand, decisions in enumerate(self.decisions)
            for decision in decisions
        }

    def refused(self, demand: int) -> Refusals:
        """The nodes that refuse the demand as things stand."""
        view = self.field.evaluate(demand, 0, explain=True)
        return refusals_of(self.layout, self.ledger, demand, view, set())

    def _pin(self, demand: int, kept: Mapping[tuple[int, int], int]) -> list[int]:
        left = []
        self.ledger.pending.discard(demand)
        for index in range(self.layout.demands[demand].replicas):
            node = kept.get((demand, index), -1)
            if node >= 0 and not refusal_to_stay(self.layout, self.ledger, demand, node):
                grant = self.ledger.take(demand, node)
                self.decisions[demand].append(Decision(index, node, grant, kept=True))
            else:
                left.append(index)
        return left

    def _place(self, demand: int, indices: Sequence[int]) -> None:
        layout, ledger, scoring, explain = self.layout, self.ledger, self.scoring, self.explain
        number, numbered = len(layout.nodes), layout.numbered[demand]
        alone = layout.alone(demand)
        domains = [rule for rule in layout.demands[demand].spread if rule.key != NODE_KEY]
        decided, last = self.decisions[demand], indices[-1]
        touched: set[int] = set()
        picky = layout.extensions.strategy is not None
        view = self.field.evaluate(demand, number if domains or picky else len(indices), explain=explain)
        heap, refused = view.heap, view.refused
        if self.lean and is_lean(layout, scoring, demand):
            self._place_lean(demand, indices, view)
            return
        for position, index in enumerate(indices):
            if not heap or numbered > ledger.numbers:
                self.missing[demand] = list(indices[position:])
                # What is missing is told even where nobody asked for explanations.
                self.refusals[demand] = self.refused(demand)
                return
            if picky:
                top, following = choose(layout, ledger, demand, view)
            else:
                top = heappop(heap)
                if domains:
                    self._drop_closed(view)
                following = heap[0] if heap else None
            points, node = divmod(-top, number)
            node = number - 1 - node
            second, second_points = -1, 0
            if following is not None:
                second_points, second = divmod(-following, number)
                second = number - 1 - second
            parts: tuple[int, ...] = ()
            if explain:
                parts = scoring.parts(demand, node)
                if index == last:
                    self.refusals[demand] = refusals_of(layout, ledger, demand, view, touched)
            grant = ledger.take(demand, node)
            decided.append(Decision(index, node, grant, points, parts, second, second_points, view.fits))
            self.field.touch(node)
            if not alone:
                view = self.field.evaluate(demand, number, explain=explain)
                heap, refused = view.heap, view.refused
                continue
            touched.add(node)
            # The static rules cannot change: only amounts and neighbours are asked again.
            rule = amounts_refusal(layout, ledger, demand, node)
            if rule:
                view.fits -= 1
                view.passes[node] = False
                refused[rule] = refused.get(rule, 0) + 1
            else:
                heappush(heap, -(scoring.total(demand, node) * number + number - 1 - node))
            for spread in domains:
                domain = layout.domains[spread.key][node]
                if ledger.counts[demand][spread.key][domain] >= spread.limit:
                    nodes = layout.domain_nodes[spread.key][domain]
                    closed = self.field.close(view, nodes)
                    view.fits -= closed
                    refused["spread"] = refused.get("spread", 0) + closed
                    touched.update(nodes)
                    self._drop_closed(view)

    def _place_lean(self, demand: int, indices: Sequence[int], view: View) -> None:
        decided = self.decisions[demand]
        touched: set[int] = set()
        # The last replica is decided apart: refusals are told as they stand before it is booked.
        for run in (indices[:-1], indices[-1:]) if self.explain else (indices,):
            if self.explain and run and run[-1] == indices[-1] and view.heap:
                self.refusals[demand] = refusals_of(self.layout, self.ledger, demand, view, touched)
            steps, nodes = lean.run(self.layout, self.ledger, self.scoring, demand, view, run)
            decided += [Decision(*step) for step in steps]
            touched |= nodes
        for node in touched:
            self.field.touch(node)
        if len(decided) < self.layout.demands[demand].replicas:
            placed = {decision.index for decision in decided}
            self.missing[demand] = [index for index in indices if index not in placed]
            self.refusals[demand] = self.refused(demand)

    def _drop_closed(self, view: View) -> None:
        number, heap = len(self.layout.nodes), view.heap
        while heap and not view.passes[number - 1 - (-heap[0]) % number]:
            heappop(heap)

    def drop(self, demand: int, decision: Decision) -> None:
        """Takes one decision back."""
        self.ledger.release(decision.grant)
        self.decisions[demand].remove(decision)
        self.missing[demand] = sorted([*self.missing[demand], decision.index])
        self.field.touch(decision.node)
