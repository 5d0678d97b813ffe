"""Keeping: which replicas stay on the node that they had, before any other is placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.rules.filters import refusal_to_stay
from rohe_iac.planning.placement.state.core_packing import pack_cores
from rohe_iac.planning.placement.state.from_plan import serves
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, ReplicaIndex
from rohe_iac.planning.solvers.construction.decision import Decision

MAX_PACKING_TRIES = 3000
"""How many chunks are set before dealing out the cores of a node anew is given up; most packings succeed at once."""

Kept = tuple[list[list[Decision]], dict[DemandIndex, Sequence[int]]]
"""Of every demand the decisions on the replicas that stay, and the indices of the others."""


def keep(
    indexed: IndexedProblem, ledger: Ledger, queue: Sequence[DemandIndex], standing: Mapping[ReplicaIndex, Grant]
) -> Kept:
    """Keeps every replica that can stay on its node, and returns the decisions and the replicas that wait.

    First come those that keep the cores and devices that they had: dealt out anew, these might no longer fit.

    Args:
        indexed: the problem.
        ledger: with nothing booked; what stays is booked in it.
        queue: the demands in service order.
        standing: what each replica held before.
    """
    decisions: list[list[Decision]] = [[] for _ in indexed.demands]
    waiting: dict[DemandIndex, Sequence[int]] = {demand: indexed.demands[demand].replica_indices for demand in queue}
    if not standing:
        return decisions, waiting
    ledger.pending = {demand for demand, _ in standing}
    for same_cores in (True, False):
        for demand in queue:
            others = []
            for index in waiting[demand]:
                stood = standing.get((demand, index))
                grant = _grant_to_stay(indexed, ledger, stood, same_cores=same_cores) if stood is not None else None
                if grant is None:
                    others.append(index)
                else:
                    decisions[demand].append(Decision.of(grant, index, kept=True))
            waiting[demand] = others
    _deal_out_anew(indexed, ledger, queue, standing, decisions, waiting)
    for demand in queue:
        ledger.pending.discard(demand)
        if indexed.near[demand]:
            released = _release_unsupported(indexed, ledger, demand, decisions[demand])
            waiting[demand] = sorted([*waiting[demand], *released])
    return decisions, waiting


def keep_exactly(
    indexed: IndexedProblem, ledger: Ledger, queue: Sequence[DemandIndex], standing: Mapping[ReplicaIndex, Grant]
) -> Kept:
    """Gives every replica exactly what it held before, which all fits together; see `keep`."""
    decisions: list[list[Decision]] = [[] for _ in indexed.demands]
    waiting: dict[DemandIndex, Sequence[int]] = {}
    for demand in queue:
        indices = indexed.demands[demand].replica_indices
        for index in indices:
            if (demand, index) in standing:
                grant = _booked(ledger, standing[demand, index])
                decisions[demand].append(Decision.of(grant, index, kept=True))
        waiting[demand] = [index for index in indices if (demand, index) not in standing]
    return decisions, waiting


def _deal_out_anew(
    indexed: IndexedProblem,
    ledger: Ledger,
    queue: Sequence[DemandIndex],
    standing: Mapping[ReplicaIndex, Grant],
    decisions: list[list[Decision]],
    waiting: dict[DemandIndex, Sequence[int]],
) -> None:
    """Keeps replicas that lack a core on their node only because of how its cores are dealt out.

    All replicas of the node get other cores then: they are restarted, and none moves.

    Args:
        indexed: the problem.
        ledger: what is free; changed.
        queue: the demands in service order.
        standing: what each replica held before.
        decisions: the decisions on replicas that stay; changed.
        waiting: the indices of the others; changed.
    """
    for demand in queue:
        others = []
        for index in waiting[demand]:
            stood = standing.get((demand, index))
            kept = (
                _dealt_out_anew(indexed, ledger, stood, decisions)
                if stood is not None and refusal_to_stay(indexed, ledger, demand, stood.node) == "cores"
                else None
            )
            if kept is None:
                others.append(index)
            else:
                decisions[demand].append(Decision.of(kept, index, kept=True))
        waiting[demand] = others


def _dealt_out_anew(
    indexed: IndexedProblem, ledger: Ledger, stood: Grant, decisions: list[list[Decision]]
) -> Grant | None:
    """Deals out the cores of a node anew with one replica more on it, and books all; None where they do not fit.

    Args:
        indexed: the problem.
        ledger: what is free; unchanged where the replica does not fit.
        stood: what the replica held on the node.
        decisions: the decisions on replicas that stay; those on the node get other cores.
    """
    node = stood.node
    here = [decision for found in decisions for decision in found if decision.node == node]
    for decision in here:
        ledger.release(decision)
    free, requests = ledger.cores[node], [indexed.resources[grant.demand].cores for grant in (*here, stood)]
    rows = pack_cores(free, requests, MAX_PACKING_TRIES)
    before = [decision.cores for decision in here]
    for decision, row in zip(here, rows or (), strict=False):
        decision.cores = row
    for decision in here:
        ledger.book(decision)
    if rows is not None and not refusal_to_stay(indexed, ledger, stood.demand, node):
        return ledger.take(stood.demand, node)
    for decision, row in zip(here, before, strict=True):
        ledger.release(decision)
        decision.cores = row
        ledger.book(decision)
    return None


def _grant_to_stay(indexed: IndexedProblem, ledger: Ledger, stood: Grant, *, same_cores: bool) -> Grant | None:
    """Books a replica on the node that it had and returns what it gets; None where it cannot stay.

    Args:
        indexed: the problem.
        ledger: what is free.
        stood: what the replica held.
        same_cores: whether it stays only with the cores and devices that it had.
    """
    exactly = serves(indexed, stood) and ledger.holds(stood)
    if (same_cores and not exactly) or refusal_to_stay(indexed, ledger, stood.demand, stood.node):
        return None
    return _booked(ledger, stood) if exactly else ledger.take(stood.demand, stood.node)


def _booked(ledger: Ledger, stood: Grant) -> Grant:
    """Books what a replica held, with its loads on links as they are now, and returns it."""
    wires = ledger.wires_of(stood.demand, stood.node)
    grant = Grant(stood.demand, stood.node, stood.cores, stood.devices, wires)
    ledger.book(grant)
    return grant


def _release_unsupported(
    indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, kept: list[Decision]
) -> list[int]:
    """Takes off the kept replicas of a demand whose required neighbour did not stay, and returns their indices."""
    released = []
    for decision in list(kept):
        node = decision.node
        if not all(near_holds(indexed, ledger, demand, *rule, node, stands=True) for rule in indexed.near[demand]):
            ledger.release(decision)
            kept.remove(decision)
            released.append(decision.index)
    return released
