"""Runs: the replicas of a class placed node by node, each node filled in one step.

With best fit and first fit a node that was chosen goes on being chosen until nothing more fits, for taking a replica
never lowers its points; and nodes that stand alike take alike. So a class needs the best nodes in order and, for each
way that a node stands, what happens to it as it fills up. The decisions are those of the general pass in attempt; a
property of the tests holds them against each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rohe_iac.planning.model.keys import NODE_KEY, UNLIMITED
from rohe_iac.planning.placement.evaluation.evaluator import Evaluation, Evaluator
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.solvers.construction.fill_sequence import FillSequence, FillSequences


class Batch(msgspec.Struct, gc=False):
    """Nodes that stand alike and take as many replicas each, one after another.

    alike: what stands for all that stand as they do. taken: replicas on each. second: the node that comes after the
    last of them, -1 for none, with its points. points: of each of them before it took any. fits: how many nodes fitted
    when the first took its replicas; each that is full is one less.
    """

    nodes: list[int]
    state: int
    sequence: FillSequence
    taken: int
    points: int
    second: int
    second_points: int
    fits: int


def fills_in_batches(indexed: IndexedProblem, scoring: Scoring, demand: int) -> bool:
    """Whether taking a node for the class makes it better until it is full, and touches no other node's answer."""
    if scoring.slowdowns[demand]:
        return False
    if indexed.plugins or scoring.worst or scoring.dot or scoring.fragmentation or indexed.preferences[demand]:
        return False
    return min(scoring.weights[demand]) >= 0 and indexed.alone(demand)


