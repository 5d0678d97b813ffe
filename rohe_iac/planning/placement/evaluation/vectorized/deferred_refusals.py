"""Deferred refusals: snapshots of the node states when a service's last replica is placed.

Refusals of up to 64 services are computed in one batch. Each step over the states is short, and there is one for each
rule and demand: taken for some dozens of demands at once, the same steps cost a fraction. The results are those of
`shortage` node by node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter

import numpy as np

from rohe_iac.planning.model.plan import Refusals, Rejection
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.evaluation.explanation import CLOSEST
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Mask, Numbers
from rohe_iac.planning.placement.evaluation.vectorized.devices import DeviceArrays
from rohe_iac.planning.placement.evaluation.vectorized.node_states import NodeStates
from rohe_iac.planning.placement.evaluation.vectorized.shortfalls import Columns, RequestArrays
from rohe_iac.planning.placement.rules.registry import CODES, FREE_AMOUNT_RULES
from rohe_iac.planning.placement.rules.shortfall import shortage_of_node
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex

BATCH = 64
"""Snapshots that are computed at once: enough to share the steps, few enough for the copies to be small."""

SUMMANDS = len(FREE_AMOUNT_RULES) - 1 + 2
"""What a shortfall is the sum of: rules about amounts, those about a node itself and those about other replicas.

Each request for devices is one more.
"""


@dataclass(frozen=True, slots=True)
class BlockedNodes:
    """Nodes (a mask) that a rule about other replicas refuses, and its words."""

    rule: str
    words: str
    nodes: Mask


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The states of nodes as one demand's refusals are due.

    A part of a snapshot is 0 for the nodes that are not blocked, else the position in `blocked`, from 1.

    Attributes:
        last: the node that the last replica took, which passed; -1 for none.
        nodes: node positions of each state, as in NodeStates.
        sizes: for each part how many of the nodes of each state are in it.
        blocked: nodes that rules about other replicas refuse; no node is in two of them.
    """

    demand: DemandIndex
    last: NodeIndex
    nodes: list[list[NodeIndex]]
    sizes: list[Numbers]
    blocked: Sequence[BlockedNodes]


