"""Explains refused nodes: the rule, the missing amount and the closest nodes."""

from __future__ import annotations

from rohe_iac.planning.model.plan import Refusals, Rejection
from rohe_iac.planning.placement.evaluation.evaluator import View
from rohe_iac.planning.placement.rules.filters import rules_of
from rohe_iac.planning.placement.rules.shortfall import shortage
from rohe_iac.planning.placement.state.index import Layout
from rohe_iac.planning.placement.state.ledger import Ledger

CLOSEST = 5
"""How many of the refused nodes a plan keeps for a service."""


def refusals_of(layout: Layout, ledger: Ledger, view: View) -> Refusals:
    """What a view that explains says of refused nodes."""
    return Refusals(
        workload=layout.demands[view.demand].workload,
        by_rule=tuple([(rule, view.refused[rule]) for rule in rules_of(layout) if view.refused.get(rule)]),
        closest=tuple([rejection(layout, ledger, view.demand, node) for _, node in sorted(view.closest)[:CLOSEST]]),
    )


def rejection(layout: Layout, ledger: Ledger, demand: int, node: int) -> Rejection:
    """Why the node is refused, with what is missing."""
    rule, text, lacking = shortage(layout, ledger, demand, node)
    return Rejection(layout.nodes[node].name, rule, text, lacking)
