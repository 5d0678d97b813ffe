"""Replica assignment: which replica of a demand is where, once the search knows how many are on each node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import (
    NO_NODE,
    NodeIndex,
    ReplicaIndex,
    enumerate_demands,
    enumerate_nodes,
)
from rohe_iac.planning.solvers.local_search.packing.node_load import Item


def assign_replicas(
    indexed: IndexedProblem, before: Mapping[ReplicaIndex, NodeIndex], items: Sequence[Sequence[Item]]
) -> tuple[dict[ReplicaIndex, Grant], set[ReplicaIndex]]:
    """Returns the grants by replica, and the replicas without a place.

    A replica stays on the node that it had, as far as there are items of its demand; new ones take the items that are
    left before those that have to move.

    Args:
        indexed: The problem.
        before: The node that each replica had, for those that had one.
        items: The items on each node.
    """
    ledger = Ledger(indexed)
    placed: dict[ReplicaIndex, Grant] = {}
    missing: set[ReplicaIndex] = set()
    places: list[list[tuple[NodeIndex, Item]]] = [[] for _ in indexed.demands]
    for node, on_node in enumerate_nodes(items):
        for item in on_node:
            places[item[0]].append((node, item))
    for demand, free in enumerate_demands(places):
        chosen: dict[int, tuple[NodeIndex, Item]] = {}
        indices = indexed.demands[demand].replica_indices
        for index in indices if before else ():
            node = before.get((demand, index), NO_NODE)
            same = next((place for place in free if place[0] == node), None)
            if same is not None:
                chosen[index] = same
                free.remove(same)
        left = [index for index in indices if index not in chosen]
        left.sort(key=lambda index: ((demand, index) in before, index))
        for index, place in zip(left, free, strict=False):
            chosen[index] = place
        for index in indices:
            if index not in chosen:
                missing.add((demand, index))
                continue
            node, (_, cores, devices) = chosen[index]
            grant = Grant(demand, node, cores, devices)
            if indexed.edges[demand]:
                grant.wires = ledger.wires_of(demand, node)
            ledger.book(grant)
            placed[demand, index] = grant
    return placed, missing
