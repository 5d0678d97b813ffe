"""Booking: the ledger as a plan leaves it."""

from __future__ import annotations

from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Grant, Ledger


def booked(problem: Problem, decided: Plan, without: str = "") -> tuple[Layout, Ledger]:
    """The layout of a problem and a ledger with the plan's placements booked, but for one replica."""
    spare = frozenset((decided.spare,)) if decided.spare else frozenset()
    layout = Layout(problem, choice_of(problem, decided), spare, eased_of(decided))
    ledger = Ledger(layout)
    for item in decided.placements:
        if item.replica != without and item.workload in layout.index and item.node in layout.node_index:
            ledger.book(grant_of(layout, ledger, item))
    return layout, ledger


def choice_of(problem: Problem, decided: Plan) -> dict[str, int]:
    """The variant that the plan chose, by workload of the problem."""
    variants = {item.workload: item.variant for item in decided.placements if item.variant}
    return {
        demand.workload: [one.name for one in demand.variants].index(variants[demand.workload])
        for demand in problem.demands
        if demand.workload in variants
    }


def eased_of(decided: Plan) -> dict[str, int]:
    """The failures that workloads of the plan are spread for, where those are fewer than asked."""
    return {item.workload: item.failures for item in decided.eased}


def grant_of(layout: Layout, ledger: Ledger, item: Placement) -> Grant:
    """What a placement takes, with its load on links beside the replicas that the ledger holds."""
    demand, node = layout.index[item.workload], layout.node_index[item.node]
    devices = {device.name: number for number, device in enumerate(layout.nodes[node].devices)}
    grant = Grant(
        demand,
        node,
        tuple((use.core, use.amount) for use in item.cores),
        tuple((devices[use.device], use.amount) for use in item.devices),
    )
    grant.wires = tuple(sorted(ledger.loads(demand, node).items()))
    return grant
