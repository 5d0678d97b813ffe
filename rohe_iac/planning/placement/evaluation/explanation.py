"""Explains refused nodes: the rule, the missing amount and the closest nodes."""

from __future__ import annotations

from rohe_iac.planning.model.plan import Refusals, Rejection
from rohe_iac.planning.placement.evaluation.evaluator import Evaluation
from rohe_iac.planning.placement.rules.registry import rules_of
from rohe_iac.planning.placement.rules.shortfall import shortage
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

CLOSEST = 5
"""How many of the refused nodes a plan keeps for a service."""


def refusals_of(indexed: IndexedProblem, ledger: Ledger, evaluation: Evaluation) -> Refusals:
    """Returns the refused nodes of an evaluation that explains: counts by rule, and the closest with their reasons."""
    return Refusals(
        workload=indexed.demands[evaluation.demand].workload,
        by_rule=tuple([(rule, evaluation.refused[rule]) for rule in rules_of(indexed) if evaluation.refused.get(rule)]),
        closest=tuple(
            [rejection(indexed, ledger, evaluation.demand, node) for _, node in sorted(evaluation.closest)[:CLOSEST]]
        ),
    )


def rejection(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> Rejection:
    """Returns why the node is refused, with what is missing."""
    rule, text, lacking = shortage(indexed, ledger, demand, node)
    return Rejection(indexed.nodes[node].name, rule, text, lacking)
