"""The evaluator on NumPy arrays, for problems of many nodes; its scores and refusals are those of the scalar one.

What depends on one node alone is worked out for states of nodes (see node_states), what depends on other replicas for
each node. NumPy is imported with this package alone, and the package only where it pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.evaluator import NOTHING_CLOSED, ClosedByKey, Evaluation
from rohe_iac.planning.placement.evaluation.explanation import CLOSEST, refusals_of
from rohe_iac.planning.placement.evaluation.node_keys import NodeKeys
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.evaluation.vectorized.deferred_refusals import BlockedNodes, DeferredRefusals
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.evaluation import (
    NEVER,
    NOT_BY_NODE,
    SPARE_ROOM,
    VectorizedEvaluation,
)
from rohe_iac.planning.placement.evaluation.vectorized.node_states import (
    NODE_CLASS,
    NONE_FREE,
    USABLE_CPU,
    NodeStates,
)
from rohe_iac.planning.placement.evaluation.vectorized.placement_masks import PlacementMasks
from rohe_iac.planning.placement.evaluation.vectorized.scores import VectorizedScores
from rohe_iac.planning.placement.evaluation.vectorized.shortfalls import Columns, RequestArrays
from rohe_iac.planning.placement.rules.devices import device_shortage
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.rules.registry import COUPLING_RULES
from rohe_iac.planning.placement.rules.resources import AMOUNT_RULES, EXTRA_RULES
from rohe_iac.planning.placement.scoring.formulas import weighted
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex

FEW = 24
"""States up to which each is evaluated alone: fewer steps than those over arrays."""

AT_ONCE = 32
"""States that are read from arrays at a time: a demand seldom needs more of the best."""


class VectorizedEvaluator:
    """The evaluator on arrays; nodes that changed get their new states before the next evaluation."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring) -> None:
        self.indexed, self.ledger, self.scoring = indexed, ledger, scoring
        self.states = NodeStates(indexed, ledger, scoring)
        self.devices = DeviceArrays(indexed)
        self.masks = PlacementMasks(indexed, ledger)
        self.scores = VectorizedScores(indexed, scoring, self.states, self.devices)
        # Node classes that pass the rules about a node itself, by the identity of their list; None: all of them.
        self._eligible: dict[int, Mask | None] = {}
        self._changed: set[NodeIndex] = set()
        self._changed_alike: dict[tuple[int, int], list[NodeIndex]] = {}
        self._deferred = DeferredRefusals(indexed, self.states, self.devices)
        # A snapshot to be taken once the nodes that were filled have their new states.
        self._due: tuple[DemandIndex, NodeIndex, list[BlockedNodes]] | None = None
        self._collected: dict[DemandIndex, Refusals] = {}

    def invalidate(self, node: NodeIndex) -> None:
        """Records that the ledger has changed on a node."""
        self._changed.add(node)

    def invalidate_alike(self, nodes: Sequence[NodeIndex], state: int, taken: int) -> None:
        """Records that nodes of one state have taken so many replicas each, as in `Evaluator`."""
        self._changed_alike.setdefault((state, taken), []).extend(nodes)

    def evaluate(self, demand: DemandIndex, wanted: int, *, explain: bool) -> VectorizedEvaluation:
        """Returns the evaluation of all nodes, as in `Evaluator`; the heap is cut."""
        evaluation, passes = self._evaluated(demand, explain=explain, by_node=True)
        if evaluation.fits and wanted:
            self._rank(demand, passes, evaluation, wanted)
        return evaluation

    def feasible(self, demand: DemandIndex, *, explain: bool) -> VectorizedEvaluation:
        """Returns the evaluation of all nodes without the heap, as in `Evaluator`."""
        domains = any(spread.key != NODE_KEY for spread in self.indexed.demands[demand].spread)
        evaluation, passes = self._evaluated(demand, explain=explain, by_node=domains)
        if evaluation.fits:
            evaluation.ranked = self._ranked_states(demand, passes)
        return evaluation

    def record_refusals(
        self,
        evaluation: Evaluation,
        filled: Sequence[NodeIndex] = (),
        closed: ClosedByKey = NOTHING_CLOSED,
        last: NodeIndex = NO_NODE,
    ) -> None:
        """Records why nodes refuse the demand, as in `Evaluator`; defers it where no other replicas count."""
        demand = evaluation.demand
        if evaluation.beside:
            if filled or closed:
                evaluation = self.evaluate(demand, 0, explain=True)
            self._collected[demand] = refusals_of(self.indexed, self.ledger, evaluation)
        elif filled or closed:
            self._due = (demand, last, self._blocked(demand, filled, closed))
        else:
            self._deferred.add(demand)

    def collected_refusals(self) -> dict[DemandIndex, Refusals]:
        """Returns what was recorded, by demand, and forgets it."""
        self._catch_up()
        collected, self._collected = {**self._collected, **self._deferred.collect()}, {}
        return collected

    def _evaluated(self, demand: DemandIndex, *, explain: bool, by_node: bool) -> tuple[VectorizedEvaluation, Mask]:
        """Returns the evaluation without scores, and the states that pass by themselves.

        Args:
            by_node: whether the nodes that pass are needed even where no other replicas count.
        """
        self._catch_up()
        states = self.states
        passes = self._passing(demand, states.table)
        fits = remaining = int(states.sizes[: states.used].dot(passes))
        filtered = bool(self.indexed.plugins.filters)
        nodes: Mask | None = passes[states.state_by_node] if by_node or filtered else None
        refused: dict[str, int] = {}
        beside = filtered
        for rule, mask in self.masks.rules(demand):
            beside = True
            nodes = passes[states.state_by_node] if nodes is None else nodes
            nodes &= mask
            fits = int(np.count_nonzero(nodes))
            if fits < remaining:
                refused[rule] = refused.get(rule, 0) + remaining - fits
            remaining = fits
        if filtered and nodes is not None:
            self._ask_filters(demand, nodes, refused)
            fits = int(np.count_nonzero(nodes))
        by_position = NOT_BY_NODE if nodes is None else nodes
        evaluation = VectorizedEvaluation(demand, [], fits, by_position, refused, beside=beside, states=states)
        if explain and beside and fits < len(self.indexed.nodes):
            self._explain(evaluation)
        return evaluation, passes

    def _catch_up(self) -> None:
        """Gives the nodes that changed their new states, and takes the snapshot that waited for it."""
        if self._changed or self._changed_alike:
            self.states.move(self._changed, self._changed_alike.values())
            self._changed, self._changed_alike = set(), {}
        if self._due is not None:
            self._deferred.add(*self._due)
            self._due = None
        if not self._deferred:
            self.states.recycle()

    def _passing(self, demand: DemandIndex, table: Numbers) -> Mask:
        """Returns the states that pass the rules about one node."""
        asked = self.indexed.resources[demand]
        if len(asked.cores) > self.states.width:
            return np.zeros(table.shape[1], np.bool_)
        amounts = [rule.asked(asked) for rule in AMOUNT_RULES]
        # A state that no node is in has less cpu than any demand asks for.
        wanted = (*[NONE_FREE if amount is None else amount for amount in amounts], *asked.cores)
        passes: Mask = np.logical_and.reduce(
            table[USABLE_CPU : USABLE_CPU + len(wanted)] >= np.array(wanted, np.int64)[:, np.newaxis]
        )
        rules = self.indexed.static_by_class(demand)
        if id(rules) not in self._eligible:
            eligible = np.array([not rule for rule in rules], np.bool_)
            self._eligible[id(rules)] = None if eligible.all() else eligible
        by_class = self._eligible[id(rules)]
        if by_class is not None:
            passes &= by_class[table[NODE_CLASS]]
        for number, rule in enumerate(EXTRA_RULES) if self.indexed.has_extras else ():
            wanted_extra = rule.asked(asked)
            if wanted_extra:
                passes &= self.states.devices[self.states.depth + number] >= wanted_extra
        if asked.devices:
            self._keep_with_devices(asked.devices, table, passes)
        return passes

    def _keep_with_devices(self, requests: Sequence[DeviceRequest], table: Numbers, passes: Mask) -> None:
        """Clears the states whose devices do not serve the requests."""
        states = passes.nonzero()[0].tolist()
        if len(states) > FEW:
            for request in requests:
                passes &= self.devices.missing(request, self.states.devices, table[NODE_CLASS]) == 0
            return
        for state in states:
            number, *_, free, _ = self.states.descriptions[state]
            sample = self.indexed.node_classes.representative[number]
            if any(any(device_shortage(self.indexed, free, sample, request)[:2]) for request in requests):
                passes[state] = False

    def _ask_filters(self, demand: DemandIndex, passes: Mask, refused: dict[str, int]) -> None:
        """Asks the plugged filters of every node that passes so far, node by node."""
        nodes = cast("list[NodeIndex]", np.flatnonzero(passes).tolist())
        for node in nodes:
            rule = plugin_refusal(self.indexed, self.ledger, demand, node)[0]
            if rule:
                passes[node] = False
                refused[rule] = refused.get(rule, 0) + 1

    def _ranked_states(self, demand: DemandIndex, passes: Mask) -> Iterable[tuple[int, int]]:
        """Returns score and state of the states that pass, of the highest score first."""
        states = passes.nonzero()[0].tolist()
        if len(states) <= FEW:
            total, nodes = self.scoring.total, self.states.nodes
            return sorted([(total(demand, nodes[state][0]), state) for state in states], reverse=True)
        scores = np.where(passes, self.scores.of(demand, self.states.table, passes), NEVER)
        order = np.argsort(-scores, kind="stable")[: len(states)]
        return _in_chunks(order, scores)

    def _rank(self, demand: DemandIndex, passes: Mask, evaluation: VectorizedEvaluation, wanted: int) -> None:
        """Fills the heap with the best nodes; passes: the states that pass by themselves."""
        indexed, state_by_node = self.indexed, self.states.state_by_node
        scores = np.where(passes, self.scores.of(demand, self.states.table, passes), NEVER)
        if indexed.preference_total[demand] or self.scoring.own_weights:
            nodes = np.flatnonzero(evaluation.passes)
            by_node = scores[state_by_node[nodes]] + self._scores_beside(demand, nodes)
            evaluation.heap = sorted(NodeKeys(len(indexed.nodes)).encode(by_node, nodes).tolist())
            return
        domains = any(spread.key != NODE_KEY for spread in indexed.demands[demand].spread)
        # Each replica of the demand fills a node at most: more nodes than that, and a runner-up, are never needed,
        # unless a domain closes.
        limit = wanted * SPARE_ROOM + 8 if domains else wanted + 2
        evaluation.scores = scores
        candidates = evaluation.passes
        if not evaluation.beside and limit < len(scores):
            # Every state that passes has a node in it: that many of the best states have enough of them.
            least = max(0, int(np.partition(scores, len(scores) - limit)[len(scores) - limit]))
            candidates = (scores >= least)[state_by_node]
            evaluation.whole = False
        evaluation.fill(np.flatnonzero(candidates), limit)

    def _scores_beside(self, demand: DemandIndex, nodes: npt.NDArray[np.intp]) -> Numbers:
        """Returns the scores of nodes for what depends on other nodes, and those of plugged scorers."""
        scoring = self.scoring
        weight = scoring.weights[demand].preferences
        scores = np.zeros(len(nodes), np.int64)
        if weight and not scoring.first:
            scores += weighted(self.masks.preference_shares(demand), weight)[nodes]
        if scoring.own_weights:
            scores += np.array([sum(scoring.own_parts(demand, node)) for node in nodes.tolist()], np.int64)
        return scores

    def _explain(self, evaluation: VectorizedEvaluation) -> None:
        """Counts what refuses where other replicas count, and finds the nodes of the smallest shortfall.

        The rules about other replicas are counted already. Of equal nodes the first by name are taken.
        """
        indexed, states, demand = self.indexed, self.states, evaluation.demand
        used = states.used
        single = np.zeros(used, np.int64)
        found = RequestArrays(indexed, self.devices, [demand]).shortfalls(Columns(states.table, states.devices, single))
        evaluation.refused.update(found.counted(single, 1, states.sizes[:used])[0])
        nodes = np.flatnonzero(~evaluation.passes)
        missing = found.missing[states.state_by_node[nodes]] + np.where(self.masks.mask(demand)[nodes], 0, MILLION)
        if indexed.plugins.filters:
            # They are asked of what lacks nothing else.
            refused = cast("list[NodeIndex]", nodes.tolist())
            for position in np.flatnonzero(missing == 0).tolist():
                if plugin_refusal(indexed, self.ledger, demand, refused[position])[0]:
                    missing[position] = MILLION
        if len(missing) > CLOSEST:
            limit = np.partition(missing, CLOSEST - 1)[CLOSEST - 1]
            nodes, missing = nodes[missing <= limit], missing[missing <= limit]
        best = np.argsort(missing, kind="stable")[:CLOSEST]
        evaluation.closest = list(zip(missing[best].tolist(), nodes[best].tolist(), strict=True))

    def _blocked(self, demand: DemandIndex, filled: Sequence[NodeIndex], closed: ClosedByKey) -> list[BlockedNodes]:
        """Returns the nodes that rules about other replicas refuse since the demand has filled nodes and domains.

        No rule refused any node because of other replicas before, so that each node goes to the first rule that counts
        replicas of the demand itself.
        """
        indexed, ledger = self.indexed, self.ledger
        found: list[BlockedNodes] = []
        apart = (demand, NODE_KEY) in indexed.avoid[demand]
        if not (apart or indexed.host_ports[demand] or indexed.demands[demand].spread):
            return found
        full, left = np.zeros(len(indexed.nodes), np.bool_), np.ones(len(indexed.nodes), np.bool_)
        full[filled] = True

        def block(rule: str, inside: Mask) -> None:
            nodes = left & inside
            if nodes.any():
                words = COUPLING_RULES[rule].words(indexed, ledger, demand, NodeIndex(int(nodes.argmax())))
                found.append(BlockedNodes(rule, words, nodes))
                left[nodes] = False

        if indexed.host_ports[demand]:
            block("ports", full)
        for spread in indexed.demands[demand].spread:
            if spread.key == NODE_KEY:
                placed = ledger.placed[demand]
                at_limit = [node for node in filled if placed.get(node, 0) >= spread.limit]
                block("spread", self.masks.inside(NODE_KEY, at_limit))
            elif spread.key in closed:
                block("spread", self.masks.inside(spread.key, closed[spread.key]))
        if apart:
            block("avoid", full)
        return found


def _in_chunks(order: npt.NDArray[np.intp], scores: Numbers) -> Iterator[tuple[int, int]]:
    """Yields score and state in the given order, read from the arrays in chunks."""
    for start in range(0, len(order), AT_ONCE):
        chunk = order[start : start + AT_ONCE]
        yield from zip(scores[chunk].tolist(), chunk.tolist(), strict=True)
