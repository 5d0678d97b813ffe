"""Booking: the ledger as a plan leaves it."""

from __future__ import annotations

from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Grant, Ledger


def ledger_of(
    problem: Problem, decided: Plan, without: str = "", plugins: Plugins = NO_PLUGINS
) -> tuple[IndexedProblem, Ledger]:
    """Returns the indexed problem and a ledger with the placements of the plan booked, all but `without`."""
    spare = frozenset((decided.spare,)) if decided.spare else frozenset()
    indexed = IndexedProblem(problem, choice_of(problem, decided), spare, relaxed_spreads_of(decided), plugins)
    ledger = Ledger(indexed)
    for item in decided.placements:
        if item.replica != without and item.workload in indexed.index and item.node in indexed.node_index:
            ledger.book(grant_of(indexed, ledger, item))
    return indexed, ledger


def choice_of(problem: Problem, decided: Plan) -> dict[str, int]:
    """The variant that the plan chose, by workload of the problem."""
    variants = {item.workload: item.variant for item in decided.placements if item.variant}
    return {
        demand.workload: [one.name for one in demand.variants].index(variants[demand.workload])
        for demand in problem.demands
        if demand.workload in variants
    }


def relaxed_spreads_of(decided: Plan) -> dict[str, int]:
    """The failures that workloads of the plan are spread for, where those are fewer than asked."""
    return {item.workload: item.failures for item in decided.relaxed}


def grant_of(indexed: IndexedProblem, ledger: Ledger, item: Placement) -> Grant:
    """What a placement takes, with its load on links beside the replicas that the ledger holds."""
    demand, node = indexed.index[item.workload], indexed.node_index[item.node]
    devices = {device.name: number for number, device in enumerate(indexed.nodes[node].devices)}
    grant = Grant(
        demand,
        node,
        tuple((use.core, use.amount) for use in item.cores),
        tuple((devices[use.device], use.amount) for use in item.devices),
    )
    grant.wires = ledger.wires_of(demand, node)
    return grant
