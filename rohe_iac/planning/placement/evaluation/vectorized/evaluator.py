"""Matrices: the field as NumPy arrays, for problems of many nodes; the same points and refusals as the plain field.

What is asked of a node alone is worked out for the states that nodes are in (see states), what depends on the others
for each node. NumPy is imported with this file and those that it takes its arrays from, and they only where it pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import groupby, repeat
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.model.demand import DeviceRequest
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Refusals
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.evaluator import NOTHING_SHUT, Evaluation, Ranked, Shut
from rohe_iac.planning.placement.evaluation.explanation import CLOSEST, refusals_of
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.evaluation.vectorized.deferred_refusals import BlockedNodes, DeferredRefusals
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import KIND, LEFT, NOBODY, NodeStates
from rohe_iac.planning.placement.evaluation.vectorized.placement_masks import PlacementMasks
from rohe_iac.planning.placement.evaluation.vectorized.scores import VectorizedScores
from rohe_iac.planning.placement.evaluation.vectorized.shortfalls import Columns, shortfalls
from rohe_iac.planning.placement.rules.device_shortfall import device_missing
from rohe_iac.planning.placement.rules.messages import placement_words
from rohe_iac.planning.placement.rules.plugged import plugin_refusal
from rohe_iac.planning.placement.scoring.formulas import weighted
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

NEVER = -1
"""Points of a state that does not pass; all others have none or more."""

FEW = 24
"""States up to which each is asked alone: fewer steps than those over arrays."""

AT_ONCE = 32
"""States that are brought from arrays at a time: a class seldom sees more of the best."""

SPARE_ROOM = 4
"""How many times the nodes that replicas need are looked at first where domains may close."""


class VectorizedEvaluator:
    """The field on arrays; nodes that were touched are looked at anew before the next evaluation."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring) -> None:
        self.indexed, self.ledger, self.scoring = indexed, ledger, scoring
        self.states = NodeStates(indexed, ledger, scoring)
        self.devices = DeviceArrays(indexed)
        self.masks = PlacementMasks(indexed, ledger)
        self.scores = VectorizedScores(indexed, scoring, self.states, self.devices)
        self._behind = np.arange(len(indexed.nodes) - 1, -1, -1, dtype=np.int64)
        self._clear: dict[int, Mask | None] = {}
        self._touched: set[int] = set()
        self._alike: dict[tuple[int, int], list[int]] = {}
        self._deferred = DeferredRefusals(indexed, self.states, self.devices)
        # A moment that is to be kept once the nodes that were filled have their new states.
        self._due: tuple[int, int, list[BlockedNodes]] | None = None
        self._noted: dict[int, Refusals] = {}

    def invalidate(self, node: int) -> None:
        """See Field."""
        self._touched.add(node)

    def invalidate_alike(self, nodes: Sequence[int], alike: int, taken: int) -> None:
        """See Field."""
        self._alike.setdefault((alike, taken), []).extend(nodes)

    def evaluate(self, demand: int, wanted: int, *, explain: bool) -> Evaluation:
        """See Field."""
        evaluation, passes = self._seen(demand, explain=explain, by_node=True)
        if evaluation.fits and wanted:
            self._rank(demand, passes, evaluation, wanted)
        return evaluation

    def feasible(self, demand: int, *, explain: bool) -> Evaluation:
        """See Field."""
        domains = any(rule.key != NODE_KEY for rule in self.indexed.demands[demand].spread)
        evaluation, passes = self._seen(demand, explain=explain, by_node=domains)
        if evaluation.fits:
            evaluation.known = self._rated(demand, passes)
        return evaluation

    def best_first(self, evaluation: Evaluation) -> Iterator[Ranked]:
        """See Field."""
        if not evaluation.fits:
            return
        nodes, passes = self.states.nodes, evaluation.passes if evaluation.beside else None
        columns: list[int] = []
        best = NEVER
        for points, column in evaluation.known:
            if points != best and columns:
                yield from _merged(columns, best, nodes, passes)
                columns = []
            best = points
            columns.append(column)
        yield from _merged(columns, best, nodes, passes)

    def _rated(self, demand: int, passes: Mask) -> Iterable[tuple[int, int]]:
        """The states that pass, of most points first, with their points."""
        columns = passes.nonzero()[0].tolist()
        if len(columns) <= FEW:
            total, nodes = self.scoring.total, self.states.nodes
            return sorted([(total(demand, nodes[column][0]), column) for column in columns], reverse=True)
        points = np.where(passes, self.scores.of(demand, self.states.table, passes), NEVER)
        order = np.argsort(-points, kind="stable")[: len(columns)]
        return _at_once(order, points)

    def _seen(self, demand: int, *, explain: bool, by_node: bool) -> tuple[Evaluation, Mask]:
        """What passes, and the states that pass by themselves.

        by_node: the view tells which nodes pass even where neighbours do not count.
        """
        self._catch_up()
        states = self.states
        members = states.sizes[: states.used]
        passes = self._passing(demand, states.table)
        fits = standing = int(members.dot(passes))
        open_to: Mask | None = passes[states.state_by_node] if by_node or self.indexed.plugins.filters else None
        refused: dict[str, int] = {}
        beside = bool(self.indexed.plugins.filters)
        for rule, mask in self.masks.rules(demand):
            beside = True
            open_to = passes[states.state_by_node] if open_to is None else open_to
            open_to &= mask
            fits = int(np.count_nonzero(open_to))
            if fits < standing:
                refused[rule] = refused.get(rule, 0) + standing - fits
            standing = fits
        if self.indexed.plugins.filters and open_to is not None:
            self._ask_own(demand, open_to, refused)
            fits = int(np.count_nonzero(open_to))
        evaluation = Evaluation(demand, [], fits, open_to, refused, beside=beside)
        if explain and beside and fits < len(self.indexed.nodes):
            self._explain(evaluation)
        return evaluation, passes

    def _catch_up(self) -> None:
        """Gives the nodes that were touched their new states."""
        if self._touched or self._alike:
            self.states.move(self._touched, self._alike.values())
            self._touched, self._alike = set(), {}
        if self._due is not None:
            self._deferred.add(*self._due)
            self._due = None
        if not self._deferred:
            self.states.recycle()

    def _ask_own(self, demand: int, passes: Mask, refused: dict[str, int]) -> None:
        """Asks the plugged filters of every node that passes so far, node by node."""
        for node in np.flatnonzero(passes).tolist():
            rule = plugin_refusal(self.indexed, self.ledger, demand, node)[0]
            if rule:
                passes[node] = False
                refused[rule] = refused.get(rule, 0) + 1

    def close_domain(self, evaluation: Evaluation, nodes: Sequence[int]) -> int:
        """See Field."""
        number = int(np.count_nonzero(evaluation.passes[nodes]))
        evaluation.passes[nodes] = False
        return number

    def _rank(self, demand: int, passes: Mask, evaluation: Evaluation, wanted: int) -> None:
        """Fills the heap with the best nodes."""
        indexed, scoring, of = self.indexed, self.scoring, self.states.state_by_node
        table = self.states.table
        number = len(indexed.nodes)
        points = np.where(passes, self.scores.of(demand, table, passes), NEVER)
        if indexed.preferences[demand] or scoring.own_weights:
            passing = np.flatnonzero(evaluation.passes)
            keys = -((points[of] + self._points_beside(demand, passing)) * number + self._behind)
            evaluation.heap = sorted(keys[passing].tolist())
            return
        domains = any(rule.key != "node" for rule in indexed.demands[demand].spread)
        # What is placed of the class fills a node each: more than that, and one to come second, is never seen, unless
        # a domain closes.
        most = wanted * SPARE_ROOM + 8 if domains else wanted + 2
        evaluation.known = (points, -1, most)
        candidates = evaluation.passes
        if not evaluation.beside and most < len(points):
            # Every state that passes has a node in it: that many of the best states have enough of them.
            least = max(0, int(np.partition(points, len(points) - most)[len(points) - most]))
            candidates = (points >= least)[of]
            evaluation.whole = False
        evaluation.heap = self._keys(evaluation, np.flatnonzero(candidates))

    def _keys(self, evaluation: Evaluation, nodes: npt.NDArray[np.intp]) -> list[int]:
        """The best of the nodes as entries, sorted; the view knows whether there are more."""
        points, _, most = evaluation.known
        keys = -(points[self.states.state_by_node[nodes]] * len(self._behind) + self._behind[nodes])
        if len(keys) > most:
            keys = np.partition(keys, most - 1)[:most]
            evaluation.whole = False
        keys.sort()
        found: list[int] = keys.tolist()
        evaluation.known = (points, found[-1] if found else 0, most)
        return found

    def more(self, evaluation: Evaluation) -> list[int]:
        """See Field."""
        points, last, most = evaluation.known
        nodes = np.flatnonzero(evaluation.passes)
        keys = -(points[self.states.state_by_node[nodes]] * len(self._behind) + self._behind[nodes])
        evaluation.known = (points, last, most * SPARE_ROOM)
        evaluation.whole = True
        return self._keys(evaluation, nodes[keys > last])

    def _passing(self, demand: int, table: Numbers) -> Mask:
        """The states that pass by themselves."""
        asked = self.indexed.resources[demand]
        if len(asked.cores) > self.states.width:
            return np.zeros(table.shape[1], np.bool_)
        # What stands for no node has less cpu than anybody asks for.
        wanted = (asked.cpu, asked.rss, NOBODY if asked.vms is None else asked.vms, *asked.cores)
        passes: Mask = np.logical_and.reduce(
            table[LEFT : LEFT + len(wanted)] >= np.array(wanted, np.int64)[:, np.newaxis]
        )
        rules = self.indexed.static_by_class(demand)
        if id(rules) not in self._clear:
            clear = np.array([not rule for rule in rules], np.bool_)
            self._clear[id(rules)] = None if clear.all() else clear
        of_kind = self._clear[id(rules)]
        if of_kind is not None:
            passes &= of_kind[table[KIND]]
        if asked.devices:
            self._ask_for_devices(asked.devices, table, passes)
        return passes

    def _ask_for_devices(self, requests: Sequence[DeviceRequest], table: Numbers, passes: Mask) -> None:
        """Leaves the states whose devices serve the requests."""
        columns = passes.nonzero()[0].tolist()
        if len(columns) > FEW:
            for request in requests:
                passes &= self.devices.missing(request, self.states.devices, table[KIND]) == 0
            return
        for column in columns:
            kind, *_, free = self.states.descriptions[column]
            example = self.indexed.node_classes.representative[kind]
            if any(device_missing(self.indexed, free, example, request) for request in requests):
                passes[column] = False

    def _points_beside(self, demand: int, nodes: npt.NDArray[np.intp]) -> Numbers:
        """Points of nodes for what depends on other nodes, and of plugged scorers; 0 for nodes that are not asked."""
        scoring = self.scoring
        wishes = scoring.weights[demand][4]
        points = np.zeros(len(self.indexed.nodes), np.int64)
        if wishes and not scoring.first:
            held = self.masks.wishes(demand)
            points += weighted(held, wishes)
        if scoring.own_weights:
            points[nodes] += np.array([sum(scoring.own_parts(demand, node)) for node in nodes.tolist()], np.int64)
        return points

    def _explain(self, evaluation: Evaluation) -> None:
        """Counts what refuses where neighbours count, and finds the nodes of the smallest shortfall.

        The rules about neighbours are counted already. Of equal nodes the first by name are told.
        """
        indexed, states, demand = self.indexed, self.states, evaluation.demand
        used = states.used
        none = np.zeros(used, np.int64)
        columns = Columns(states.table, states.devices, none)
        looked = shortfalls(indexed, self.devices, [demand], columns)
        evaluation.refused.update(looked.counted(none, 1, states.sizes[:used])[0])
        nodes = np.flatnonzero(~evaluation.passes)
        mine = looked.missing[states.state_by_node[nodes]] + np.where(self.masks.mask(demand)[nodes], 0, MILLION)
        if indexed.plugins.filters:
            # They are asked of what lacks nothing else.
            for position in np.flatnonzero(mine == 0).tolist():
                if plugin_refusal(indexed, self.ledger, demand, int(nodes[position]))[0]:
                    mine[position] = MILLION
        if len(mine) > CLOSEST:
            limit = np.partition(mine, CLOSEST - 1)[CLOSEST - 1]
            nodes, mine = nodes[mine <= limit], mine[mine <= limit]
        best = np.argsort(mine, kind="stable")[:CLOSEST]
        evaluation.closest = list(zip(mine[best].tolist(), nodes[best].tolist(), strict=True))

    def record_refusals(
        self, evaluation: Evaluation, filled: Sequence[int] = (), shut: Shut = NOTHING_SHUT, last: int = -1
    ) -> None:
        """See Field."""
        demand = evaluation.demand
        if evaluation.beside:
            if filled or shut:
                evaluation = self.evaluate(demand, 0, explain=True)
            self._noted[demand] = refusals_of(self.indexed, self.ledger, evaluation)
        elif filled or shut:
            self._due = (demand, last, self._taken(demand, filled, shut))
        else:
            self._deferred.add(demand)

    def _taken(self, demand: int, filled: Sequence[int], shut: Shut) -> list[BlockedNodes]:
        """The nodes that rules about neighbours refuse since the class has filled some and shut domains.

        Nobody stood in anybody's way before, so that each node is told by the first rule that asks about its own kind.
        """
        indexed, ledger = self.indexed, self.ledger
        found: list[BlockedNodes] = []
        apart = (demand, NODE_KEY) in indexed.avoid[demand]
        if not (apart or indexed.host_ports[demand] or indexed.demands[demand].spread):
            return found
        full, left = np.zeros(len(indexed.nodes), np.bool_), np.ones(len(indexed.nodes), np.bool_)
        full[filled] = True

        def take(rule: str, inside: Mask) -> None:
            mine = left & inside
            if mine.any():
                found.append(
                    BlockedNodes(rule, placement_words(indexed, ledger, demand, int(mine.argmax()), rule), mine)
                )
                left[mine] = False

        if indexed.host_ports[demand]:
            take("ports", full)
        for rule in indexed.demands[demand].spread:
            if rule.key == NODE_KEY:
                placed = ledger.placed[demand]
                there = [node for node in filled if placed.get(node, 0) >= rule.limit]
                take("spread", self.masks.inside(NODE_KEY, there))
            elif rule.key in shut:
                take("spread", self.masks.inside(rule.key, shut[rule.key]))
        if apart:
            take("avoid", full)
        return found

    def collected_refusals(self) -> dict[int, Refusals]:
        """See Field."""
        self._catch_up()
        noted, self._noted = {**self._noted, **self._deferred.collect()}, {}
        return noted


def _at_once(order: npt.NDArray[np.intp], points: Numbers) -> Iterator[tuple[int, int]]:
    for start in range(0, len(order), AT_ONCE):
        some = order[start : start + AT_ONCE]
        yield from zip(points[some].tolist(), some.tolist(), strict=True)


def _merged(columns: list[int], points: int, nodes: list[list[int]], passes: Mask | None) -> Iterator[Ranked]:
    """The nodes of states of equal points, by name; only those that pass, where that is told."""
    if len(columns) == 1:
        (column,) = columns
        some = nodes[column] if passes is None else [node for node in nodes[column] if passes[node]]
        if some:
            yield points, some, column
        return
    for column, group in groupby(merge(*[zip(nodes[column], repeat(column)) for column in columns]), itemgetter(1)):
        some = [node for node, _ in group if passes is None or passes[node]]
        if some:
            yield points, some, column
