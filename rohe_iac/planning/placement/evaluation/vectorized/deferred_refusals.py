"""Moments: how nodes stood when the last replica of a class was decided, kept until many are told together.

Each step over the states of nodes (see states) is short, and there is one for each rule and class: taken for some
dozens of classes at once, their columns one after another, the same steps cost a fraction. What is told is what
`shortage` tells node by node.
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
from rohe_iac.planning.placement.evaluation.vectorized.shortfalls import CODES, Asked, Columns
from rohe_iac.planning.placement.rules.shortfall import lacking
from rohe_iac.planning.placement.state.index import IndexedProblem

TOGETHER = 64
"""Moments that are told at once: enough to share the steps, few enough for the copies to be small."""

PARTS = ("cpu", "rss", "vms", "cores", "rules about kinds of nodes", "rules about neighbours")
"""What a shortfall is the sum of, beside one part for each request for devices."""


@dataclass(frozen=True, slots=True)
class BlockedNodes:
    """Nodes (a mask) that a rule about neighbours refuses, and what it says."""

    rule: str
    words: str
    nodes: Mask


@dataclass(frozen=True, slots=True)
class Snapshot:
    """last: the node that the last replica went to, which passed; -1 where all are told. nodes: as the states had them.

    members: for each column how many of its nodes are not taken; for each Taken how many are.
    """

    demand: int
    last: int
    nodes: list[list[int]]
    members: list[Numbers]
    taken: Sequence[BlockedNodes]


class DeferredRefusals:
    """Keeps moments, and tells what refuses in them. While any is kept the states must reuse no column."""

    def __init__(self, indexed: IndexedProblem, states: NodeStates, devices: DeviceArrays) -> None:
        self.indexed, self.states, self.devices = indexed, states, devices
        self._snapshots: list[Snapshot] = []
        self._collected: dict[int, Refusals] = {}

    def __len__(self) -> int:
        return len(self._snapshots)

    def add(self, demand: int, last: int = -1, taken: Sequence[BlockedNodes] = ()) -> None:
        """Remembers how the states have the nodes. last: as in Moment; no node is in two of `taken`."""
        states = self.states
        members = [states.sizes[: states.used].copy()]
        if last >= 0:
            members[0][states.state(last)] -= 1
        for one in taken:
            here = np.bincount(states.state_by_node[one.nodes], minlength=states.used)
            members[0] -= here
            members.append(here)
        self._snapshots.append(Snapshot(demand, last, states.nodes[:], members, taken))
        if len(self._snapshots) >= TOGETHER:
            self._flush()

    def collect(self) -> dict[int, Refusals]:
        """What refused in all moments kept so far, by demand; they are forgotten."""
        self._flush()
        told, self._collected = self._collected, {}
        return told

    def _flush(self) -> None:
        kept, self._snapshots = self._snapshots, []
        if not kept:
            return
        states = self.states
        rows = [(number, part) for number, moment in enumerate(kept) for part in range(len(moment.members))]
        width = states.used
        members = np.zeros((len(rows), width))
        for here, (number, part) in zip(members, rows, strict=True):
            had = kept[number].members[part]
            here[: len(had)] = had
        table, devices = states.table, states.devices
        demands = [one.demand for one in kept]
        numbers = np.arange(len(kept))[:, np.newaxis]
        asked = Asked(self.indexed, self.devices, demands)
        looked = asked.short(Columns(table, devices, numbers), exact=False)
        of = [number for number, _ in rows]
        if len(rows) > len(kept):
            codes = [CODES[kept[number].taken[part - 1].rule] if part else 0 for number, part in rows]
            looked = looked.beside(of, codes)
        # What is rounded down in the sums comes to less than a millionth for each of their parts.
        slack = len(PARTS) + max(len(self.indexed.resources[demand].devices) for demand in demands)
        row, at = looked.closest(members, CLOSEST, slack)
        some = Columns(table[:, at], devices[:, at], np.array(of, np.int64)[row])
        missing = asked.short(some).missing
        closest: list[list[tuple[int, int, int]]] = [[] for _ in kept]
        for position, lacks, column in zip(row.tolist(), missing.tolist(), at.tolist(), strict=True):
            number, part = rows[position]
            closest[number].append((lacks + MILLION if part else lacks, part, column))
        counted = looked.counted(np.array(of, np.int64)[:, np.newaxis], len(kept), members)
        for moment, by_rule, near in zip(kept, counted, closest, strict=True):
            workload = self.indexed.demands[moment.demand].workload
            self._collected[moment.demand] = Refusals(workload, by_rule, self._rejections(moment, near))
        self.states.recycle()

    def _rejections(self, moment: Snapshot, near: list[tuple[int, int, int]]) -> tuple[Rejection, ...]:
        """The closest nodes. near: columns that they are in: what they lack, the part of the moment, their number."""
        names = self.indexed.nodes
        told: list[Rejection] = []
        near.sort()
        for lacks, alike in groupby(near, itemgetter(0)):
            wanted = CLOSEST - len(told)
            found: list[tuple[int, int, int]] = []
            for _, part, column in alike:
                found += [(node, part, column) for node in _first(moment, part, column, wanted)]
            found.sort()
            before, rule, text = (-1, -1), "", ""
            for node, part, column in found[:wanted]:
                if (part, column) != before:
                    before, (rule, text) = (part, column), self._words(moment, part, column)
                told.append(Rejection(names[node].name, rule, text, lacks))
            if len(told) == CLOSEST:
                break
        return tuple(told)

    def _words(self, moment: Snapshot, part: int, column: int) -> tuple[str, str]:
        """The first rule that refuses, and all that is missing as people read it."""
        state = self.states.descriptions[column]
        short = lacking(self.indexed, moment.demand, self.indexed.node_classes.representative[state[0]], state[2:])
        if part:
            short.add(moment.taken[part - 1].rule, moment.taken[part - 1].words, MILLION)
        return short.rule, "; ".join(short.texts)


def _first(moment: Snapshot, part: int, column: int, wanted: int) -> list[int]:
    """The first nodes of a column, by name: of those that are not taken, or of those of a Taken."""
    nodes, last = moment.nodes[column], moment.last
    if part:
        inside = moment.taken[part - 1].nodes
        return list(islice((node for node in nodes if inside[node]), wanted))
    if not moment.taken:
        return [node for node in nodes[: wanted + 1] if node != last][:wanted]
    left = (node for node in nodes if node != last and not any(one.nodes[node] for one in moment.taken))
    return list(islice(left, wanted))
