"""Dealing: from counts of replicas, chunks and devices by node to what every replica gets.

Distinct cores are exact by counts: chunk `c` of the `y` replicas of a class on a node goes to core `k` some times, each
chunk `y` times in all and each core at most `y` times, which the edges of a bipartite graph can always be coloured into
`y` replicas for (König 1916).
"""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger

Replica = tuple[int, int]

CoreCounts = dict[tuple[int, int, int, int], int]
"""How often, by demand, node, chunk and core."""

DeviceCounts = dict[tuple[int, int, int, int], int]
"""How often, by demand, node, request and device."""


def decode(
    indexed: IndexedProblem,
    kept: Mapping[Replica, int],
    counts: Mapping[tuple[int, int], int],
    cores: CoreCounts,
    devices: DeviceCounts,
) -> dict[Replica, Grant]:
    """Grants by replica. kept: nodes that replicas had, who stay where there is room. counts: by demand and node."""
    grants: dict[Replica, Grant] = {}
    left_devices = dict(devices)
    for demand, wanted in enumerate(indexed.demands):
        left = {node: number for (which, node), number in counts.items() if which == demand and number}
        free = []
        for index in range(wanted.replicas):
            node = kept.get((demand, index), -1)
            if left.get(node, 0):
                left[node] -= 1
                grants[demand, index] = Grant(demand, node)
            else:
                free.append(index)
        spots = [node for node, number in sorted(left.items()) for _ in range(number)]
        # Where not all find a place, those that stood nowhere before are the first to have one.
        free.sort(key=lambda index: ((demand, index) in kept, index))
        for index, node in zip(free, spots, strict=False):
            grants[demand, index] = Grant(demand, node)
        for node in sorted(indexed.node_index.values()):
            mine = [grant for (which, _), grant in sorted(grants.items()) if which == demand and grant.node == node]
            _deal(indexed, demand, node, mine, cores, left_devices)
    if any(indexed.edges):
        ledger = Ledger(indexed)
        for grant in grants.values():
            grant.wires = ledger.wires_of(grant.demand, grant.node)
            ledger.book(grant)
    return grants


def _deal(
    indexed: IndexedProblem, demand: int, node: int, grants: list[Grant], uses: CoreCounts, values: DeviceCounts
) -> None:
    """Deals the cores and devices of a node out to the replicas of one class there."""
    asked, supply = indexed.resources[demand], indexed.nodes[node]
    chunks, cores = asked.cores, range(len(supply.cores))
    table = {(c, k): uses.get((demand, node, c, k), 0) for c in range(len(chunks)) for k in cores}
    for turn, grant in enumerate(grants):
        left = len(grants) - turn
        pairs = _matching(table, len(chunks), len(supply.cores), left)
        for pair in pairs:
            table[pair] -= 1
        grant.cores = tuple((core, chunks[chunk]) for chunk, core in pairs)
        taken: list[tuple[int, int]] = []
        for number, request in enumerate(asked.devices):
            wanted = request.count or 1
            for position, device in enumerate(supply.devices):
                key = (demand, node, number, position)
                if wanted and values.get(key, 0):
                    whole = request.count or device.exclusive
                    taken.append((position, device.capacity if whole else request.share))
                    values[key] -= 1
                    wanted -= 1
        grant.devices = tuple(taken)


def _matching(table: dict[tuple[int, int], int], chunks: int, cores: int, left: int) -> list[tuple[int, int]]:
    """Every chunk on a core of its own, all cores among them that still have as many uses as replicas are left."""
    load = [sum(table[chunk, core] for chunk in range(chunks)) for core in range(cores)]
    full = [core for core in range(cores) if left and load[core] == left]
    owner: dict[int, int] = {}

    def place(chunk: int, seen: set[int], allowed: list[int]) -> bool:
        for core in allowed:
            if table[chunk, core] and core not in seen:
                seen.add(core)
                if core not in owner or place(owner[core], seen, list(range(cores))):
                    owner[core] = chunk
                    return True
        return False

    for chunk in range(chunks):
        place(chunk, set(), full + [core for core in range(cores) if core not in full])
    # A full core that was left out takes a chunk from one that is not full (Mendelsohn and Dulmage 1958).
    for core in full:
        _cover(core, table, owner, set(full), chunks, set())
    return sorted((chunk, core) for core, chunk in owner.items())


def _cover(
    core: int, table: dict[tuple[int, int], int], owner: dict[int, int], full: set[int], chunks: int, seen: set[int]
) -> bool:
    if core in owner:
        return True
    for chunk in range(chunks):
        if not table[chunk, core] or chunk in seen:
            continue
        seen.add(chunk)
        held = next((one for one, owned in owner.items() if owned == chunk), None)
        if held is None:
            owner[core] = chunk
            return True
        if held not in full:
            del owner[held]
            owner[core] = chunk
            return True
        del owner[held]
        owner[core] = chunk
        if _cover(held, table, owner, full, chunks, seen):
            return True
        del owner[core]
        owner[held] = chunk
    return False