class DeferredRefusals:
    """Keeps snapshots, and computes what refuses in them. While there is any, no column of the states is used again."""

    def __init__(self, indexed: IndexedProblem, states: NodeStates, devices: DeviceArrays) -> None:
        self.indexed, self.states, self.devices = indexed, states, devices
        self._snapshots: list[Snapshot] = []
        self._collected: dict[DemandIndex, Refusals] = {}

    def __len__(self) -> int:
        return len(self._snapshots)

    def add(self, demand: DemandIndex, last: NodeIndex = NO_NODE, blocked: Sequence[BlockedNodes] = ()) -> None:
        """Keeps a snapshot of the states as they are; parameters as in Snapshot."""
        states = self.states
        sizes = [states.sizes[: states.used].copy()]
        if last >= 0:
            sizes[0][states.state(last)] -= 1
        for part in blocked:
            inside = np.bincount(states.state_by_node[part.nodes], minlength=states.used)
            sizes[0] -= inside
            sizes.append(inside)
        self._snapshots.append(Snapshot(demand, last, states.nodes[:], sizes, blocked))
        if len(self._snapshots) >= BATCH:
            self._flush()

    def collect(self) -> dict[DemandIndex, Refusals]:
        """Returns the refusals of all snapshots so far, by demand, and forgets them."""
        self._flush()
        collected, self._collected = self._collected, {}
        return collected

    def _flush(self) -> None:
        """Computes the refusals of all snapshots."""
        snapshots, self._snapshots = self._snapshots, []
        if not snapshots:
            return
        states = self.states
        rows = [(number, part) for number, snapshot in enumerate(snapshots) for part in range(len(snapshot.sizes))]
        sizes = np.zeros((len(rows), states.used))
        for row, (number, part) in zip(sizes, rows, strict=True):
            # A snapshot knows nothing of states that came after it.
            known = snapshots[number].sizes[part]
            row[: len(known)] = known
        table, devices = states.table, states.devices
        demands = [snapshot.demand for snapshot in snapshots]
        numbers = np.arange(len(snapshots))[:, np.newaxis]
        requests = RequestArrays(self.indexed, self.devices, demands)
        found = requests.shortfalls(Columns(table, devices, numbers), exact=False)
        snapshot_of = [number for number, _ in rows]
        if len(rows) > len(snapshots):
            codes = [CODES[snapshots[number].blocked[part - 1].rule] if part else 0 for number, part in rows]
            found = found.beside(snapshot_of, codes)
        # What is rounded down in the sums comes to less than a millionth for each of their summands.
        slack = SUMMANDS + max(len(self.indexed.resources[demand].devices) for demand in demands)
        row_of, state_of = found.closest(sizes, CLOSEST, slack)
        near = Columns(table[:, state_of], devices[:, state_of], np.array(snapshot_of, np.int64)[row_of])
        missing = requests.shortfalls(near).missing
        closest: list[list[tuple[int, int, int]]] = [[] for _ in snapshots]
        for position, lacking, state in zip(row_of.tolist(), missing.tolist(), state_of.tolist(), strict=True):
            number, part = rows[position]
            closest[number].append((lacking + MILLION if part else lacking, part, state))
        counted = found.counted(np.array(snapshot_of, np.int64)[:, np.newaxis], len(snapshots), sizes)
        for snapshot, by_rule, candidates in zip(snapshots, counted, closest, strict=True):
            workload = self.indexed.demands[snapshot.demand].workload
            self._collected[snapshot.demand] = Refusals(workload, by_rule, self._rejections(snapshot, candidates))
        self.states.recycle()

    def _rejections(self, snapshot: Snapshot, candidates: list[tuple[int, int, int]]) -> tuple[Rejection, ...]:
        """Returns the closest nodes; candidates: shortfall, part and state of those that they are among."""
        names = self.indexed.nodes
        rejections: list[Rejection] = []
        candidates.sort()
        for lacking, group in groupby(candidates, itemgetter(0)):
            wanted = CLOSEST - len(rejections)
            found: list[tuple[NodeIndex, int, int]] = []
            for _, part, state in group:
                found += [(node, part, state) for node in _first_nodes(snapshot, part, state, wanted)]
            found.sort()
            before, rule, text = (-1, -1), "", ""
            for node, part, state in found[:wanted]:
                if (part, state) != before:
                    before, (rule, text) = (part, state), self._words(snapshot, part, state)
                rejections.append(Rejection(names[node].name, rule, text, lacking))
            if len(rejections) == CLOSEST:
                break
        return tuple(rejections)

    def _words(self, snapshot: Snapshot, part: int, state: int) -> tuple[str, str]:
        """Returns the first rule that refuses, and all that is missing as people read it."""
        description = self.states.descriptions[state]
        sample = self.indexed.node_classes.representative[description[0]]
        found = shortage_of_node(self.indexed, snapshot.demand, sample, description[3:])
        if part:
            found.add(snapshot.blocked[part - 1].rule, snapshot.blocked[part - 1].words, MILLION)
        return found.rule, "; ".join(found.texts)


def _first_nodes(snapshot: Snapshot, part: int, state: int, wanted: int) -> list[NodeIndex]:
    """Returns the first nodes of a state, by name, that are in a part of the snapshot."""
    nodes, last = snapshot.nodes[state], snapshot.last
    if part:
        inside = snapshot.blocked[part - 1].nodes
        return list(islice((node for node in nodes if inside[node]), wanted))
    if not snapshot.blocked:
        return [node for node in nodes[: wanted + 1] if node != last][:wanted]
    left = (node for node in nodes if node != last and not any(blocked.nodes[node] for blocked in snapshot.blocked))
    return list(islice(left, wanted))
