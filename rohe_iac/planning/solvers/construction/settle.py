"""Settling: gives replicas that stay on their node the cores and devices that they had there."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.planning.placement.state.core_assignment import cores_fit
from rohe_iac.planning.placement.state.device_assignment import device_step
from rohe_iac.planning.placement.state.from_plan import serves
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import NodeIndex, ReplicaIndex


def settle(
    indexed: IndexedProblem, grants: Mapping[ReplicaIndex, Grant], standing: Mapping[ReplicaIndex, Grant]
) -> dict[ReplicaIndex, Grant]:
    """Returns the grants with the cores and devices of `standing` on each node where the other replicas fit beside.

    A search deals out cores and devices anew, and replicas that it did not move would be restarted for nothing.

    Args:
        indexed: The problem.
        grants: What every placed replica gets.
        standing: What each replica held before.
    """
    settled = dict(grants)
    on_node: dict[NodeIndex, list[ReplicaIndex]] = {}
    for replica, grant in sorted(grants.items()):
        on_node.setdefault(grant.node, []).append(replica)
    ledger = Ledger(indexed)
    for node, replicas in on_node.items():
        stay = {
            replica: standing[replica]
            for replica in replicas
            if replica in standing and standing[replica].node == node and serves(indexed, standing[replica])
        }
        if any(_differs(grants[replica], stood) for replica, stood in stay.items()):
            settled |= _settle_node(indexed, ledger, {replica: grants[replica] for replica in replicas}, stay)
    return settled


def _differs(grant: Grant, other: Grant) -> bool:
    """Checks whether two grants have different cores or devices."""
    return (grant.cores, grant.devices) != (other.cores, other.devices)


def _settle_node(
    indexed: IndexedProblem,
    ledger: Ledger,
    grants: Mapping[ReplicaIndex, Grant],
    stay: Mapping[ReplicaIndex, Grant],
) -> dict[ReplicaIndex, Grant]:
    """Returns the grants of a node with the cores and devices of those that stay, or nothing where that does not fit.

    Args:
        indexed: The problem.
        ledger: With nothing booked on the node.
        grants: What the replicas of the node get.
        stay: What some of them held there before.
    """
    booked: dict[ReplicaIndex, Grant] = {}
    others = sorted(grants.keys() - stay.keys(), key=lambda replica: (_rank(indexed, replica), replica))
    for replica in [*stay, *others]:
        grant = _granted(indexed, ledger, grants[replica], stay.get(replica))
        if grant is None:
            break
        ledger.book(grant)
        booked[replica] = grant
    for grant in booked.values():
        ledger.release(grant)
    return booked if len(booked) == len(grants) else {}


def _rank(indexed: IndexedProblem, replica: ReplicaIndex) -> tuple[int, ...]:
    """Returns a key that puts large requests for cores first."""
    cores = indexed.resources[replica[0]].cores
    return (-max(cores, default=0), -len(cores))


def _granted(indexed: IndexedProblem, ledger: Ledger, grant: Grant, stood: Grant | None) -> Grant | None:
    """Returns the grant with the cores and devices it had, or with the tightest that are free; None for no room."""
    if stood is not None:
        held = ledger.holds(stood)
        return Grant(grant.demand, grant.node, stood.cores, stood.devices, grant.wires) if held else None
    asked, node = indexed.resources[grant.demand], grant.node
    devices = device_step(indexed, ledger.devices[node], node, asked.devices)
    if devices is None or not cores_fit(asked.cores, ledger.sorted_cores[node]):
        return None
    cores = ledger.core_step(ledger.cores[node], asked.cores)[0] if asked.cores else ()
    return Grant(grant.demand, node, cores, devices[0], grant.wires)
