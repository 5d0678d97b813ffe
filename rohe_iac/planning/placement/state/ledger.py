"""Ledger: what is free on every node, taken and given back exactly."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeVar

import msgspec

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.model.node_interference import joined
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.placement.state.amounts import CoreStep, Row, Share
from rohe_iac.planning.placement.state.core_assignment import changed, descending, tightest_cores
from rohe_iac.planning.placement.state.device_assignment import device_step, free_devices
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.network.local_load import LocalLoad
from rohe_iac.planning.placement.state.node_amounts import NodeAmounts, less_extras
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

MAX_CORE_STEPS = 50_000
"""Core steps that a ledger remembers before all are forgotten."""

Key = TypeVar("Key", bound=Hashable)


class Grant(msgspec.Struct, gc=False):
    """What one replica has taken.

    Attributes:
        demand: Position of its demand.
        node: Position of its node.
        cores: (core number, millicores) of each chunk.
        devices: (position in the row of devices, basis points) of each device, followed by (position, bytes) of its
            memory where that is asked for.
        wires: (link position, bits a second) of each link that its flows load.
    """

    demand: DemandIndex
    node: NodeIndex
    cores: tuple[Share, ...] = ()
    devices: tuple[Share, ...] = ()
    wires: tuple[Share, ...] = ()


class Ledger:
    """Free amounts and placed replicas. All amounts are integers, so that `release` undoes `take` and `book` exactly.

    Attributes:
        indexed: The problem.
        cpu, rss, vms: Free millicores and bytes by node; UNLIMITED where virtual memory is not checked.
        cores, sorted_cores: Free millicores of each core by node, by core number and with the largest first.
        devices: Free basis points of each device by node, and from `memory_offset` on free bytes of their memory.
        extras: Free bytes of disk and bits a second of network by node, see `EXTRAS`.
        pending: Demands that are still to be served.
        replicas_on: Replicas on each node.
        interference: The interference of the problem.
        crowd: What interference is worked out from, by node (see node_interference.py); empty tuples without any.
        on: Replicas by demand on each node, for plugged callables; empty without plug-ins.
        placed: Replicas by node of each demand.
        counts: Replicas of each demand by domain, for the topology keys that rules watch.
        ports: Replicas by (number, protocol) of a host port on each node; one table where all nodes are one machine.
        bandwidth: Free bits a second of each link, without those that local flows take (see `free_bandwidth`).
        local_load: Bits a second of local flows by link, worked out when asked for; None after a change.
        distances: Latency to each stage of a path, worked out when it is asked for (see rules); empty after a change.
        least_in_domains: Fewest replicas of a demand in a domain of a key, worked out when asked for (see
            TopologySkews); empty after a change.
        gone: Nodes that have failed, whose domains do not count where all their nodes have.
        numbers: Port numbers that are left to give out.
    """

    def __init__(self, indexed: IndexedProblem) -> None:
        self.indexed = indexed
        nodes, per_node = indexed.nodes, indexed.node_classes.per_node
        # What is free at first is equal within a node class. Rows are tuples, so that nodes can share them.
        examples = [nodes[node] for node in indexed.node_classes.representative]
        self.cpu = per_node([node.cpu - node.cpu_used for node in examples])
        self.rss = per_node([node.rss - node.rss_used for node in examples])
        free_vms = [node.free_vms(indexed.settings.vms_ratio) for node in examples]
        self.vms = per_node([UNLIMITED if free is None else free for free in free_vms])
        cores = [
            tuple(size - used for size, used in zip(node.cores, _padded(node.cores_used, len(node.cores)), strict=True))
            for node in examples
        ]
        self.cores = per_node(cores)
        self.sorted_cores = per_node([descending(row) for row in cores])
        self.devices = per_node([free_devices(node, indexed.memory_offset) for node in examples])
        self.extras = per_node([_free_extras(node) if indexed.has_extras else () for node in examples])
        self._core_steps: dict[tuple[Row, Row], CoreStep] = {}
        self.pending: set[DemandIndex] = set()
        self.replicas_on = [0] * len(nodes)
        self.interference = indexed.interference
        self.crowd = list(self.interference.empty)
        self.on: list[dict[DemandIndex, int]] = [{} for _ in nodes] if indexed.plugins else []
        self.placed: list[dict[NodeIndex, int]] = [{} for _ in indexed.demands]
        self.counts: list[dict[str, list[int]]] = [
            {key: [0] * len(indexed.domain_nodes[key]) for key in keys} for keys in indexed.watched
        ]
        one_machine: dict[tuple[int, str], int] = {}
        self.ports: list[dict[tuple[int, str], int]] = [
            one_machine if indexed.settings.one_machine else {} for _ in nodes
        ]
        self.bandwidth = [UNLIMITED if wire.bandwidth is None else wire.bandwidth for wire in indexed.wires]
        self.local_load: dict[int, int] | None = None
        self.distances: dict[tuple[int, int], tuple[dict[NodeIndex, int], dict[NodeIndex, int], int]] = {}
        self.least_in_domains: dict[tuple[DemandIndex, str], int] = {}
        self.gone: frozenset[NodeIndex] = frozenset()
        self.numbers = UNLIMITED
        if indexed.settings.ports is not None:
            first, last = indexed.settings.ports
            fixed = {number for ports in indexed.host_ports for number, _ in ports if first <= number <= last}
            self.numbers = last - first + 1 - len(fixed)

    def free(self, node: NodeIndex) -> NodeAmounts:
        """Returns what is free on a node."""
        return NodeAmounts(
            self.cpu[node],
            self.rss[node],
            self.vms[node],
            self.sorted_cores[node],
            self.devices[node],
            self.extras[node],
        )

    @property
    def disk(self) -> list[int]:
        """Returns the free bytes of disk by node; UNLIMITED where they are not checked."""
        return [row[0] if row else UNLIMITED for row in self.extras]

    @property
    def network(self) -> list[int]:
        """Returns the free bits a second of network by node; UNLIMITED where they are not checked."""
        return [row[1] if row else UNLIMITED for row in self.extras]

    def take(self, demand: DemandIndex, node: NodeIndex) -> Grant:
        """Books one replica on a node that no rule refuses, and returns what it got.

        Raises:
            ValueError: The node's cores or devices do not hold the request.
        """
        indexed = self.indexed
        asked = indexed.resources[demand]
        grant = Grant(demand, node)
        self.cpu[node] -= asked.cpu
        self.rss[node] -= asked.rss
        if asked.vms is not None:
            self.vms[node] -= asked.vms
        if indexed.has_extras:
            self.extras[node] = less_extras(self.extras[node], asked)
        if asked.cores:
            grant.cores, self.cores[node], self.sorted_cores[node] = self.core_step(self.cores[node], asked.cores)
        if asked.devices:
            step = device_step(indexed, self.devices[node], node, asked.devices)
            if step is None:
                raise ValueError(f"node {indexed.nodes[node].name} lacks the devices of {asked.devices}")
            grant.devices, self.devices[node] = step
        if indexed.edges[demand]:
            grant.wires = self.wires_of(demand, node)
            for wire, load in grant.wires:
                self.bandwidth[wire] -= load
        self._count(demand, node, 1)
        return grant

    def holds(self, grant: Grant) -> bool:
        """Checks whether the cores and devices of a grant are free; other amounts are not looked at."""
        cores, devices = self.cores[grant.node], self.devices[grant.node]
        return all(amount <= cores[core] for core, amount in grant.cores) and all(
            amount <= devices[position] for position, amount in grant.devices
        )

    def book(self, grant: Grant) -> None:
        """Takes exactly what the grant says."""
        self._move(grant, 1)

    def release(self, grant: Grant) -> None:
        """Gives back exactly what the grant says."""
        self._move(grant, -1)

    def _move(self, grant: Grant, sign: int) -> None:
        demand, node = grant.demand, grant.node
        asked = self.indexed.resources[demand]
        self.cpu[node] -= sign * asked.cpu
        self.rss[node] -= sign * asked.rss
        if asked.vms is not None:
            self.vms[node] -= sign * asked.vms
        if self.indexed.has_extras:
            self.extras[node] = less_extras(self.extras[node], asked, sign)
        if grant.cores:
            row = self.cores[node] = changed(self.cores[node], grant.cores, -sign)
            self.sorted_cores[node] = descending(row)
        if grant.devices:
            self.devices[node] = changed(self.devices[node], grant.devices, -sign)
        for wire, load in grant.wires:
            self.bandwidth[wire] -= sign * load
        self._count(demand, node, sign)

    def core_step(self, row: Row, chunks: Row) -> CoreStep:
        """Returns the cores of a row that the chunks get, and the row after that: by number, and the largest first."""
        known = self._core_steps.get((row, chunks))
        if known is None:
            if len(self._core_steps) > MAX_CORE_STEPS:
                self._core_steps.clear()
            granted = tightest_cores(row, chunks)
            after = changed(row, granted, -1)
            known = self._core_steps[row, chunks] = (granted, after, descending(after))
        return known

    def _count(self, demand: DemandIndex, node: NodeIndex, by: int) -> None:
        """Adds replicas of a demand on a node (1 or -1) to all counts."""
        indexed = self.indexed
        if self.distances:
            self.distances.clear()
        if self.least_in_domains:
            self.least_in_domains.clear()
        if indexed.local_loads[demand]:
            self.local_load = None
        self.replicas_on[node] += by
        if self.interference.any:
            self.crowd[node] = joined(self.crowd[node], self.interference.of_replica[demand], by)
        _add(self.placed[demand], node, by)
        if self.on:
            _add(self.on[node], demand, by)
        for key, counts in self.counts[demand].items():
            domain = indexed.domains[key][node]
            if domain >= 0:
                counts[domain] += by
        for port in indexed.host_ports[demand]:
            _add(self.ports[node], port, by)
        self.numbers -= by * indexed.numbered[demand]

    def wires_of(self, demand: DemandIndex, node: NodeIndex) -> tuple[Share, ...]:
        """Returns what a replica there would put on each link by flows that are not local: sorted (link, load)."""
        return tuple(sorted(self._pair_loads(demand, node).items()))

    def free_bandwidth(self, wire: int) -> int:
        """Returns the free bits a second of a link."""
        if self.local_load is None:
            self.local_load = {}
            for load in {load for loads in self.indexed.local_loads for load in loads}:
                for loaded, bits in self._links_of(load).items():
                    self.local_load[loaded] = self.local_load.get(loaded, 0) + bits
        return self.bandwidth[wire] - self.local_load.get(wire, 0)

    def loads(self, demand: DemandIndex, node: NodeIndex) -> dict[int, int]:
        """Returns the bits a second that a replica there would put on each link, by its flows to placed replicas."""
        loads = self._pair_loads(demand, node)
        for load in self.indexed.local_loads[demand]:
            before, after = self._links_of(load), self._links_of(load, (demand, node))
            for wire in before.keys() | after.keys():
                loads[wire] = loads.get(wire, 0) + after.get(wire, 0) - before.get(wire, 0)
        return loads

    def _links_of(self, load: LocalLoad, added: tuple[DemandIndex, NodeIndex] | None = None) -> dict[int, int]:
        """Returns the bits a second of the links that a local flow loads, with one more replica where one is given."""
        return load.of_links(self.indexed.routes, self.indexed.domains[load.key], self.placed, added)

    def _pair_loads(self, demand: DemandIndex, node: NodeIndex) -> dict[int, int]:
        """Returns the bits a second that a replica there would put on each link, without those of local flows."""
        loads: dict[int, int] = {}
        for peer, _, share, _ in self.indexed.edges[demand]:
            if not share:
                continue
            for other, number in self.placed[peer].items():
                route = self.indexed.route(node, other)
                if route is not None and route[1] >= 0:
                    loads[route[1]] = loads.get(route[1], 0) + share * number
        return loads


def _free_extras(node: Supply) -> Row:
    """Returns what others leave free of a node's disk and network; UNLIMITED where one is not checked."""
    return (
        UNLIMITED if node.disk is None else node.disk - node.disk_used,
        UNLIMITED if node.network is None else node.network - node.network_used,
    )


def _add(counts: dict[Key, int], key: Key, by: int) -> None:
    """Adds to the count of a key, and removes the key with a count of 0."""
    number = counts[key] = counts.get(key, 0) + by
    if not number:
        del counts[key]


def _padded(values: Row, length: int) -> Row:
    """Returns so many values, 0 after the last."""
    return (*values[:length], *(0,) * (length - len(values)))
