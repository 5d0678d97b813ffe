"""Ledger: what is free on every node, taken and given back exactly."""

from __future__ import annotations

import msgspec

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.placement.state.amounts import CoreStep, Free, Row
from rohe_iac.planning.placement.state.core_assignment import changed, descending, tightest_cores
from rohe_iac.planning.placement.state.device_assignment import device_step
from rohe_iac.planning.placement.state.index import IndexedProblem

REMEMBERED = 50_000
"""How many ways of taking cores a ledger keeps in mind."""


class Grant(msgspec.Struct, gc=False):
    """What one replica took: (core, millicores), (device position, basis points) and (wire, bits a second)."""

    demand: int
    node: int
    cores: tuple[tuple[int, int], ...] = ()
    devices: tuple[tuple[int, int], ...] = ()
    wires: tuple[tuple[int, int], ...] = ()


class Ledger:
    """Free amounts by node position. `take` and `release` are exact inverses: all amounts are integers.

    pending: demands that are still to be served.
    """

    def __init__(self, indexed: IndexedProblem) -> None:
        self.indexed = indexed
        nodes = indexed.nodes
        # What is free at first is the same on all nodes of a kind. Rows are tuples, so that nodes can share them.
        spread, examples = (
            indexed.node_classes.per_node,
            [nodes[example] for example in indexed.node_classes.representative],
        )
        ratio = indexed.settings.vms_ratio
        self.cpu = spread([node.cpu - node.cpu_used for node in examples])
        self.rss = spread([node.rss - node.rss_used for node in examples])
        free_vms = [node.free_vms(ratio) for node in examples]
        self.vms = spread([UNLIMITED if free is None else free for free in free_vms])
        cores = [
            tuple(size - used for size, used in zip(node.cores, _padded(node.cores_used, len(node.cores)), strict=True))
            for node in examples
        ]
        self.cores = spread(cores)
        self.sorted_cores = spread([descending(row) for row in cores])
        self.devices = spread([tuple(device.capacity - device.used for device in node.devices) for node in examples])
        self._taken: dict[tuple[Row, Row], CoreStep] = {}
        self.pending: set[int] = set()
        self.replicas_on = [0] * len(nodes)
        # Who stands on each node, for plugged callables; nobody else asks.
        self.on: list[dict[int, int]] = [{} for _ in nodes] if indexed.plugins else []
        self.placed: list[dict[int, int]] = [{} for _ in indexed.demands]
        self.counts: list[dict[str, list[int]]] = [
            {key: [0] * len(indexed.domain_nodes[key]) for key in keys} for keys in indexed.watched
        ]
        one = indexed.settings.one_machine
        shared: dict[tuple[int, str], int] = {}
        self.ports: list[dict[tuple[int, str], int]] = [shared if one else {} for _ in nodes]
        self.bandwidth = [UNLIMITED if wire.bandwidth is None else wire.bandwidth for wire in indexed.wires]
        # How far it is to each stage of a way as things stand: worked out when asked (see travel), until anyone moves.
        self.distances: dict[tuple[int, int], tuple[dict[int, int], dict[int, int], int]] = {}
        self.numbers = UNLIMITED
        if indexed.settings.ports is not None:
            first, last = indexed.settings.ports
            fixed = {number for ports in indexed.host_ports for number, _ in ports if first <= number <= last}
            self.numbers = last - first + 1 - len(fixed)

    def take(self, demand: int, node: int) -> Grant:
        """Books one replica on a node that feasibility has accepted; says which cores and devices it got."""
        indexed = self.indexed
        asked = indexed.resources[demand]
        grant = Grant(demand, node)
        self.cpu[node] -= asked.cpu
        self.rss[node] -= asked.rss
        if asked.vms is not None:
            self.vms[node] -= asked.vms
        if asked.cores:
            grant.cores, self.cores[node], self.sorted_cores[node] = self.core_step(self.cores[node], asked.cores)
        if asked.devices:
            taken = device_step(indexed, self.devices[node], node, asked.devices)
            if taken is None:
                raise ValueError(f"node {indexed.nodes[node].name} lacks the devices of {asked.devices}")
            grant.devices, self.devices[node] = taken
        if indexed.edges[demand]:
            grant.wires = self._wires(demand, node)
            for wire, share in grant.wires:
                self.bandwidth[wire] -= share
        self._count(demand, node, 1)
        return grant

    def free(self, node: int) -> Free:
        """What is free on a node."""
        return self.cpu[node], self.rss[node], self.vms[node], self.sorted_cores[node], self.devices[node]

    def core_step(self, row: Row, chunks: Row) -> CoreStep:
        """The cores of a row that the chunks get, the row after that, and the same with the largest first."""
        known = self._taken.get((row, chunks))
        if known is None:
            if len(self._taken) > REMEMBERED:
                self._taken.clear()
            granted = tightest_cores(row, chunks)
            after = changed(row, granted, -1)
            known = self._taken[row, chunks] = (granted, after, descending(after))
        return known

    def release(self, grant: Grant) -> None:
        """Gives back all that `take` booked."""
        demand, node = grant.demand, grant.node
        asked = self.indexed.resources[demand]
        self.cpu[node] += asked.cpu
        self.rss[node] += asked.rss
        if asked.vms is not None:
            self.vms[node] += asked.vms
        if grant.cores:
            row = self.cores[node] = changed(self.cores[node], grant.cores, 1)
            self.sorted_cores[node] = descending(row)
        if grant.devices:
            self.devices[node] = changed(self.devices[node], grant.devices, 1)
        for wire, share in grant.wires:
            self.bandwidth[wire] += share
        self._count(demand, node, -1)

    def book(self, grant: Grant) -> None:
        """Takes exactly what a grant tells, as before its release."""
        demand, node = grant.demand, grant.node
        asked = self.indexed.resources[demand]
        self.cpu[node] -= asked.cpu
        self.rss[node] -= asked.rss
        if asked.vms is not None:
            self.vms[node] -= asked.vms
        if grant.cores:
            row = self.cores[node] = changed(self.cores[node], grant.cores, -1)
            self.sorted_cores[node] = descending(row)
        if grant.devices:
            self.devices[node] = changed(self.devices[node], grant.devices, -1)
        for wire, share in grant.wires:
            self.bandwidth[wire] -= share
        self._count(demand, node, 1)

    def _count(self, demand: int, node: int, by: int) -> None:
        indexed = self.indexed
        if self.distances:
            self.distances.clear()
        self.replicas_on[node] += by
        on = self.placed[demand]
        on[node] = on.get(node, 0) + by
        if not on[node]:
            del on[node]
        if self.on:
            there = self.on[node]
            there[demand] = there.get(demand, 0) + by
            if not there[demand]:
                del there[demand]
        for key, counts in self.counts[demand].items():
            domain = indexed.domains[key][node]
            if domain >= 0:
                counts[domain] += by
        for port in indexed.host_ports[demand]:
            ports = self.ports[node]
            ports[port] = ports.get(port, 0) + by
            if not ports[port]:
                del ports[port]
        self.numbers -= by * indexed.numbered[demand]

    def _wires(self, demand: int, node: int) -> tuple[tuple[int, int], ...]:
        return tuple(sorted(self.loads(demand, node).items()))

    def loads(self, demand: int, node: int) -> dict[int, int]:
        """Bits a second that a replica there would put on each wire, by its flows to replicas that are placed."""
        loads: dict[int, int] = {}
        for peer, _, share in self.indexed.edges[demand]:
            if not share:
                continue
            for other, number in self.placed[peer].items():
                route = self.indexed.route(node, other)
                if route is not None and route[1] >= 0:
                    loads[route[1]] = loads.get(route[1], 0) + share * number
        return loads


def _padded(values: tuple[int, ...], length: int) -> tuple[int, ...]:
    return (*values[:length], *(0,) * (length - len(values)))
