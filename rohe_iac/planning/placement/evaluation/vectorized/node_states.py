"""States: how nodes stand, as NumPy arrays with one column for all that stand alike.

A fleet has thousands of nodes, but few kinds of them, and a class leaves many in the same state: what is asked of one
node alone is worked out once a state. Columns that no node is in any more are used again, once nobody remembers them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

import numpy as np

from rohe_iac.planning.placement.evaluation.vectorized.arrays import Numbers
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger

CPU_CAPACITY, RSS_CAPACITY, CPU_SCALE, RSS_SCALE, KIND, CORE_COUNT, STAMP, OPEN, CPU, LEFT, RSS, VMS, CORES = range(13)
"""Rows of the table; those of the cores, largest first and -1 where there is none, come last.

STAMP tells when a column began to say what it says; no two say the same. LEFT is the free cpu again, but NOBODY where
no node is in the column. From it on stands what a replica is held against.
"""

NOBODY = -(1 << 62)
"""Less than anything that is asked for."""

State = tuple[int, bool, int, int, int, tuple[int, ...], tuple[int, ...]]
"""Kind, whether a replica is there, free cpu, rss and vms, cores largest first, devices."""


class NodeStates:
    """table, devices: what the columns say, known: the same as they were told. nodes: who is in each, by name, in lists
    that are never changed; members: how many.

    devices: free amounts, a row for each device of a node, -1 where it has none.
    """

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring) -> None:
        self.ledger, self.classes = ledger, indexed.node_classes
        examples = indexed.node_classes.representative
        self.width = max((len(indexed.nodes[example].cores) for example in examples), default=0)
        self.depth = max((len(indexed.nodes[example].devices) for example in examples), default=0)
        self._fixed = [
            (
                scoring.cpu_capacity[example], scoring.rss_capacity[example], scoring.cpu_scale[example],
                scoring.rss_scale[example], kind, len(indexed.nodes[example].cores),
            )
            for kind, example in enumerate(examples)
        ]  # fmt: skip
        self._of = [-1] * len(indexed.nodes)
        self._columns: dict[State, int] = {}
        self.descriptions: list[State] = []
        self.nodes: list[list[int]] = []
        self._emptied: list[int] = []
        self._idle: list[int] = []
        self._room = 0
        self.sizes = np.zeros(0, np.int64)
        # The table, and the devices below it: all that is told of a new column is written in one step.
        self._rows = np.zeros((CORES + self.width + self.depth, 0), np.int64)
        self._begun = 0
        self._numbers = np.zeros(len(indexed.nodes), np.int64)
        self._moved: list[tuple[list[int], int]] = []
        alike: dict[object, list[int]] = {}
        standing = zip(
            indexed.node_classes.class_of, ledger.replicas_on, ledger.cpu, ledger.rss, ledger.vms, ledger.sorted_cores,
            ledger.devices, strict=True,
        )  # fmt: skip
        for node, state in enumerate(standing):
            alike.setdefault(state, []).append(node)
        self.move((), alike.values())

    @property
    def table(self) -> Numbers:
        """What the columns say of all but devices; idle columns too."""
        return self._rows[: CORES + self.width, : len(self.descriptions)]

    @property
    def devices(self) -> Numbers:
        """What is free of devices."""
        return self._rows[CORES + self.width :, : len(self.descriptions)]

    @property
    def used(self) -> int:
        """How many columns there are, idle ones too."""
        return len(self.descriptions)

    def state(self, node: int) -> int:
        """The column of a node."""
        return self._of[node]

    @property
    def state_by_node(self) -> Numbers:
        """The column of every node; written down when it is asked for, for many classes ask of columns alone."""
        if self._moved:
            for nodes, column in self._moved:
                self._numbers[nodes] = column
            self._moved = []
        return self._numbers

    def recycle(self) -> None:
        """Says that nobody remembers columns that are empty now."""
        self._idle += self._emptied
        self._emptied = []

    def move(self, nodes: Collection[int], groups: Collection[list[int]] = ()) -> None:
        """Finds the columns of nodes anew, as the ledger has them.

        groups: more nodes, none of them in two; those of a group stood alike and do so now, and are in order.
        """
        ledger, columns, of, members = self.ledger, self._columns, self._of, self.nodes
        cpu, rss, vms, cores, devices = ledger.cpu, ledger.rss, ledger.vms, ledger.sorted_cores, ledger.devices
        kinds, replicas_on = self.classes.class_of, ledger.replicas_on
        changed: set[int] = set()
        arrived: dict[int, list[int]] = {}
        fresh: list[int] = []
        for group in (*groups, *([node] for node in nodes)):
            node = group[0]
            state = (kinds[node], replicas_on[node] > 0, cpu[node], rss[node], vms[node], cores[node], devices[node])
            column = columns.get(state)
            if column is None:
                column = self._add(state)
                fresh.append(column)
            before = of[node]
            if column == before:
                continue
            for node in group:
                of[node] = column
            self._moved.append((group, column))
            come = arrived.get(column)
            if come is None:
                arrived[column] = group
            else:
                arrived[column] = come + group
            if before >= 0:
                there = members[before]
                first, number = bisect_left(there, group[0]), len(group)
                if there[first : first + number] == group:
                    left = there[:first] + there[first + number :]
                else:
                    gone = set(group)
                    left = [one for one in there if one not in gone]
                members[before] = left
                changed.add(before)
                if not left and before not in arrived:
                    del columns[self.descriptions[before]]
                    self._emptied.append(before)
        for column, come in arrived.items():
            there = members[column]
            members[column] = sorted(there + come) if there else sorted(come)
            changed.add(column)
        self._write(fresh, changed)

    def _add(self, state: State) -> int:
        if self._idle:
            column = self._idle.pop()
            self.descriptions[column] = state
        else:
            column = len(self.descriptions)
            self.descriptions.append(state)
            self.nodes.append([])
        self._columns[state] = column
        return column

    def _write(self, fresh: list[int], changed: set[int]) -> None:
        number = len(self.descriptions)
        if number > self._room:
            more = max(64, number + (number >> 1)) - self._room
            self._rows = np.pad(self._rows, ((0, 0), (0, more)))
            self.sizes = np.pad(self.sizes, (0, more))
            self._room += more
        if fresh:
            self._rows[:, fresh] = np.array([self._row(self.descriptions[column]) for column in fresh], np.int64).T
        for column in changed:
            here = self.sizes[column] = len(self.nodes[column])
            if not here:
                self._rows[LEFT, column] = NOBODY

    def _row(self, state: State) -> tuple[int, ...]:
        kind, opened, cpu, rss, vms, cores, devices = state
        self._begun += 1
        return (
            *self._fixed[kind], self._begun, opened, cpu, cpu, rss, vms,
            *cores, *(-1,) * (self.width - len(cores)), *devices, *(-1,) * (self.depth - len(devices)),
        )  # fmt: skip
