"""Booking: the ledger as a plan leaves it."""

from __future__ import annotations

from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Grant, Ledger
from rohe_iac.planning.plan import Plan
from rohe_iac.planning.problem import Problem


def booked(problem: Problem, decided: Plan, without: str = "") -> tuple[Layout, Ledger]:
    """The layout of a problem and a ledger with the plan's placements booked, but for one replica."""
    variants = {item.workload: item.variant for item in decided.placements if item.variant}
    choice = {
        demand.workload: [one.name for one in demand.variants].index(variants[demand.workload])
        for demand in problem.demands
        if demand.workload in variants
    }
    layout = Layout(problem, choice)
    ledger = Ledger(layout)
    for item in decided.placements:
        demand, node = layout.index.get(item.workload), layout.node_index.get(item.node)
        if item.replica == without or demand is None or node is None:
            continue
        devices = {device.name: number for number, device in enumerate(layout.nodes[node].devices)}
        grant = Grant(
            demand,
            node,
            tuple((use.core, use.amount) for use in item.cores),
            tuple((devices[use.device], use.amount) for use in item.devices),
        )
        grant.wires = tuple(sorted(ledger.loads(demand, node).items()))
        ledger.book(grant)
    return layout, ledger
