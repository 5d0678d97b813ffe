"""Attempt: one pass over the queue, with every decision and the state it left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rohe_iac.planning.feasibility import refusal, refusal_to_stay
from rohe_iac.planning.field import Field, PlainField, Points
from rohe_iac.planning.layout import NODE_KEY, Layout
from rohe_iac.planning.ledger import Grant, Ledger
from rohe_iac.planning.plan import Refusals, ScorePart
from rohe_iac.planning.scoring import Scoring

PLAIN_LIMIT = 40_000
"""Nodes times demands up to which importing NumPy costs more than it saves."""


@dataclass(slots=True)
class Decision:
    """One replica's node (position) with the points it won by; `kept`: it stayed where it was."""

    index: int
    node: int
    grant: Grant
    points: int = 0
    parts: tuple[ScorePart, ...] = ()
    runner_up: int = -1
    runner_up_points: int = 0
    fits: int = 0
    kept: bool = False


class Attempt:
    """Places the demands of a layout, one class after another.

    explain: keep score parts and refusals. wide: nodes times demands above which NumPy is used (None: the default).
    """

    def __init__(self, layout: Layout, strategy: str, *, explain: bool = True, plain_limit: int | None = None) -> None:
        self.layout = layout
        self.strategy = strategy
        self.explain = explain
        self.ledger = Ledger(layout)
        self.scoring = Scoring(layout, self.ledger, strategy)
        self.decisions: list[list[Decision]] = [[] for _ in layout.demands]
        self.missing: list[list[int]] = [[] for _ in layout.demands]
        self.refusals: list[Refusals | None] = [None for _ in layout.demands]
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
        self.ledger.pending = {demand for demand, _ in kept}
        waiting = [self._pin(demand, kept) if kept else range(self.layout.demands[demand].replicas) for demand in queue]
        self.ledger.pending = set(queue)
        for demand, indices in zip(queue, waiting, strict=True):
            self.ledger.pending.discard(demand)
            if indices:
                self._place(demand, indices)
            elif self.explain and self.layout.demands[demand].replicas:
                self.refusals[demand] = self.field.refusals(demand)
        return self

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
        layout, ledger, scoring, field = self.layout, self.ledger, self.scoring, self.field
        points = field.evaluate(demand)
        alone = layout.alone(demand)
        numbered = layout.numbered[demand]
        decided = self.decisions[demand]
        top = second = -1
        best = runner_up = -1
        for position, index in enumerate(indices):
            if numbered > ledger.numbers:
                points.block(range(len(layout.nodes)))
                top = -1
            if top < 0:
                top, best = points.best()
                if top < 0:
                    self.missing[demand] = list(indices[position:])
                    break
                second, runner_up = points.second(top)
            if self.explain and index == indices[-1]:
                self.refusals[demand] = field.refusals(demand)
            parts = scoring.parts(demand, top) if self.explain else ()
            grant = ledger.take(demand, top)
            decided.append(Decision(index, top, grant, best, parts, second, runner_up, points.fits))
            field.touch(top)
            if not alone:
                points = field.evaluate(demand)
                top = -1
                continue
            best = -1 if refusal(layout, ledger, demand, top) else scoring.total(demand, top)
            points.put(top, best)
            blocked = self._close_domains(demand, top, points)
            if blocked or best < 0 or best < runner_up or (best == runner_up and second < top):
                top = -1
        if self.missing[demand]:
            self.refusals[demand] = field.refusals(demand)

    def _close_domains(self, demand: int, node: int, points: Points) -> bool:
        layout, blocked = self.layout, False
        for rule in layout.demands[demand].spread:
            if rule.key == NODE_KEY:
                continue
            domain = layout.domains[rule.key][node]
            if self.ledger.counts[demand][rule.key][domain] >= rule.limit:
                points.block(layout.domain_nodes[rule.key][domain])
                blocked = True
        return blocked

    def drop(self, demand: int, decision: Decision) -> None:
        """Takes one decision back."""
        self.ledger.release(decision.grant)
        self.decisions[demand].remove(decision)
        self.missing[demand] = sorted([*self.missing[demand], decision.index])
        self.field.touch(decision.node)
