"""Moments: how nodes stood when the last replica of a class was decided, kept until many are told together.

Each step over the states of nodes (see states) is short, and there is one for each rule and class: taken for some
dozens of classes at once, their columns one after another, the same steps cost a fraction. What is told is what
`shortage` tells node by node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rohe_iac.planning.devices import DeviceArrays
from rohe_iac.planning.feasibility import lacking
from rohe_iac.planning.field import CLOSEST, Filled
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Free
from rohe_iac.planning.plan import Refusals, Rejection
from rohe_iac.planning.shortfalls import CODES, MILLION, Columns, shortfalls
from rohe_iac.planning.states import State, States

Numbers = npt.NDArray[np.int64]

TOGETHER = 32
"""Moments that are told at once: enough to share the steps, few enough for the copies to be small."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Nodes that a rule about neighbours refuses since, and what it says."""

    rule: str
    words: str
    nodes: npt.NDArray[np.intp]


@dataclass(slots=True)
class Moment:
    """table, devices, states, nodes: as the states had them. members: nodes of each column that are not taken.

    taken: for each Taken the columns that its nodes are in, and how many of them are.
    """

    demand: int
    table: Numbers
    devices: Numbers
    members: Numbers
    states: list[State]
    nodes: list[list[int]]
    filled: Sequence[Filled]
    taken: list[tuple[Taken, Numbers, Numbers]] = field(default_factory=list)


Source = tuple[list[int], int, Free, str, str]
"""What is behind a column: nodes by name, their kind, what is free on them, the rule about neighbours and its words."""


class Moments:
    """Keeps moments, and tells what refuses in them."""

    def __init__(self, layout: Layout, states: States, devices: DeviceArrays) -> None:
        self.layout, self.states, self.devices = layout, states, devices
        self._kept: list[Moment] = []
        self._told: dict[int, Refusals] = {}

    def keep(self, demand: int, filled: Sequence[Filled], taken: Sequence[Taken]) -> None:
        """Remembers how the states have the nodes, but for those filled or taken since; no node is in two of these."""
        states = self.states
        used = states.used
        members = states.members[:used].copy()
        # Lists of nodes are never changed in place: the list of them is enough.
        moment = Moment(
            demand, states.table[:, :used].copy(), states.devices[:, :used].copy(), members, states.known[:],
            states.nodes[:], filled,
        )  # fmt: skip
        for one in taken:
            columns, numbers = np.unique(states.of[one.nodes], return_counts=True)
            members[columns] -= numbers
            moment.taken.append((one, columns, numbers))
        self._kept.append(moment)
        if len(self._kept) >= TOGETHER:
            self._tell()

    def told(self) -> dict[int, Refusals]:
        """What refused in all moments kept so far, by demand; they are forgotten."""
        self._tell()
        told, self._told = self._told, {}
        return told

    def _tell(self) -> None:
        kept, self._kept = self._kept, []
        if not kept:
            return
        looked = shortfalls(self.layout, self.devices, [one.demand for one in kept], self._columns(kept))
        workloads, nodes = self.layout.demands, self.layout.nodes
        for moment, by_rule, closest in zip(kept, looked.counted(), looked.closest(CLOSEST), strict=True):
            found: list[tuple[int, int, int]] = []
            sources: dict[int, Source] = {}
            for missing, position in closest:
                source = sources[position] = _source(moment, position)
                found += [(missing, node, position) for node in source[0]]
            found.sort()
            words: dict[int, tuple[str, str]] = {}
            told = []
            for missing, node, position in found[:CLOSEST]:
                known = words.get(position)
                if known is None:
                    known = words[position] = self._words(moment.demand, sources[position])
                told.append(Rejection(nodes[node].name, *known, missing))
            self._told[moment.demand] = Refusals(workloads[moment.demand].workload, by_rule, tuple(told))

    def _columns(self, kept: Sequence[Moment]) -> Columns:
        """All columns: those of the states of each moment, those of its filled nodes, those of its taken ones."""
        numbers = range(len(kept))
        filled = [one for moment in kept for one in moment.filled]
        table, devices = self.states.rows([(one.kind, True, *one.free) for one in filled])
        taken = [(number, *one) for number in numbers for one in kept[number].taken]
        widths = [len(moment.members) for moment in kept]
        moments = [
            np.repeat(numbers, widths),
            np.repeat(numbers, [len(moment.filled) for moment in kept]),
            *[np.full(len(columns), number) for number, _, columns, _ in taken],
        ]
        beside = np.zeros(sum(map(len, moments)), np.int64)
        start = sum(widths)
        beside[start : start + len(filled)] = [CODES.get(one.rule, 0) for one in filled]
        start += len(filled)
        for _, one, columns, _ in taken:
            beside[start : start + len(columns)] = CODES[one.rule]
            start += len(columns)
        return Columns(
            np.concatenate(moments),
            np.concatenate(
                [*[moment.table for moment in kept], table, *[kept[n].table[:, columns] for n, _, columns, _ in taken]],
                axis=1,
            ),
            np.concatenate(
                [
                    *[moment.devices for moment in kept],
                    devices,
                    *[kept[n].devices[:, columns] for n, _, columns, _ in taken],
                ],
                axis=1,
            ),
            np.concatenate(
                [
                    *[moment.members for moment in kept],
                    np.array([len(one.nodes) for one in filled], np.int64),
                    *[inside for _, _, _, inside in taken],
                ]
            ),
            beside,
        )

    def _words(self, demand: int, source: Source) -> tuple[str, str]:
        """The first rule that refuses, and all that is missing as people read it."""
        _, kind, free, rule, words = source
        short = lacking(self.layout, demand, self.layout.kinds.examples[kind], free)
        if rule:
            short.add(rule, words, MILLION)
        return short.rule, "; ".join(short.texts)


def _source(moment: Moment, position: int) -> Source:
    """What is behind a column of the moment, by its number among them; only as many nodes as may be told."""
    width = len(moment.members)
    if position < width:
        nodes = moment.nodes[position]
        if moment.taken:
            away = {node for one, _, _ in moment.taken for node in one.nodes.tolist()}
            nodes = [node for node in nodes if node not in away]
        state = moment.states[position]
        return nodes[:CLOSEST], state[0], state[2:], "", ""
    position -= width
    if position < len(moment.filled):
        one = moment.filled[position]
        return sorted(one.nodes)[:CLOSEST], one.kind, one.free, one.rule, one.words
    position -= len(moment.filled)
    for taken, columns, _ in moment.taken:
        if position < len(columns):
            column = int(columns[position])
            inside = set(taken.nodes.tolist())
            nodes = [node for node in moment.nodes[column] if node in inside][:CLOSEST]
            state = moment.states[column]
            return nodes, state[0], state[2:], taken.rule, taken.words
        position -= len(columns)
    raise IndexError(position)
