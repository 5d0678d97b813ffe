"""Attempt: one pass over the queue, with every decision and the state it left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from heapq import heapify, heappop, heappush

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Proof, Refusals
from rohe_iac.planning.placement.evaluation.choice import PLAIN_LIMIT
from rohe_iac.planning.placement.evaluation.evaluator import Field, View
from rohe_iac.planning.placement.evaluation.scalar import PlainField
from rohe_iac.planning.placement.rules.filters import amounts_refusal, refusal_to_stay
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.solvers.construction.batch_fill import Fill, Run, is_run
from rohe_iac.planning.solvers.construction.custom_strategy import choose
from rohe_iac.planning.solvers.construction.decision import Decision


class Attempt:
    """Places the demands of a layout, one class after another.

    least_nodes: a bound on the nodes used that a solver has proven, 0 for none. proofs: all that it says.
    late: replicas (demand and index) that were placed when all others had had their turn.
    explain: keep score parts and refusals. runs: fill nodes in one step where that comes to the same.
    plain_limit: nodes times demands above which NumPy is used (None: default).
    """

    def __init__(
        self,
        layout: Layout,
        strategy: str,
        *,
        explain: bool = True,
        runs: bool = True,
        plain_limit: int | None = None,
    ) -> None:
        self.layout = layout
        self.strategy = strategy
        self.explain = explain
        self.runs = runs
        self.ledger = Ledger(layout)
        self.scoring = Scoring(layout, self.ledger, strategy)
        self.decisions: list[list[Decision]] = [[] for _ in layout.demands]
        self.missing: list[list[int]] = [[] for _ in layout.demands]
        self.refusals: list[Refusals | None] = [None for _ in layout.demands]
        self.least_nodes = 0
        self.proofs: tuple[Proof, ...] = ()
        self.kept: Mapping[tuple[int, int], int] = {}
        self.late: set[tuple[int, int]] = set()
        self._limit = PLAIN_LIMIT if plain_limit is None else plain_limit
        self._field: Field | None = None

    @property
    def field(self) -> Field:
        """All nodes at once; made when first needed, so that what is pinned before is seen by it."""
        if self._field is None:
            if len(self.layout.nodes) * len(self.layout.demands) > self._limit:
                from rohe_iac.planning.placement.evaluation.vectorized.evaluator import ArrayField

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
                self._note(demand)
        self._collect()
        return self

    def settle(
        self, queue: Sequence[int], grants: Mapping[tuple[int, int], Grant], kept: Mapping[tuple[int, int], int]
    ) -> Attempt:
        """Takes an assignment that a search has found; points and refusals are those of the order of the queue."""
        number = len(self.layout.nodes)
        # Of services near each other the first may go anywhere, as long as the others are still to come.
        self.ledger.pending = set(queue)
        for demand in queue:
            self.ledger.pending.discard(demand)
            indices = [index for index in range(self.layout.demands[demand].replicas) if (demand, index) in grants]
            for index in indices:
                grant = grants[demand, index]
                last = index == indices[-1]
                view = self.field.evaluate(demand, 2, explain=self.explain and last)
                others = sorted(view.heap)[:2]
                seen = [(number - 1 - (-key) % number, (-key) // number) for key in others]
                second, second_points = next(((node, one) for node, one in seen if node != grant.node), (-1, 0))
                if self.explain and last:
                    self.field.note(view)
                self.decisions[demand].append(
                    Decision.of(
                        grant, index, self.scoring.total(demand, grant.node),
                        self.scoring.parts(demand, grant.node) if self.explain else (), second, second_points,
                        max(1, view.fits), kept=kept.get((demand, index)) == grant.node, searched=True,
                    )
                )  # fmt: skip
                self.ledger.book(grant)
                self.field.touch(grant.node)
        for demand in queue:
            placed = {decision.index for decision in self.decisions[demand]}
            self.missing[demand] = [i for i in range(self.layout.demands[demand].replicas) if i not in placed]
            if self.missing[demand]:
                self._note(demand)
        self._collect()
        return self

    def retry(self, queue: Sequence[int]) -> list[tuple[int, int]]:
        """Offers what is free to those who are missing until nobody takes any; says who has a place now."""
        self.ledger.pending = set()
        found: list[tuple[int, int]] = []
        changed = True
        while changed:
            changed = False
            for demand in queue:
                indices, self.missing[demand] = self.missing[demand], []
                if indices:
                    if not self.explain:
                        self.refusals[demand] = None
                    self._place(demand, indices)
                    placed = [(demand, index) for index in indices if index not in self.missing[demand]]
                    found += placed
                    changed |= bool(placed)
        self._collect()
        self.late.update(found)
        return found

    def give_up(self, replicas: Collection[tuple[int, int]]) -> None:
        """Takes these replicas back."""
        for demand in {demand for demand, _ in replicas}:
            for decision in [one for one in self.decisions[demand] if (demand, one.index) in replicas]:
                self.drop(demand, decision)
        self.late.difference_update(replicas)

    def grants(self) -> dict[tuple[int, int], Grant]:
        """What every placed replica has, by demand and index."""
        return {(one.demand, one.index): one for decisions in self.decisions for one in decisions}

    def explain_anew(self, demand: int) -> None:
        """Tells the nodes that refuse the demand as things stand now."""
        self._note(demand)
        self._collect()

    def _note(self, demand: int) -> None:
        self.field.note(self.field.evaluate(demand, 0, explain=True))

    def _collect(self) -> None:
        for demand, refusals in self.field.noted().items():
            self.refusals[demand] = refusals

    def _pin(self, demand: int, kept: Mapping[tuple[int, int], int]) -> list[int]:
        left = []
        self.ledger.pending.discard(demand)
        for index in range(self.layout.demands[demand].replicas):
            node = kept.get((demand, index), -1)
            if node >= 0 and not refusal_to_stay(self.layout, self.ledger, demand, node):
                grant = self.ledger.take(demand, node)
                self.decisions[demand].append(Decision.of(grant, index, kept=True))
            else:
                left.append(index)
        return left

    def _place(self, demand: int, indices: Sequence[int]) -> None:
        layout = self.layout
        picky = layout.extensions.strategy is not None
        if self.runs and is_run(layout, self.scoring, demand):
            placed = self._place_run(demand, indices, self.field.look(demand, explain=self.explain))
        else:
            # The refusals told are those that the last replica meets: where it is the only one, of the same look.
            wanted = len(layout.nodes) if picky else len(indices)
            view = self.field.evaluate(demand, wanted, explain=self.explain and len(indices) == 1)
            placed = self._place_each(demand, indices, view, picky)
        if placed < len(indices):
            self.missing[demand] = list(indices[placed:])
            # What is missing is told even where nobody asked for explanations.
            self._note(demand)

    def _place_run(self, demand: int, indices: Sequence[int], view: View) -> int:
        """Places replicas node by node; says how many of them."""
        run = Run(self.layout, self.ledger, self.scoring, demand, self.field, view)
        decided, explain, done = self.decisions[demand], self.explain, 0
        for fill in run.fills(len(indices)):
            nodes, chain, taken = fill.nodes, fill.chain, fill.taken
            after = done + len(nodes) * taken
            start, alike = 0, fill.alike
            if explain and after == len(indices):
                # It is one node. What refuses the others, before the last replica is there, hangs on what is on it only
                # where neighbours count.
                if taken > 1 and run.counted:
                    start, alike = taken - 1, -1
                    run.book(nodes, alike, chain, 0, start)
                run.note(nodes[0])
            run.book(nodes, alike, chain, start, taken)
            decided += self._decisions(demand, fill, indices[done:after])
            done = after
        return done

    def _decisions(self, demand: int, fill: Fill, indices: Sequence[int]) -> list[Decision]:
        """The decisions of a fill, for the replicas of these indices."""
        steps, nodes, fits, explain = fill.chain.steps[: fill.taken], fill.nodes, fill.fits, self.explain
        left = iter(indices)
        rivals = [(node, fill.points) for node in nodes[1:]]
        rivals.append((fill.second, fill.second_points))
        decided = []
        for node, (second, second_points) in zip(nodes, rivals, strict=True):
            for (points, parts, cores, devices), index in zip(steps, left, strict=False):
                told = parts if explain else ()
                decided.append(
                    Decision(demand, node, cores, devices, (), index, points, told, second, second_points, fits)
                )
            fits -= 1
        return decided

    def _place_each(self, demand: int, indices: Sequence[int], view: View, picky: bool) -> int:
        """Places replica by replica; says how many."""
        layout, ledger, scoring, explain = self.layout, self.ledger, self.scoring, self.explain
        number, numbered = len(layout.nodes), layout.numbered[demand]
        alone = layout.alone(demand)
        domains = [rule for rule in layout.demands[demand].spread if rule.key != NODE_KEY]
        decided, last = self.decisions[demand], indices[-1]
        for position, index in enumerate(indices):
            self._fill_up(view)
            if not view.heap or numbered > ledger.numbers:
                return position
            if picky:
                top, following = choose(layout, ledger, demand, view)
            else:
                top = heappop(view.heap)
                self._fill_up(view)
                following = view.heap[0] if view.heap else None
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
                    if position:
                        self._note(demand)
                    else:
                        self.field.note(view)
            grant = ledger.take(demand, node)
            decided.append(Decision.of(grant, index, points, parts, second, second_points, view.fits))
            self.field.touch(node)
            if index == last:
                break
            if not alone:
                view = self.field.evaluate(demand, number if picky else 1, explain=False)
                continue
            # The static rules cannot change: only amounts and neighbours are asked again.
            if amounts_refusal(layout, ledger, demand, node):
                view.fits -= 1
                view.passes[node] = False
            else:
                heappush(view.heap, -(scoring.total(demand, node) * number + number - 1 - node))
            for spread in domains:
                domain = layout.domains[spread.key][node]
                if ledger.counts[demand][spread.key][domain] >= spread.limit:
                    view.fits -= self.field.close(view, layout.domain_nodes[spread.key][domain])
        return len(indices)

    def _fill_up(self, view: View) -> None:
        """Drops the nodes of closed domains from the top, and has more brought where none is left."""
        number = len(self.layout.nodes)
        while True:
            heap = view.heap
            while heap and not view.passes[number - 1 - (-heap[0]) % number]:
                heappop(heap)
            if heap or view.whole:
                return
            view.heap = self.field.refill(view)
            heapify(view.heap)

    def drop(self, demand: int, decision: Decision) -> None:
        """Takes one decision back."""
        self.ledger.release(decision)
        self.decisions[demand].remove(decision)
        self.missing[demand] = sorted([*self.missing[demand], decision.index])
        self.field.touch(decision.node)
