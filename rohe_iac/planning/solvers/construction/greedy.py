"""Attempt: one pass over the queue, with every decision and the state it left."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from heapq import heapify, heappop, heappush

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Proof, Refusals
from rohe_iac.planning.placement.evaluation.choice import evaluator_for
from rohe_iac.planning.placement.evaluation.evaluator import Evaluation, Evaluator
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.rules.filters import amounts_refusal, refusal_to_stay
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.solvers.construction.batch_fill import Batch, BatchFill, fills_in_batches
from rohe_iac.planning.solvers.construction.custom_strategy import choose
from rohe_iac.planning.solvers.construction.decision import Decision


class Construction:
    """Places the demands of a layout, one class after another.

    least_nodes: a bound on the nodes used that a solver has proven, 0 for none. proofs: all that it says.
    late: replicas (demand and index) that were placed when all others had had their turn.
    explain: keep score parts and refusals. runs: fill nodes in one step where that comes to the same.
    plain_limit: nodes times demands above which NumPy is used (None: default).
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        strategy: str,
        *,
        explain: bool = True,
        runs: bool = True,
        plain_limit: int | None = None,
    ) -> None:
        self.indexed = indexed
        self.strategy = strategy
        self.explain = explain
        self.runs = runs
        self.ledger = Ledger(indexed)
        self.scoring = Scoring(indexed, self.ledger, strategy)
        self.decisions: list[list[Decision]] = [[] for _ in indexed.demands]
        self.unplaced: list[list[int]] = [[] for _ in indexed.demands]
        self.refusals: list[Refusals | None] = [None for _ in indexed.demands]
        self.least_nodes = 0
        self.proofs: tuple[Proof, ...] = ()
        self.kept: Mapping[tuple[int, int], int] = {}
        self.late: set[tuple[int, int]] = set()
        self._limit = plain_limit
        self._evaluator: Evaluator | None = None

    @property
    def evaluator(self) -> Evaluator:
        """All nodes at once; made when first needed, so that what is pinned before is seen by it."""
        if self._evaluator is None:
            self._evaluator = evaluator_for(self.indexed, self.ledger, self.scoring, self._limit)
        return self._evaluator

    def run(self, queue: Sequence[int], kept: Mapping[tuple[int, int], int]) -> Construction:
        """Keeps what can stay (`kept`: node by demand and index), then places the rest in the order of the queue."""
        self.kept = kept
        self.ledger.pending = {demand for demand, _ in kept}
        waiting = [
            self._pin(demand, kept) if kept else range(self.indexed.demands[demand].replicas) for demand in queue
        ]
        self.ledger.pending = set(queue)
        for demand, indices in zip(queue, waiting, strict=True):
            self.ledger.pending.discard(demand)
            if indices:
                self._place(demand, indices)
            elif self.explain and self.indexed.demands[demand].replicas:
                self._record_refusals(demand)
        self._collect()
        return self

    def adopt(
        self, queue: Sequence[int], grants: Mapping[tuple[int, int], Grant], kept: Mapping[tuple[int, int], int]
    ) -> Construction:
        """Takes an assignment that a search has found; points and refusals are those of the order of the queue."""
        keys = NodeKeys(len(self.indexed.nodes))
        # Of services near each other the first may go anywhere, as long as the others are still to come.
        self.ledger.pending = set(queue)
        for demand in queue:
            self.ledger.pending.discard(demand)
            indices = [index for index in range(self.indexed.demands[demand].replicas) if (demand, index) in grants]
            for index in indices:
                grant = grants[demand, index]
                last = index == indices[-1]
                evaluation = self.evaluator.evaluate(demand, 2, explain=self.explain and last)
                seen = [keys.decode(key) for key in sorted(evaluation.heap)[:2]]
                second_points, second = next(((score, node) for score, node in seen if node != grant.node), (0, -1))
                if self.explain and last:
                    self.evaluator.record_refusals(evaluation)
                self.decisions[demand].append(
                    Decision.of(
                        grant, index, self.scoring.total(demand, grant.node),
                        self.scoring.parts(demand, grant.node) if self.explain else (), second, second_points,
                        max(1, evaluation.fits), kept=kept.get((demand, index)) == grant.node, searched=True,
                    )
                )  # fmt: skip
                self.ledger.book(grant)
                self.evaluator.invalidate(grant.node)
        for demand in queue:
            placed = {decision.index for decision in self.decisions[demand]}
            self.unplaced[demand] = [i for i in range(self.indexed.demands[demand].replicas) if i not in placed]
            if self.unplaced[demand]:
                self._record_refusals(demand)
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
                indices, self.unplaced[demand] = self.unplaced[demand], []
                if indices:
                    if not self.explain:
                        self.refusals[demand] = None
                    self._place(demand, indices)
                    placed = [(demand, index) for index in indices if index not in self.unplaced[demand]]
                    found += placed
                    changed |= bool(placed)
        self._collect()
        self.late.update(found)
        return found

    def undo(self, replicas: Collection[tuple[int, int]]) -> None:
        """Takes these replicas back."""
        for demand in {demand for demand, _ in replicas}:
            for decision in [one for one in self.decisions[demand] if (demand, one.index) in replicas]:
                self.drop(demand, decision)
        self.late.difference_update(replicas)

    def grants(self) -> dict[tuple[int, int], Grant]:
        """What every placed replica has, by demand and index."""
        return {(one.demand, one.index): one for decisions in self.decisions for one in decisions}

    def explain_again(self, demand: int) -> None:
        """Tells the nodes that refuse the demand as things stand now."""
        self._record_refusals(demand)
        self._collect()

    def _record_refusals(self, demand: int) -> None:
        self.evaluator.record_refusals(self.evaluator.evaluate(demand, 0, explain=True))

    def _collect(self) -> None:
        for demand, refusals in self.evaluator.collected_refusals().items():
            self.refusals[demand] = refusals

    def _pin(self, demand: int, kept: Mapping[tuple[int, int], int]) -> list[int]:
        left = []
        self.ledger.pending.discard(demand)
        for index in range(self.indexed.demands[demand].replicas):
            node = kept.get((demand, index), -1)
            if node >= 0 and not refusal_to_stay(self.indexed, self.ledger, demand, node):
                grant = self.ledger.take(demand, node)
                self.decisions[demand].append(Decision.of(grant, index, kept=True))
            else:
                left.append(index)
        return left

    def _place(self, demand: int, indices: Sequence[int]) -> None:
        indexed = self.indexed
        picky = indexed.plugins.strategy is not None
        if self.runs and fills_in_batches(indexed, self.scoring, demand):
            placed = self._place_run(demand, indices, self.evaluator.feasible(demand, explain=self.explain))
        else:
            # The refusals told are those that the last replica meets: where it is the only one, of the same look.
            wanted = len(indexed.nodes) if picky else len(indices)
            evaluation = self.evaluator.evaluate(demand, wanted, explain=self.explain and len(indices) == 1)
            placed = self._place_each(demand, indices, evaluation, picky)
        if placed < len(indices):
            self.unplaced[demand] = list(indices[placed:])
            # What is missing is told even where nobody asked for explanations.
            self._record_refusals(demand)

    def _place_run(self, demand: int, indices: Sequence[int], evaluation: Evaluation) -> int:
        """Places replicas node by node; says how many of them."""
        run = BatchFill(self.indexed, self.ledger, self.scoring, demand, self.evaluator, evaluation)
        decided, explain, done = self.decisions[demand], self.explain, 0
        for fill in run.batches(len(indices)):
            nodes, chain, taken = fill.nodes, fill.sequence, fill.taken
            after = done + len(nodes) * taken
            start, alike = 0, fill.state
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

    def _decisions(self, demand: int, fill: Batch, indices: Sequence[int]) -> list[Decision]:
        """The decisions of a fill, for the replicas of these indices."""
        steps, nodes, fits, explain = fill.sequence.steps[: fill.taken], fill.nodes, fill.fits, self.explain
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

    def _place_each(self, demand: int, indices: Sequence[int], evaluation: Evaluation, picky: bool) -> int:
        """Places replica by replica; says how many."""
        indexed, ledger, scoring, explain = self.indexed, self.ledger, self.scoring, self.explain
        number, numbered, keys = len(indexed.nodes), indexed.numbered[demand], NodeKeys(len(indexed.nodes))
        alone = indexed.alone(demand)
        domains = [rule for rule in indexed.demands[demand].spread if rule.key != NODE_KEY]
        decided, last = self.decisions[demand], indices[-1]
        for position, index in enumerate(indices):
            self._fill_up(evaluation)
            if not evaluation.heap or numbered > ledger.numbers:
                return position
            if picky:
                top, following = choose(indexed, ledger, demand, evaluation)
            else:
                top = heappop(evaluation.heap)
                self._fill_up(evaluation)
                following = evaluation.heap[0] if evaluation.heap else None
            points, node = keys.decode(top)
            second_points, second = (0, -1) if following is None else keys.decode(following)
            parts: tuple[int, ...] = ()
            if explain:
                parts = scoring.parts(demand, node)
                if index == last:
                    if position:
                        self._record_refusals(demand)
                    else:
                        self.evaluator.record_refusals(evaluation)
            grant = ledger.take(demand, node)
            decided.append(Decision.of(grant, index, points, parts, second, second_points, evaluation.fits))
            self.evaluator.invalidate(node)
            if index == last:
                break
            if not alone:
                evaluation = self.evaluator.evaluate(demand, number if picky else 1, explain=False)
                continue
            # The static rules cannot change: only amounts and neighbours are asked again.
            if amounts_refusal(indexed, ledger, demand, node):
                evaluation.fits -= 1
                evaluation.passes[node] = False
            else:
                heappush(evaluation.heap, keys.encode(scoring.total(demand, node), node))
            for spread in domains:
                domain = indexed.domains[spread.key][node]
                if ledger.counts[demand][spread.key][domain] >= spread.limit:
                    evaluation.fits -= evaluation.close_domain(indexed.domain_nodes[spread.key][domain])
        return len(indices)

    def _fill_up(self, evaluation: Evaluation) -> None:
        """Drops the nodes of closed domains from the top, and has more brought where none is left."""
        node_of = NodeKeys(len(self.indexed.nodes)).node_of
        while True:
            heap = evaluation.heap
            while heap and not evaluation.passes[node_of(heap[0])]:
                heappop(heap)
            if heap or evaluation.whole:
                return
            evaluation.heap = evaluation.more()
            heapify(evaluation.heap)

    def drop(self, demand: int, decision: Decision) -> None:
        """Takes one decision back."""
        self.ledger.release(decision)
        self.decisions[demand].remove(decision)
        self.unplaced[demand] = sorted([*self.unplaced[demand], decision.index])
        self.evaluator.invalidate(decision.node)
