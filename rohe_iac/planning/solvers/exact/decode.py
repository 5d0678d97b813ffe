"""Decoding: from numbers of replicas, chunks and devices by node to the grant of every replica.

Numbers are enough for distinct cores: the `y` replicas of a demand on a node put chunk `c` on core `k` some times, each
chunk `y` times in all and each core at most `y` times. These are the edges of a bipartite multigraph of degree `y` at
most, which can be coloured with `y` colours, one a replica (König 1916).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.planning.placement.state.device_assignment import with_memory
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import NO_NODE, DemandIndex, NodeIndex, ReplicaIndex

CoreCounts = Mapping[tuple[DemandIndex, NodeIndex, int, int], int]
"""How many replicas put a chunk on a core, by demand, node, chunk and core."""

DeviceCounts = dict[tuple[DemandIndex, NodeIndex, int, int], int]
"""How often a device request is served by a device, by demand, node, request and device."""


def decode(
    indexed: IndexedProblem,
    kept: Mapping[ReplicaIndex, NodeIndex],
    counts: Mapping[tuple[DemandIndex, NodeIndex], int],
    cores: CoreCounts,
    devices: DeviceCounts,
) -> dict[ReplicaIndex, Grant]:
    """Returns the grant of every placed replica.

    Args:
        indexed: the problem.
        kept: node of each replica in the previous plan; a replica stays there where the counts have room for it.
        counts: number of replicas by demand and node.
        cores: uses of cores.
        devices: uses of devices.
    """
    grants: dict[ReplicaIndex, Grant] = {}
    devices_left = dict(devices)
    for demand in indexed.demand_indices:
        on_nodes = {node: number for (which, node), number in counts.items() if which == demand and number}
        grants |= _choose_nodes(demand, indexed.demands[demand].replica_indices, kept, on_nodes)
        for node in sorted(indexed.node_index.values()):
            here = [grant for (which, _), grant in sorted(grants.items()) if which == demand and grant.node == node]
            _grant_cores_and_devices(indexed, demand, node, here, cores, devices_left)
    if any(indexed.edges):
        ledger = Ledger(indexed)
        for grant in grants.values():
            grant.wires = ledger.wires_of(grant.demand, grant.node)
            ledger.book(grant)
    return grants


def _choose_nodes(
    demand: DemandIndex, indices: Sequence[int], kept: Mapping[ReplicaIndex, NodeIndex], room: dict[NodeIndex, int]
) -> dict[ReplicaIndex, Grant]:
    """Returns grants without cores and devices for as many replicas of a demand as the nodes have room for.

    Args:
        demand: the demand.
        indices: the indices of its replicas.
        kept: node of each replica in the previous plan.
        room: number of replicas by node; used up.
    """
    grants: dict[ReplicaIndex, Grant] = {}
    waiting = []
    for index in indices:
        node = kept.get((demand, index), NO_NODE)
        if room.get(node, 0):
            room[node] -= 1
            grants[demand, index] = Grant(demand, node)
        else:
            waiting.append(index)
    spots = [node for node, number in sorted(room.items()) for _ in range(number)]
    # Where not all replicas get a node, new ones come first: they do not count as moved.
    waiting.sort(key=lambda index: ((demand, index) in kept, index))
    for index, node in zip(waiting, spots, strict=False):
        grants[demand, index] = Grant(demand, node)
    return grants


def _grant_cores_and_devices(
    indexed: IndexedProblem,
    demand: DemandIndex,
    node: NodeIndex,
    grants: list[Grant],
    cores: CoreCounts,
    devices: DeviceCounts,
) -> None:
    """Adds the cores and devices of a node to the grants of a demand's replicas there; uses up `devices`."""
    asked, supply = indexed.resources[demand], indexed.nodes[node]
    chunks = asked.cores
    uses = {
        (chunk, core): cores.get((demand, node, chunk, core), 0)
        for chunk in range(len(chunks))
        for core in range(len(supply.cores))
    }
    for position, grant in enumerate(grants):
        pairs = CoreMatching(uses, len(chunks), len(supply.cores), len(grants) - position).pairs()
        for pair in pairs:
            uses[pair] -= 1
        grant.cores = tuple((core, chunks[chunk]) for chunk, core in pairs)
        taken: list[tuple[int, int]] = []
        for number, request in enumerate(asked.devices):
            wanted = request.count or 1
            for device_position, device in enumerate(supply.devices):
                key = (demand, node, number, device_position)
                if wanted and devices.get(key, 0):
                    whole = request.count or device.exclusive
                    share = (device_position, device.capacity if whole else request.share)
                    taken += with_memory([share], request.memory, indexed.memory_offset) if request.memory else [share]
                    devices[key] -= 1
                    wanted -= 1
        grant.devices = tuple(taken)


class CoreMatching:
    """The cores of one replica: a matching of its chunks to distinct cores that leaves enough uses for the others.

    A core that is still to be used by every replica that is left is full, and has to be matched. Every chunk and every
    full core can be matched at once: where a matching covers all chunks and another all full cores, one covers both
    (Mendelsohn and Dulmage 1958).
    """

    def __init__(self, uses: Mapping[tuple[int, int], int], chunks: int, cores: int, replicas_left: int) -> None:
        """Finds the matching.

        Args:
            uses: how many of the replicas that are left put a chunk on a core, by chunk and core.
            chunks: number of chunks of a replica.
            cores: number of cores of the node.
            replicas_left: number of replicas that have no cores yet, with this one.
        """
        self._uses, self._chunks, self._cores = uses, chunks, range(cores)
        self._chunk_on: dict[int, int] = {}
        load = [sum(uses[chunk, core] for chunk in range(chunks)) for core in self._cores]
        self._full = [core for core in self._cores if replicas_left and load[core] == replicas_left]
        full_first = self._full + [core for core in self._cores if core not in self._full]
        for chunk in range(chunks):
            self._match_chunk(chunk, set(), full_first)
        for core in self._full:
            self._match_full_core(core, set())

    def pairs(self) -> list[tuple[int, int]]:
        """Returns the pairs of chunk and core, by chunk."""
        return sorted((chunk, core) for core, chunk in self._chunk_on.items())

    def _match_chunk(self, chunk: int, seen: set[int], cores: list[int]) -> bool:
        """Matches a chunk along an augmenting path; returns whether there is one that avoids the cores in `seen`."""
        for core in cores:
            if self._uses[chunk, core] and core not in seen:
                seen.add(core)
                other = self._chunk_on.get(core)
                if other is None or self._match_chunk(other, seen, list(self._cores)):
                    self._chunk_on[core] = chunk
                    return True
        return False

    def _match_full_core(self, core: int, seen: set[int]) -> bool:
        """Matches a full core, with a chunk taken from a core that is not full; `seen`: chunks that are not tried."""
        if core in self._chunk_on:
            return True
        for chunk in range(self._chunks):
            if not self._uses[chunk, core] or chunk in seen:
                continue
            seen.add(chunk)
            old = next((other for other, matched in self._chunk_on.items() if matched == chunk), None)
            if old is not None:
                del self._chunk_on[old]
            self._chunk_on[core] = chunk
            if old is None or old not in self._full or self._match_full_core(old, seen):
                return True
            del self._chunk_on[core]
            self._chunk_on[old] = chunk
        return False