class BatchFill:
    """Fills nodes with one class. `fills` says which, in order; `book` tells the ledger.

    counted: where replicas of the class are matters to those that follow, on the same node and beside it.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        ledger: Ledger,
        scoring: Scoring,
        demand: int,
        field: Evaluator,
        evaluation: Evaluation,
    ) -> None:
        self.indexed, self.ledger, self.demand = indexed, ledger, demand
        self.evaluator, self.evaluation = field, evaluation
        self.sequences = FillSequences(indexed, ledger, scoring, demand)
        self._ranked = evaluation.best_first()
        own = (demand, NODE_KEY) in indexed.avoid[demand]
        # Nodes take only one where each has to keep away from the others or holds a port of the machine.
        self._most = 1 if own or indexed.host_ports[demand] else UNLIMITED
        spread = indexed.demands[demand].spread
        self._on_node = [rule.limit for rule in spread if rule.key == NODE_KEY]
        self._domains = [
            (indexed.domains[rule.key], ledger.counts[demand][rule.key], rule.limit, rule.key)
            for rule in spread
            if rule.key != NODE_KEY
        ]
        self.counted = own or bool(spread or indexed.host_ports[demand] or indexed.numbered[demand])
        self._counts = list(ledger.counts[demand].items())
        self._filled: list[int] = []
        self._shut: dict[str, list[int]] = {}

    def batches(self, wanted: int) -> Iterator[Batch]:
        """The nodes that `wanted` replicas go to, as long as any fits; each has to be booked before the next is asked.

        A node is asked for all that it takes, so that it is full when another follows.
        """
        numbered = self.indexed.numbered[self.demand]
        if numbered:
            wanted = min(wanted, self.ledger.numbers // numbered)
        if self._domains or self._on_node:
            yield from self._one_by_one(wanted)
            return
        evaluation, most = self.evaluation, self._most
        top = next(self._ranked, None)
        while wanted and top is not None:
            points, nodes, alike = top
            top = next(self._ranked, None)
            chain = self.sequences.of(nodes[0], alike)
            taken = self.sequences.takes(chain, min(wanted, most))
            number = min(len(nodes), -(-wanted // taken))
            # The last node of the class stands apart: it may take less, and what refuses is told before it is full.
            cut = number - 1 if number * taken >= wanted else number
            for start, end, each in ((0, cut, taken), (cut, number, wanted - cut * taken)):
                if start == end:
                    continue
                second, second_points = (-1, 0) if top is None else (top[1][0], top[0])
                if end < len(nodes):
                    second, second_points = nodes[end], points
                yield Batch(nodes[start:end], alike, chain, each, points, second, second_points, evaluation.fits)
                evaluation.fits -= end - start
                wanted -= (end - start) * each
                self._filled += nodes[start:end]

    def _one_by_one(self, wanted: int) -> Iterator[Batch]:
        """The same, node by node, where a node may close the others of its domain or be told how many it takes."""
        evaluation, passes, domains = self.evaluation, self.evaluation.passes, self._domains
        ranked = ((points, node, alike) for points, nodes, alike in self._ranked for node in nodes)
        passing = (one for one in ranked if passes[one[1]]) if domains else ranked
        top = next(passing, None)
        while wanted and top is not None:
            points, node, alike = top
            top = next(passing, None)
            chain = self.sequences.of(node, alike)
            taken = self.sequences.takes(chain, min(wanted, self._room(node)))
            wanted -= taken
            second, second_points = (-1, 0) if top is None else (top[1], top[0])
            yield Batch([node], alike, chain, taken, points, second, second_points, evaluation.fits)
            if not wanted:
                return
            evaluation.fits -= 1
            self._filled.append(node)
            if domains:
                passes[node] = False
                if self._close(node) and top is not None and not passes[top[1]]:
                    top = next(passing, None)

    def _room(self, node: int) -> int:
        """How many more replicas the rules about neighbours leave room for on a node that passes."""
        most = self._most
        if self._on_node:
            there = self.ledger.placed[self.demand].get(node, 0)
            most = min(most, *[limit - there for limit in self._on_node])
        for domains, counts, limit, _ in self._domains:
            most = min(most, limit - counts[domains[node]])
        return most

    def _close(self, node: int) -> bool:
        closed = 0
        for domains, counts, limit, key in self._domains:
            domain = domains[node]
            if counts[domain] >= limit:
                # Even where nothing in it passed any more: its nodes lack a place among their neighbours from now on.
                self._shut.setdefault(key, []).append(domain)
                closed += self.evaluation.close_domain(self.indexed.domain_nodes[key][domain])
        self.evaluation.fits -= closed
        return bool(closed)

    def note(self, last: int) -> None:
        """Has the field note what refuses the class as things stand, before its last replica is booked on `last`."""
        self.evaluator.record_refusals(self.evaluation, self._filled, self._shut, last)

    def book(self, nodes: Sequence[int], alike: int, chain: FillSequence, start: int, taken: int) -> None:
        """Books replicas `start` to `taken` of nodes of a fill. alike: -1 where they are booked in two parts."""
        ledger, demand, number = self.ledger, self.demand, taken - start
        (cpu, rss, vms, largest, devices), cores = chain.after[taken - 1]
        free_cpu, free_rss, free_vms, free_cores = ledger.cpu, ledger.rss, ledger.vms, ledger.cores
        free_largest, free_devices, replicas_on = ledger.sorted_cores, ledger.devices, ledger.replicas_on
        placed = ledger.placed[demand]
        for node in nodes:
            free_cpu[node] = cpu
            free_rss[node] = rss
            free_vms[node] = vms
            free_cores[node] = cores
            free_largest[node] = largest
            free_devices[node] = devices
            replicas_on[node] += number
            placed[node] = placed.get(node, 0) + number
        ledger.distances.clear()
        for key, counts in self._counts:
            domains = self.indexed.domains[key]
            for node in nodes:
                domain = domains[node]
                if domain >= 0:
                    counts[domain] += number
        ports = self.indexed.host_ports[demand]
        if ports:
            for node in nodes:
                ledger.ports[node].update(dict.fromkeys(ports, 1))
        ledger.numbers -= len(nodes) * number * self.indexed.numbered[demand]
        if alike < 0:
            for node in nodes:
                self.evaluator.invalidate(node)
        else:
            self.evaluator.invalidate_alike(nodes, alike, taken)
