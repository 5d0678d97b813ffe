"""Settling: who of each class is where, once it is known how many of it are on each node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.solvers.local_search.node_load import Item

Replica = tuple[int, int]


def assign_replicas(
    indexed: IndexedProblem, before: Mapping[Replica, int], content: Sequence[Sequence[Item]]
) -> tuple[dict[Replica, Grant], set[Replica]]:
    """Grants by replica, and who has none. Who was on a node before stays there, as far as there is room.

    before: nodes that replicas had. content: the parts on each node.
    """
    ledger = Ledger(indexed)
    placed: dict[Replica, Grant] = {}
    missing: set[Replica] = set()
    rooms: list[list[tuple[int, Item]]] = [[] for _ in indexed.demands]
    for node, parts in enumerate(content):
        for part in parts:
            rooms[part[0]].append((node, part))
    for demand, room in enumerate(rooms):
        chosen: dict[int, tuple[int, Item]] = {}
        indices = range(indexed.demands[demand].replicas)
        for index in indices if before else ():
            node = before.get((demand, index), -1)
            place = next((one for one in room if one[0] == node), None)
            if place is not None:
                chosen[index] = place
                room.remove(place)
        left = [index for index in indices if index not in chosen]
        left.sort(key=lambda index: ((demand, index) in before, index))
        for index, place in zip(left, room, strict=False):
            chosen[index] = place
        for index in indices:
            if index not in chosen:
                missing.add((demand, index))
                continue
            node, (_, cores, devices) = chosen[index]
            grant = Grant(demand, node, cores, devices)
            if indexed.edges[demand]:
                grant.wires = tuple(sorted(ledger.loads(demand, node).items()))
            ledger.book(grant)
            placed[demand, index] = grant
    return placed, missing
