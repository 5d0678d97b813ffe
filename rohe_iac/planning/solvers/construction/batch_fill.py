"""Batch fill: the replicas of a demand placed node by node, each node filled in one step.

With best fit and first fit the chosen node stays the best until nothing more fits on it, because taking a replica never
lowers its score; and nodes in the same state take the same number. So it is enough to rank the nodes once and to know,
for each state of a node, what happens as it fills up. The decisions are those of `Construction` placing replica by
replica; a property of the tests compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rohe_iac.planning.model.keys import NODE_KEY, UNLIMITED
from rohe_iac.planning.model.node_interference import joined
from rohe_iac.planning.placement.evaluation.evaluator import Evaluation, Evaluator
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex
from rohe_iac.planning.solvers.construction.decision import Decision
from rohe_iac.planning.solvers.construction.fill_sequence import FillSequence, FillSequences


class Batch(msgspec.Struct, gc=False):
    """Nodes in the same state that take the same number of replicas, one node after another.

    Attributes:
        nodes: positions of the nodes.
        state: id of the node state that all these nodes share.
        sequence: what happens to each of them as it fills up.
        taken: number of replicas that each takes.
        score: score of each before it takes any.
        runner_up: the node that comes after the last of them, -1 for none.
        runner_up_score: its score.
        fits: number of nodes that fit when the first takes its replicas; one less for every node that is full.
    """

    nodes: list[NodeIndex]
    state: int
    sequence: FillSequence
    taken: int
    score: int
    runner_up: NodeIndex
    runner_up_score: int
    fits: int


def fills_in_batches(indexed: IndexedProblem, scoring: Scoring, demand: DemandIndex) -> bool:
    """Checks whether a node only gets better for the demand until it is full, and changes no other node's score."""
    if indexed.demands[demand].slowdown:
        # Each replica slows the others down.
        return False
    if indexed.plugins or scoring.worst or scoring.dot or scoring.fragmentation or indexed.preference_total[demand]:
        return False
    return min(scoring.weights[demand]) >= 0 and indexed.alone(demand)


