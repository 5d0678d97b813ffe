"""Construction: one pass over the services in order, with every decision and the state that it leaves."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import islice

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Gain, LeftOutGang, Proof, Refusals
from rohe_iac.planning.model.strategies import DOT_PRODUCT
from rohe_iac.planning.placement.evaluation.choice import evaluator_for
from rohe_iac.planning.placement.evaluation.evaluator import Evaluation, Evaluator
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.objective.objective import LexicographicObjective, Worth
from rohe_iac.planning.placement.rules.filters import amounts_refusal
from rohe_iac.planning.placement.rules.topology_spread import skewed
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, ReplicaIndex
from rohe_iac.planning.solvers.construction.alignment_fill import AlignmentFill, runs_to_fill
from rohe_iac.planning.solvers.construction.batch_fill import BatchFill, batch_decisions, fills_in_batches
from rohe_iac.planning.solvers.construction.custom_strategy import choose
from rohe_iac.planning.solvers.construction.decision import Decision
from rohe_iac.planning.solvers.construction.keeping import keep, keep_exactly


class Construction:
    """An assignment under construction: the demands of an indexed problem are placed one after another.

    Attributes:
        indexed: the problem.
        strategy: the strategy that scores nodes.
        explain: whether score parts and refusals are recorded.
        in_batches: whether nodes are filled in one step where that gives the same decisions.
        ledger: what is free now.
        scoring: scores of nodes.
        decisions: of every demand, one for each placed replica.
        unplaced, refusals: of every demand, the indices of the others, and why nodes refuse it, None if not recorded.
        standing: what each replica held before.
        filled: whether nodes were filled one after another, by the strategy dot-product.
        late: replicas that were placed after all others had had their turn.
        least_nodes, proofs: nodes that a solver has proven to be needed, 0 for none, and what else it has proven.
        gain: what replicas that could stay move for.
        left_out: pipelines that are placed whole or not at all, and are not placed.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        strategy: str,
        *,
        explain: bool = True,
        in_batches: bool = True,
        fills_nodes: bool = True,
        scalar_limit: int | None = None,
    ) -> None:
        """Starts with nothing placed.

        Args:
            indexed: the problem.
            strategy: the strategy that scores nodes.
            explain: whether score parts and refusals are recorded.
            in_batches: whether nodes are filled in one step where that gives the same decisions.
            fills_nodes: whether the strategy dot-product fills node after node, and not replica after replica.
            scalar_limit: nodes times demands up to which nodes are evaluated without NumPy; None for the default.
        """
        self.indexed = indexed
        self.strategy = strategy
        self.explain = explain
        self.in_batches = in_batches
        self._fills_nodes = fills_nodes and strategy == DOT_PRODUCT and indexed.plugins.strategy is None
        self.ledger = Ledger(indexed)
        self.scoring = Scoring(indexed, self.ledger, strategy)
        self.decisions: list[list[Decision]] = [[] for _ in indexed.demands]
        self.unplaced: list[list[int]] = [[] for _ in indexed.demands]
        self.refusals: list[Refusals | None] = [None for _ in indexed.demands]
        self.standing: Mapping[ReplicaIndex, Grant] = {}
        self.filled = False
        self.late: set[ReplicaIndex] = set()
        self.brought_near: set[ReplicaIndex] = set()
        self.least_nodes = 0
        self.proofs: tuple[Proof, ...] = ()
        self.gain: Gain | None = None
        self.left_out: tuple[LeftOutGang, ...] = ()
        self._scalar_limit = scalar_limit
        self._evaluator: Evaluator | None = None

    @property
    def evaluator(self) -> Evaluator:
        """Evaluates all nodes for a demand; made when first needed, so that it starts with the kept replicas."""
        if self._evaluator is None:
            self._evaluator = evaluator_for(self.indexed, self.ledger, self.scoring, self._scalar_limit)
        return self._evaluator

    def run(self, queue: Sequence[DemandIndex], standing: Mapping[ReplicaIndex, Grant]) -> Construction:
        """Keeps the replicas that can stay on their node, places the others in order, and returns this construction.

        Args:
            queue: the demands in service order.
            standing: what each replica held before.
        """
        self.standing = standing
        self.decisions, waiting = keep(self.indexed, self.ledger, queue, standing)
        self.ledger.pending = set(queue)
        for fills, run in runs_to_fill(self.indexed, queue, waiting) if self._fills_nodes else [(False, queue)]:
            if fills:
                self.ledger.pending.difference_update(run)
                self._fill(run, waiting)
                self.filled = True
                continue
            for demand in run:
                self.ledger.pending.discard(demand)
                if waiting[demand]:
                    self._place(demand, waiting[demand])
                elif self.explain and self.indexed.demands[demand].replicas:
                    self._record_refusals(demand)
        self._collect_refusals()
        return self

    def stand(self, queue: Sequence[DemandIndex], standing: Mapping[ReplicaIndex, Grant]) -> Construction:
        """Gives every replica exactly what it held before and the others nothing, and returns this construction.

        Args:
            queue: the demands in service order.
            standing: what each replica held, which all fits together.
        """
        self.standing = standing
        self.decisions, waiting = keep_exactly(self.indexed, self.ledger, queue, standing)
        for demand in queue:
            self.unplaced[demand] = list(waiting[demand])
        for demand in queue:
            if self.unplaced[demand] or (self.explain and self.indexed.demands[demand].replicas):
                self._record_refusals(demand)
        self._collect_refusals()
        return self

    def adopt(
        self,
        queue: Sequence[DemandIndex],
        grants: Mapping[ReplicaIndex, Grant],
        standing: Mapping[ReplicaIndex, Grant],
    ) -> Construction:
        """Takes over an assignment that a search has found, and returns this construction.

        Scores and refusals are those that the replicas would meet if they were placed in service order.

        Args:
            queue: the demands in service order.
            grants: what every placed replica gets.
            standing: what each replica held before.
        """
        keys = NodeKeys(len(self.indexed.nodes))
        # The first of services that have to be near each other may be anywhere as long as the others are pending.
        self.ledger.pending = set(queue)
        for demand in queue:
            self.ledger.pending.discard(demand)
            indices = [index for index in self.indexed.demands[demand].replica_indices if (demand, index) in grants]
            for index in indices:
                grant, stood = grants[demand, index], standing.get((demand, index))
                last = index == indices[-1]
                evaluation = self.evaluator.evaluate(demand, 2, explain=self.explain and last)
                best = [keys.decode(key) for key in sorted(evaluation.heap)[:2]]
                runner_up_score, runner_up = next(
                    ((score, node) for score, node in best if node != grant.node), (0, NO_NODE)
                )
                # In this order of replicas the node may be too full beside other domains for a moment, or too far from
                # services that come later. It counts beside the node that would have been next in any case.
                early = skewed(self.indexed, self.ledger, demand, grant.node)
                if self.explain and last:
                    self.evaluator.record_refusals(evaluation)
                self.decisions[demand].append(
                    Decision.of(
                        grant, index, self.scoring.total(demand, grant.node),
                        self.scoring.parts(demand, grant.node) if self.explain else (), runner_up, runner_up_score,
                        max(1 + (runner_up >= 0), evaluation.fits + early),
                        kept=stood is not None and stood.node == grant.node, searched=True,
                    )
                )  # fmt: skip
                self.ledger.book(grant)
                self.evaluator.invalidate(grant.node)
        for demand in queue:
            placed = {decision.index for decision in self.decisions[demand]}
            wanted = self.indexed.demands[demand].replica_indices
            self.unplaced[demand] = [index for index in wanted if index not in placed]
            if self.unplaced[demand]:
                self._record_refusals(demand)
        self._collect_refusals()
        return self

    def retry(self, queue: Sequence[DemandIndex]) -> list[ReplicaIndex]:
        """Tries the unplaced replicas again and again until none fits, and returns those that are placed now."""
        self.ledger.pending = set()
        retried: list[ReplicaIndex] = []
        before = -1
        while before < len(retried):
            before = len(retried)
            for demand in queue:
                indices, self.unplaced[demand] = self.unplaced[demand], []
                if indices:
                    if not self.explain:
                        self.refusals[demand] = None
                    self._place(demand, indices)
                    retried += [(demand, index) for index in indices if index not in self.unplaced[demand]]
        self._collect_refusals()
        self.late.update(retried)
        return retried

    def extend(self, queue: Sequence[DemandIndex]) -> None:
        """Places the unplaced replicas of these demands, in service order, beside all others as far as they fit."""
        self.ledger.pending = set(queue)
        missing = {demand: self.unplaced[demand] for demand in queue}
        for demand in queue:
            self.ledger.pending.discard(demand)
            self.unplaced[demand] = []
            if missing[demand]:
                self._place(demand, missing[demand])
        self.late.update((demand, decision.index) for demand in queue for decision in self.decisions[demand])
        self.retry(queue)

    def undo(self, replicas: Collection[ReplicaIndex]) -> None:
        """Drops replicas that `retry` has placed."""
        for demand in {demand for demand, _ in replicas}:
            for decision in [decision for decision in self.decisions[demand] if (demand, decision.index) in replicas]:
                self.drop(demand, decision)
        self.late.difference_update(replicas)

    def drop(self, demand: DemandIndex, decision: Decision) -> None:
        """Gives back what one replica holds, and leaves it unplaced."""
        self.ledger.release(decision)
        self.decisions[demand].remove(decision)
        self.unplaced[demand] = sorted([*self.unplaced[demand], decision.index])
        self.evaluator.invalidate(decision.node)

    def grants(self) -> dict[ReplicaIndex, Grant]:
        """Returns what every placed replica holds."""
        return {(decision.demand, decision.index): decision for decisions in self.decisions for decision in decisions}

    def worth(self, objective: LexicographicObjective) -> Worth:
        """Returns the value of the placed replicas by every term of an objective."""
        return objective.worth((replica, grant.node) for replica, grant in self.grants().items())

    def explain_again(self, demand: DemandIndex) -> None:
        """Records why nodes refuse the demand in the state of now."""
        self._record_refusals(demand)
        self._collect_refusals()

    def _record_refusals(self, demand: DemandIndex) -> None:
        """Records why nodes refuse the demand; the evaluator may compute that later."""
        self.evaluator.record_refusals(self.evaluator.evaluate(demand, 0, explain=True))

    def _collect_refusals(self) -> None:
        """Stores all refusals that were recorded."""
        for demand, refusals in self.evaluator.collected_refusals().items():
            self.refusals[demand] = refusals

    def _place(self, demand: DemandIndex, indices: Sequence[int]) -> None:
        """Places as many replicas of a demand as fit, by index; the others are unplaced."""
        indexed, custom = self.indexed, self.indexed.plugins.strategy is not None
        if self.in_batches and fills_in_batches(indexed, self.scoring, demand):
            placed = self._place_in_batches(demand, indices, self.evaluator.feasible(demand, explain=self.explain))
        else:
            # Refusals are those that the last replica meets: of a single replica, those of this evaluation.
            wanted = len(indexed.nodes) if custom else len(indices)
            evaluation = self.evaluator.evaluate(demand, wanted, explain=self.explain and len(indices) == 1)
            placed = self._place_one_by_one(demand, indices, evaluation, custom)
        if placed < len(indices):
            self.unplaced[demand] = list(indices[placed:])
            # Why replicas are unplaced is recorded even without `explain`.
            self._record_refusals(demand)

    def _fill(self, run: Sequence[DemandIndex], waiting: Mapping[DemandIndex, Sequence[int]]) -> None:
        """Places the replicas of a run that wait, node after node, by the dot product of requests and room."""
        left = {demand: iter(waiting[demand]) for demand in run if waiting[demand]}
        fill = AlignmentFill(self.indexed, self.ledger, self.scoring, {key: len(waiting[key]) for key in left})
        for kept in run if self.explain else ():
            if kept not in left and self.indexed.demands[kept].replicas:
                self._record_refusals(kept)
        while (demand := fill.next()) is not None:
            evaluation = self.evaluator.evaluate(demand, 1, explain=self.explain and fill.waiting[demand] == 1)
            indices = list(islice(left[demand], 1)) if evaluation.heap else []
            if not indices or not self._place_one_by_one(demand, indices, evaluation, custom=False):
                fill.refused(demand)
                self.unplaced[demand] = [*indices, *left[demand]]
                self._record_refusals(demand)
            else:
                fill.placed(demand, self.decisions[demand][-1].node)

    def _place_in_batches(self, demand: DemandIndex, indices: Sequence[int], evaluation: Evaluation) -> int:
        """Places replicas node by node, each node filled in one step, and returns how many are placed."""
        fill = BatchFill(self.indexed, self.ledger, self.scoring, demand, self.evaluator, evaluation)
        decisions, explain, placed = self.decisions[demand], self.explain, 0
        for batch in fill.batches(len(indices)):
            nodes, sequence, taken = batch.nodes, batch.sequence, batch.taken
            placed_after = placed + len(nodes) * taken
            start, state = 0, batch.state
            if explain and placed_after == len(indices):
                # The last batch is one node. Refusals are those before its last replica, and depend on its other
                # replicas only where replicas of the demand are counted: then those are booked first.
                if taken > 1 and fill.counted:
                    start, state = taken - 1, -1
                    fill.book(nodes, state, sequence, 0, start)
                fill.record_refusals(nodes[0])
            fill.book(nodes, state, sequence, start, taken)
            decisions += batch_decisions(demand, batch, indices[placed:placed_after], explain=explain)
            placed = placed_after
        return placed

    def _place_one_by_one(
        self, demand: DemandIndex, indices: Sequence[int], evaluation: Evaluation, custom: bool
    ) -> int:
        """Places replica by replica and returns how many are placed; `custom`: a plugged-in strategy picks nodes."""
        indexed, ledger, scoring, explain = self.indexed, self.ledger, self.scoring, self.explain
        number, numbered, keys = len(indexed.nodes), indexed.numbered[demand], NodeKeys(len(indexed.nodes))
        domains = [rule for rule in indexed.demands[demand].spread if rule.key != NODE_KEY]
        decisions, last, alone = self.decisions[demand], indices[-1], indexed.alone(demand)
        for position, index in enumerate(indices):
            self._refill(evaluation)
            if not evaluation.heap or numbered > ledger.numbers:
                return position
            if custom:
                top, following = choose(indexed, ledger, demand, evaluation)
            else:
                top = heappop(evaluation.heap)
                self._refill(evaluation)
                following = evaluation.heap[0] if evaluation.heap else None
            score, node = keys.decode(top)
            runner_up_score, runner_up = (0, NO_NODE) if following is None else keys.decode(following)
            parts: tuple[int, ...] = ()
            if explain:
                parts = scoring.parts(demand, node)
                if index == last:
                    if position:
                        self._record_refusals(demand)
                    else:
                        self.evaluator.record_refusals(evaluation)
            grant = ledger.take(demand, node)
            decisions.append(Decision.of(grant, index, score, parts, runner_up, runner_up_score, evaluation.fits))
            self.evaluator.invalidate(node)
            if index == last:
                break
            if not alone:
                evaluation = self.evaluator.evaluate(demand, number if custom else 1, explain=False)
                continue
            # Only amounts and the limits of domains can have changed.
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

    def _refill(self, evaluation: Evaluation) -> None:
        """Removes nodes of closed domains from the top of the heap, and adds further nodes where none is left."""
        node_of = NodeKeys(len(self.indexed.nodes)).node_of
        while True:
            heap = evaluation.heap
            while heap and not evaluation.passes[node_of(heap[0])]:
                heappop(heap)
            if heap or evaluation.whole:
                return
            evaluation.heap = evaluation.more()
            heapify(evaluation.heap)
