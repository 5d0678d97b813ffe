"""The ledger as a plan leaves it."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.device_assignment import devices_serve, taken_by
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger
from rohe_iac.planning.placement.state.positions import NodeIndex, ReplicaIndex


def ledger_of(
    problem: Problem, decided: Plan, without: str = "", plugins: Plugins = NO_PLUGINS
) -> tuple[IndexedProblem, Ledger]:
    """Returns the indexed problem, and a ledger with all placements of the plan booked but that of `without`."""
    spare = frozenset((decided.spare,)) if decided.spare else frozenset()
    indexed = IndexedProblem(
        problem, choice_of(problem, decided), spare, relaxed_spreads_of(decided), plugins, left_out_of(decided)
    )
    ledger = Ledger(indexed)
    for placement in (*decided.placements, *decided.reserved):
        if (
            placement.replica != without
            and placement.workload in indexed.index
            and placement.node in indexed.node_index
        ):
            ledger.book(grant_of(indexed, ledger, placement))
    return indexed, ledger


def choice_of(problem: Problem, decided: Plan) -> dict[str, int]:
    """Returns the position of the variant that the plan chose, by workload of the problem."""
    variants = {placement.workload: placement.variant for placement in decided.placements if placement.variant}
    return {
        demand.workload: [variant.name for variant in demand.variants].index(variants[demand.workload])
        for demand in problem.demands
        if demand.workload in variants
    }


def relaxed_spreads_of(decided: Plan) -> dict[str, int]:
    """Returns the failures that workloads of the plan are spread for, where those are fewer than asked."""
    return {relaxed.workload: relaxed.failures for relaxed in decided.relaxed}


def left_out_of(decided: Plan) -> frozenset[str]:
    """Returns the names of pipelines that the plan does not place, because not all of their replicas fit."""
    return frozenset(gang.pipeline for gang in decided.left_out)


def grant_of(indexed: IndexedProblem, ledger: Ledger, placement: Placement) -> Grant:
    """Returns what a placement takes, with its load on links to the replicas that the ledger holds."""
    demand, node = indexed.index[placement.workload], indexed.node_index[placement.node]
    devices = {device.name: number for number, device in enumerate(indexed.nodes[node].devices)}
    grant = Grant(
        demand,
        node,
        tuple((use.core, use.amount) for use in placement.cores),
        taken_by(placement.devices, devices, indexed.memory_offset),
    )
    grant.wires = ledger.wires_of(demand, node)
    return grant


def standing_grants(
    indexed: IndexedProblem, previous: Plan | None, *, rooms_too: bool = False
) -> dict[ReplicaIndex, Grant]:
    """Returns what each replica holds by the previous plan, of replicas and nodes that still exist.

    Room that is kept for updates is found anew with each plan, for it moves without a restart, unless `rooms_too`.

    A grant has no cores and devices where the node no longer has them, or where the request is for others now: then
    only the node is known. Loads on links are left out, as they depend on the other replicas.
    """
    standing = {}
    asked_for = [frozenset(demand.indices) or range(demand.replicas) for demand in indexed.demands]
    held = () if previous is None else (*previous.placements, *(previous.reserved if rooms_too else ()))
    for placement in held:
        demand, node = indexed.index.get(placement.workload), indexed.node_index.get(placement.node)
        if demand is None or node is None or placement.index not in asked_for[demand]:
            continue
        numbers = {device.name: number for number, device in enumerate(indexed.nodes[node].devices)}
        cores = tuple((use.core, use.amount) for use in placement.cores)
        devices = taken_by(placement.devices, numbers, indexed.memory_offset)
        grant = Grant(demand, node, cores, devices)
        standing[demand, placement.index] = grant if serves(indexed, grant) else Grant(demand, node)
    return standing


def nodes_of(grants: Mapping[ReplicaIndex, Grant]) -> dict[ReplicaIndex, NodeIndex]:
    """Returns the node of each replica."""
    return {replica: grant.node for replica, grant in grants.items()}


def serves(indexed: IndexedProblem, grant: Grant) -> bool:
    """Checks whether the cores and devices of a grant are those of its node, and what its demand asks for."""
    node, asked = indexed.nodes[grant.node], indexed.resources[grant.demand]
    numbers = {core for core, _ in grant.cores}
    return (
        len(numbers) == len(grant.cores)
        and all(0 <= core < len(node.cores) for core in numbers)
        and tuple(sorted((amount for _, amount in grant.cores), reverse=True)) == asked.cores
        and devices_serve(node.devices, grant.devices, asked.devices, indexed.memory_offset)
    )
