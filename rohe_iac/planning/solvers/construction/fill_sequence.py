"""Fill sequences: what a node gives to replicas of one demand, one after another, until nothing more fits."""

from __future__ import annotations

import msgspec

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT
from rohe_iac.planning.placement.scoring.formulas import WEIGHT_BITS, used_share, weighted
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.device_assignment import device_step
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.node_amounts import NodeAmounts
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

OpenNode = tuple[NodeAmounts, Row]
"""What is free on a node, and its free cores by number."""

FillStep = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""What one more replica gets: the total score, its parts, cores and devices."""


class FillSequence(msgspec.Struct, gc=False):
    """The steps of a node that fills up, worked out as far as they are asked for.

    Attributes:
        node: The first node that fills up in this way.
        opened: Whether a replica was there before.
        start: What was free before.
        interference: The part of the score for interference: replicas that are not sensitive leave it as it is.
        steps: One for each replica that the node takes.
        after: What is free after each step.
        ended: Whether nothing more fits after the last step.
    """

    node: NodeIndex
    opened: bool
    start: OpenNode
    interference: int
    steps: list[FillStep] = []
    after: list[OpenNode] = []
    ended: bool = False


class FillSequences:
    """The fill sequences of one demand, one for all nodes of a class with as much free."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring, demand: DemandIndex) -> None:
        self.indexed, self.ledger, self.scoring, self.demand = indexed, ledger, scoring, demand
        self.asked = indexed.resources[demand]
        self._weights = scoring.weights[demand]
        self._open_part = weighted(MILLION, self._weights.open)
        self._no_device_part = weighted(MILLION, self._weights.accelerator)
        self._by_amounts: dict[tuple[object, ...], FillSequence] = {}
        self._by_state: dict[int, FillSequence] = {}

    def of(self, node: NodeIndex, state: int) -> FillSequence:
        """Returns the sequence of a node as the ledger has it.

        Args:
            node: The node.
            state: Id of the node state that it shares with others; -1 where that is not known.
        """
        ledger = self.ledger
        if state >= 0 and (known := self._by_state.get(state)) is not None:
            return known
        opened, start = ledger.replicas_on[node] > 0, (ledger.free(node), ledger.cores[node])
        key = (self.indexed.node_classes.class_of[node], opened, start, ledger.crowd[node])
        sequence = self._by_amounts.get(key)
        if sequence is None:
            sequence = self._by_amounts[key] = FillSequence(
                node, opened, start, self.scoring.interference_part(self.demand, node)
            )
        if state >= 0:
            self._by_state[state] = sequence
        return sequence

    def takes(self, sequence: FillSequence, most: int) -> int:
        """Returns how many replicas fit, `most` at most."""
        steps = sequence.steps
        while len(steps) < most and not sequence.ended:
            self._extend(sequence)
        return min(most, len(steps))

    def _extend(self, sequence: FillSequence) -> None:
        """Adds the next step, or ends the sequence."""
        asked, ledger = self.asked, self.ledger
        amounts, cores = sequence.after[-1] if sequence.after else sequence.start
        if amounts.refusal(asked):
            sequence.ended = True
            return
        sorted_cores, devices = amounts.cores, amounts.devices
        core_uses: tuple[tuple[int, int], ...] = ()
        device_uses: tuple[tuple[int, int], ...] = ()
        if asked.devices:
            assigned = device_step(self.indexed, devices, sequence.node, asked.devices)
            if assigned is None:
                sequence.ended = True
                return
            device_uses, devices = assigned
        if asked.cores:
            core_uses, cores, sorted_cores = ledger.core_step(cores, asked.cores)
        after = amounts.take(asked, sorted_cores, devices)
        parts = self._parts(sequence, after.cpu, after.rss, amounts.devices)
        sequence.steps.append((sum(parts), parts, core_uses, device_uses))
        sequence.after.append((after, cores))

    def _parts(self, sequence: FillSequence, cpu: int, rss: int, devices: Row) -> tuple[int, ...]:
        """Returns the parts of the score as `Scoring.parts` has them for a replica that leaves so much cpu and rss."""
        scoring, node = self.scoring, sequence.node
        if scoring.first:
            return ()
        cpu_weight, memory_weight, device_weight, *_ = self._weights
        used_cpu = used_share(scoring.cpu_capacity[node], cpu, scoring.cpu_scale[node])
        used_rss = used_share(scoring.rss_capacity[node], rss >> MEMORY_SHIFT, scoring.rss_scale[node])
        if device_weight and (self.asked.devices or scoring.against_largest):
            device_part = weighted(scoring.device_score(self.demand, node, devices), device_weight)
        else:
            device_part = 0 if scoring.has_devices[node] else self._no_device_part
        return (
            (used_cpu * cpu_weight) >> WEIGHT_BITS,
            (used_rss * memory_weight) >> WEIGHT_BITS,
            device_part,
            self._open_part if sequence.opened or sequence.steps else 0,
            0,
            scoring.taint_part(self.demand, node) if scoring.any_tainted else 0,
            0,
            sequence.interference,
        )
