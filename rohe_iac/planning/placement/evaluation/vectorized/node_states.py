"""States of nodes as NumPy arrays, one column for all nodes that are in the same state.

A fleet has thousands of nodes but few classes of them, and a service leaves many in the same state: what depends on one
node alone is worked out once for each state. Columns of states that no node is in any more are used again, once nothing
refers to them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection

import numpy as np

from rohe_iac.planning.model.node_interference import Crowd
from rohe_iac.planning.placement.evaluation.vectorized.arrays import Numbers
from rohe_iac.planning.placement.scoring.scores import Scoring
from rohe_iac.planning.placement.state.amounts import EXTRAS
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import NodeIndex, enumerate_nodes

(
    CPU_CAPACITY, RSS_CAPACITY, CPU_SCALE, RSS_SCALE, NODE_CLASS, CORE_COUNT, STAMP, OPEN, CPU, USABLE_CPU, RSS, VMS,
    CORES,
) = range(13)  # fmt: skip
"""Rows of the table; those of the cores, largest first and -1 where there is none, come last.

STAMP is a number that no two states share, so that it changes when a column is used again. USABLE_CPU is the free cpu
again, but NONE_FREE where no node is in the state. A request is compared with the rows from there on: USABLE_CPU, RSS
and VMS in the order of AMOUNT_RULES, then its cores.
"""

NONE_FREE = -(1 << 62)
"""Less than any amount that is asked for."""

Description = tuple[int, bool, Crowd, int, int, int, tuple[int, ...], tuple[int, ...], tuple[int, ...]]
"""Class, whether a replica is there, crowd, free cpu, rss and vms, cores largest first, devices, extras."""


class NodeStates:
    """The state that every node is in.

    A state is named by the position of its column.

    Attributes:
        table: a column for each state, with the rows named above.
        devices: a column for each state, a row for each device of a node: free basis points, -1 where it has none; then
            a row of free bytes of memory for each, where any demand asks for some; then disk and network, likewise.
        crowds: a column for each state, the rows of a crowd (see node_interference.py).
        descriptions: the same states as tuples.
        nodes: node positions of each state, sorted by name; the lists are replaced, never changed.
        sizes: how many nodes are in each state; may be longer than `used`.
    """

    def __init__(self, indexed: IndexedProblem, ledger: Ledger, scoring: Scoring) -> None:
        self.ledger, self.classes = ledger, indexed.node_classes
        samples = indexed.node_classes.representative
        self.width = max((len(indexed.nodes[node].cores) for node in samples), default=0)
        self.depth = max((len(indexed.nodes[node].devices) for node in samples), default=0) + indexed.memory_offset
        self._fixed = [
            (
                scoring.cpu_capacity[node], scoring.rss_capacity[node], scoring.cpu_scale[node],
                scoring.rss_scale[node], number, len(indexed.nodes[node].cores),
            )
            for number, node in enumerate(samples)
        ]  # fmt: skip
        self._state_of = [-1] * len(indexed.nodes)
        self._states: dict[Description, int] = {}
        self.descriptions: list[Description] = []
        self.nodes: list[list[NodeIndex]] = []
        self._emptied: list[int] = []
        self._idle: list[int] = []
        self._room = 0
        self.sizes = np.zeros(0, np.int64)
        # The table, and devices, extras and crowds below it: a new state is written in one step.
        crowd_rows = len(ledger.crowd[0]) if ledger.crowd else 0
        self.extras = len(EXTRAS) if indexed.has_extras else 0
        self._rows = np.zeros((CORES + self.width + self.depth + self.extras + crowd_rows, 0), np.int64)
        self._stamp = 0
        self._state_by_node = np.zeros(len(indexed.nodes), np.int64)
        self._moved: list[tuple[list[NodeIndex], int]] = []
        groups: dict[object, list[NodeIndex]] = {}
        amounts = zip(
            indexed.node_classes.class_of, ledger.replicas_on, ledger.crowd, ledger.cpu, ledger.rss, ledger.vms,
            ledger.sorted_cores, ledger.devices, ledger.extras, strict=True,
        )  # fmt: skip
        for node, found in enumerate_nodes(amounts):
            groups.setdefault(found, []).append(node)
        self.move((), groups.values())

    @property
    def table(self) -> Numbers:
        """Returns all of the states but their devices; columns that are not in use too."""
        return self._rows[: CORES + self.width, : len(self.descriptions)]

    @property
    def devices(self) -> Numbers:
        """Returns what is free of devices and extras in each state."""
        first = CORES + self.width
        return self._rows[first : first + self.depth + self.extras, : len(self.descriptions)]

    @property
    def crowds(self) -> Numbers:
        """Returns the crowd of each state."""
        return self._rows[CORES + self.width + self.depth + self.extras :, : len(self.descriptions)]

    @property
    def used(self) -> int:
        """Returns how many columns there are, those that are not in use too."""
        return len(self.descriptions)

    def state(self, node: NodeIndex) -> int:
        """Returns the state of a node."""
        return self._state_of[node]

    @property
    def state_by_node(self) -> Numbers:
        """Returns the state of every node; written when it is asked for: many demands need the states alone."""
        if self._moved:
            for nodes, state in self._moved:
                self._state_by_node[nodes] = state
            self._moved = []
        return self._state_by_node

    def recycle(self) -> None:
        """Allows the columns of states that no node is in to be used again: nothing refers to them."""
        self._idle += self._emptied
        self._emptied = []

    def move(self, nodes: Collection[NodeIndex], groups: Collection[list[NodeIndex]] = ()) -> None:
        """Moves nodes to the states that the ledger has them in.

        Args:
            nodes: nodes that may have changed.
            groups: more nodes, none of them in two groups; those of a group are in order, were in one state and are in
                one state now.
        """
        ledger, states, state_of, members = self.ledger, self._states, self._state_of, self.nodes
        cpu, rss, vms, cores, devices = ledger.cpu, ledger.rss, ledger.vms, ledger.sorted_cores, ledger.devices
        class_of, replicas_on, crowd, extras = self.classes.class_of, ledger.replicas_on, ledger.crowd, ledger.extras
        changed: set[int] = set()
        arrived: dict[int, list[NodeIndex]] = {}
        fresh: list[int] = []
        for group in (*groups, *([node] for node in nodes)):
            node = group[0]
            found = (
                class_of[node], replicas_on[node] > 0, crowd[node], cpu[node], rss[node], vms[node], cores[node],
                devices[node], extras[node],
            )  # fmt: skip
            state = states.get(found)
            if state is None:
                state = self._add(found)
                fresh.append(state)
            before = state_of[node]
            if state == before:
                continue
            for node in group:
                state_of[node] = state
            self._moved.append((group, state))
            newcomers = arrived.get(state)
            if newcomers is None:
                arrived[state] = group
            else:
                arrived[state] = newcomers + group
            if before >= 0:
                there = members[before]
                first, number = bisect_left(there, group[0]), len(group)
                if there[first : first + number] == group:
                    left = there[:first] + there[first + number :]
                else:
                    gone = set(group)
                    left = [node for node in there if node not in gone]
                members[before] = left
                changed.add(before)
                if not left and before not in arrived:
                    del states[self.descriptions[before]]
                    self._emptied.append(before)
        for state, newcomers in arrived.items():
            there = members[state]
            members[state] = sorted(there + newcomers) if there else sorted(newcomers)
            changed.add(state)
        self._write(fresh, changed)

    def _add(self, description: Description) -> int:
        """Returns a column for a new state; its rows are written later."""
        if self._idle:
            state = self._idle.pop()
            self.descriptions[state] = description
        else:
            state = len(self.descriptions)
            self.descriptions.append(description)
            self.nodes.append([])
        self._states[description] = state
        return state

    def _write(self, fresh: list[int], changed: set[int]) -> None:
        """Writes the rows of new states, and the number of nodes of those that nodes came to or left."""
        number = len(self.descriptions)
        if number > self._room:
            more = max(64, number + (number >> 1)) - self._room
            self._rows = np.pad(self._rows, ((0, 0), (0, more)))
            self.sizes = np.pad(self.sizes, (0, more))
            self._room += more
        if fresh:
            self._rows[:, fresh] = np.array([self._row(self.descriptions[state]) for state in fresh], np.int64).T
        for state in changed:
            size = self.sizes[state] = len(self.nodes[state])
            if not size:
                self._rows[USABLE_CPU, state] = NONE_FREE

    def _row(self, description: Description) -> tuple[int, ...]:
        """Returns the column of a state, from the first row of the table to the last device."""
        number, opened, crowd, cpu, rss, vms, cores, devices, extras = description
        self._stamp += 1
        return (
            *self._fixed[number], self._stamp, opened, cpu, cpu, rss, vms,
            *cores, *(-1,) * (self.width - len(cores)), *devices, *(-1,) * (self.depth - len(devices)), *extras, *crowd,
        )  # fmt: skip
