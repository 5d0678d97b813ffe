"""Chains: what happens to a node as it fills up with replicas of one class; the same for all that stand alike."""

from __future__ import annotations

import msgspec

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.scoring.fixed_point import MEMORY_SHIFT
from rohe_iac.planning.placement.scoring.formulas import used_share, weighted
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.amounts import Row
from rohe_iac.planning.placement.state.device_assignment import device_step
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.node_amounts import NodeAmounts

OpenNode = tuple[NodeAmounts, Row]
"""What is free on a node, and its free cores by number."""

FillStep = tuple[int, tuple[int, ...], tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]
"""What one more replica means: points, their parts, cores and devices that it gets."""


class FillSequence(msgspec.Struct, gc=False):
    """steps: one for each replica that the node takes; after: the node's amounts once it is there.

    They are worked out as far as they are asked for; `ended`: nothing more fits.
    """

    node: int
    opened: bool
    standing: OpenNode
    steps: list[FillStep] = []
    after: list[OpenNode] = []
    ended: bool = False


class FillSequences:
    """All chains of one class, made from the ledger as nodes stand when they are asked for."""

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring, demand: int) -> None:
        self.indexed, self.ledger, self.scoring, self.demand = indexed, ledger, scoring, demand
        self.asked = indexed.resources[demand]
        self._weights = scoring.weights[demand]
        self._open_part = weighted(MILLION, self._weights.open)
        self._known: dict[tuple[object, ...], FillSequence] = {}
        self._alike: dict[int, FillSequence] = {}

    def of(self, node: int, alike: int) -> FillSequence:
        """The chain of a node as it stands. alike: the same for nodes that stand alike; -1 where that is not known."""
        ledger = self.ledger
        if alike >= 0 and (known := self._alike.get(alike)) is not None:
            return known
        kind, opened = self.indexed.node_classes.class_of[node], ledger.replicas_on[node] > 0
        standing = (ledger.free(node), ledger.cores[node])
        key = (kind, opened, standing)
        chain = self._known.get(key)
        if chain is None:
            chain = self._known[key] = FillSequence(node, opened, standing)
        if alike >= 0:
            self._alike[alike] = chain
        return chain

    def takes(self, chain: FillSequence, most: int) -> int:
        """How many replicas fit, up to `most`."""
        steps = chain.steps
        while len(steps) < most and not chain.ended:
            self._extend(chain)
        return min(most, len(steps))

    def _extend(self, chain: FillSequence) -> None:
        """Adds the next step, or ends the chain."""
        asked, ledger = self.asked, self.ledger
        amounts, cores = chain.after[-1] if chain.after else chain.standing
        if amounts.refusal(asked):
            chain.ended = True
            return
        largest, devices = amounts.cores, amounts.devices
        granted: tuple[tuple[int, int], ...] = ()
        used: tuple[tuple[int, int], ...] = ()
        if asked.devices:
            found = device_step(self.indexed, devices, chain.node, asked.devices)
            if found is None:
                chain.ended = True
                return
            used, devices = found
        if asked.cores:
            granted, cores, largest = ledger.core_step(cores, asked.cores)
        after = amounts.take(asked, largest, devices)
        parts = self._parts(chain, after.cpu, after.rss, amounts.devices)
        chain.steps.append((sum(parts), parts, granted, used))
        chain.after.append((after, cores))

    def _parts(self, chain: FillSequence, cpu: int, rss: int, devices: Row) -> tuple[int, ...]:
        """Returns the parts of the score as `Scoring.parts` has them for a replica that leaves so much cpu and rss."""
        scoring, node = self.scoring, chain.node
        if scoring.first:
            return ()
        cpu_weight, memory_weight, device_weight, _, _ = self._weights
        used_cpu = used_share(scoring.cpu_capacity[node], cpu, scoring.cpu_scale[node])
        used_rss = used_share(scoring.rss_capacity[node], rss >> MEMORY_SHIFT, scoring.rss_scale[node])
        return (
            weighted(used_cpu, cpu_weight),
            weighted(used_rss, memory_weight),
            weighted(scoring.device_score(self.demand, node, devices), device_weight) if device_weight else 0,
            self._open_part if chain.opened or chain.steps else 0,
            0,
            scoring.taint_part(self.demand, node) if scoring.any_tainted else 0,
            0,
            0,
        )