class BatchFill:
    """Fills nodes with the replicas of one demand: `batches` yields them in order, `book` updates the ledger.

    Attributes:
        counted: whether replicas of the demand count for those that follow, on the same node or in its domains.
    """

    def __init__(
        self,
        indexed: IndexedProblem,
        ledger: Ledger,
        scoring: Scoring,
        demand: DemandIndex,
        evaluator: Evaluator,
        evaluation: Evaluation,
    ) -> None:
        self.indexed, self.ledger, self.demand = indexed, ledger, demand
        self.evaluator, self.evaluation = evaluator, evaluation
        self.sequences = FillSequences(indexed, ledger, scoring, demand)
        self._ranked = evaluation.best_first()
        avoids_itself = (demand, NODE_KEY) in indexed.avoid[demand]
        # A node takes only one replica where each holds a host port or stays away from the others.
        self._most = 1 if avoids_itself or indexed.host_ports[demand] else UNLIMITED
        spread = indexed.demands[demand].spread
        self._node_limits = [rule.limit for rule in spread if rule.key == NODE_KEY]
        self._domains = [
            (indexed.domains[rule.key], ledger.counts[demand][rule.key], rule.limit, rule.key)
            for rule in spread
            if rule.key != NODE_KEY
        ]
        self.counted = avoids_itself or bool(spread or indexed.host_ports[demand] or indexed.numbered[demand])
        self._counts = list(ledger.counts[demand].items())
        self._filled: list[NodeIndex] = []
        self._closed: dict[str, list[int]] = {}

    def batches(self, wanted: int) -> Iterator[Batch]:
        """Yields the nodes that `wanted` replicas go to, as long as any fits.

        Every batch has to be booked before the next is asked for. A node takes all that it can, so that it is full when
        another follows.
        """
        numbered = self.indexed.numbered[self.demand]
        if numbered:
            wanted = min(wanted, self.ledger.numbers // numbered)
        if self._domains or self._node_limits:
            yield from self._node_by_node(wanted)
            return
        evaluation, most = self.evaluation, self._most
        top = next(self._ranked, None)
        while wanted and top is not None:
            score, nodes, state = top
            top = next(self._ranked, None)
            sequence = self.sequences.of(nodes[0], state)
            taken = self.sequences.takes(sequence, min(wanted, most))
            number = min(len(nodes), -(-wanted // taken))
            # The node of the last replica is a batch of its own: it may take fewer, and its refusals are recorded
            # before it is full.
            cut = number - 1 if number * taken >= wanted else number
            for start, end, each in ((0, cut, taken), (cut, number, wanted - cut * taken)):
                if start == end:
                    continue
                runner_up, runner_up_score = (NO_NODE, 0) if top is None else (top[1][0], top[0])
                if end < len(nodes):
                    runner_up, runner_up_score = nodes[end], score
                yield Batch(nodes[start:end], state, sequence, each, score, runner_up, runner_up_score, evaluation.fits)
                evaluation.fits -= end - start
                wanted -= (end - start) * each
                self._filled += nodes[start:end]

    def _node_by_node(self, wanted: int) -> Iterator[Batch]:
        """Yields batches of one node where replicas are limited by node or domain, so that a node may close others."""
        evaluation, passes, domains = self.evaluation, self.evaluation.passes, self._domains
        ranked = ((score, node, state) for score, nodes, state in self._ranked for node in nodes)
        passing = (entry for entry in ranked if passes[entry[1]]) if domains else ranked
        top = next(passing, None)
        while wanted and top is not None:
            score, node, state = top
            top = next(passing, None)
            sequence = self.sequences.of(node, state)
            taken = self.sequences.takes(sequence, min(wanted, self._room(node)))
            wanted -= taken
            runner_up, runner_up_score = (NO_NODE, 0) if top is None else (top[1], top[0])
            yield Batch([node], state, sequence, taken, score, runner_up, runner_up_score, evaluation.fits)
            if not wanted:
                return
            evaluation.fits -= 1
            self._filled.append(node)
            if domains:
                passes[node] = False
                if self._close_domains(node) and top is not None and not passes[top[1]]:
                    top = next(passing, None)

    def _room(self, node: NodeIndex) -> int:
        """Returns how many more replicas the limits by node and domain allow on a node that passes."""
        most = self._most
        if self._node_limits:
            there = self.ledger.placed[self.demand].get(node, 0)
            most = min(most, *[limit - there for limit in self._node_limits])
        for domains, counts, limit, _ in self._domains:
            most = min(most, limit - counts[domains[node]])
        return most

    def _close_domains(self, node: NodeIndex) -> bool:
        """Closes the domains of a node that are at their limit; returns whether any other node passed until now."""
        closed = 0
        for domains, counts, limit, key in self._domains:
            domain = domains[node]
            if counts[domain] >= limit:
                # A domain is recorded even if no node of it passed any more: its nodes now lack room in the domain too.
                self._closed.setdefault(key, []).append(domain)
                closed += self.evaluation.close_domain(self.indexed.domain_nodes[key][domain])
        self.evaluation.fits -= closed
        return bool(closed)

    def record_refusals(self, last: NodeIndex) -> None:
        """Records why nodes refuse the demand, just before its last replica is booked on the node `last`."""
        self.evaluator.record_refusals(self.evaluation, self._filled, self._closed, last)

    def book(self, nodes: Sequence[NodeIndex], state: int, sequence: FillSequence, start: int, taken: int) -> None:
        """Books replicas `start` to `taken` of a sequence on each of the nodes.

        Args:
            nodes: positions of the nodes.
            state: id of the state that they share, -1 where their replicas are booked in two parts.
            sequence: what happens to each of them as it fills up.
            start: number of replicas of the sequence that each has already.
            taken: number that each has afterwards.
        """
        ledger, demand, number = self.ledger, self.demand, taken - start
        (cpu, rss, vms, largest, devices, extras), cores = sequence.after[taken - 1]
        free_cpu, free_rss, free_vms, free_cores = ledger.cpu, ledger.rss, ledger.vms, ledger.cores
        free_largest, free_devices, replicas_on = ledger.sorted_cores, ledger.devices, ledger.replicas_on
        placed, crowd, crowd_of_one = ledger.placed[demand], ledger.crowd, ledger.interference.of_replica[demand]
        for node in nodes:
            free_cpu[node] = cpu
            free_rss[node] = rss
            free_vms[node] = vms
            free_cores[node] = cores
            free_largest[node] = largest
            free_devices[node] = devices
            ledger.extras[node] = extras
            replicas_on[node] += number
            if crowd_of_one:
                crowd[node] = joined(crowd[node], crowd_of_one, number)
            placed[node] = placed.get(node, 0) + number
        ledger.distances.clear()
        ledger.least_in_domains.clear()
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
        if state < 0:
            for node in nodes:
                self.evaluator.invalidate(node)
        else:
            self.evaluator.invalidate_alike(nodes, state, taken)


def batch_decisions(demand: DemandIndex, batch: Batch, indices: Sequence[int], *, explain: bool) -> list[Decision]:
    """Returns the decisions of a batch, for the replicas of these indices."""
    steps, nodes, fits = batch.sequence.steps[: batch.taken], batch.nodes, batch.fits
    left = iter(indices)
    runners_up = [(node, batch.score) for node in nodes[1:]]
    runners_up.append((batch.runner_up, batch.runner_up_score))
    decisions = []
    for node, (runner_up, runner_up_score) in zip(nodes, runners_up, strict=True):
        for (score, parts, cores, devices), index in zip(steps, left, strict=False):
            shown = parts if explain else ()
            decisions.append(
                Decision(demand, node, cores, devices, (), index, score, shown, runner_up, runner_up_score, fits)
            )
        fits -= 1
    return decisions
