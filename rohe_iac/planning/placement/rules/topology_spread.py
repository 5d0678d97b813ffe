"""The rule `spread`: at most so many replicas of a service in one domain of a topology key."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.placement.rules.rule import Closed, ClosedDomains, CouplingGroup, CouplingRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def domain_full(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> bool:
    """Checks whether the node lacks a label that the service is spread by, or its domain has as many as it may."""
    for spread in indexed.demands[demand].spread:
        domain = indexed.domains[spread.key][node]
        if domain < 0 or ledger.counts[demand][spread.key][domain] >= spread.limit:
            return True
    return False


def _words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    for spread in indexed.demands[demand].spread:
        domain = indexed.domains[spread.key][node]
        if domain < 0:
            return f"spread: the node has no label {spread.key}"
        if ledger.counts[demand][spread.key][domain] >= spread.limit:
            return f"spread: {spread.limit} in this {spread.key} already"
    return "spread"


def _closes(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex) -> Sequence[tuple[str, Closed]]:
    closed: list[tuple[str, Closed]] = []
    for spread in indexed.demands[demand].spread:
        counts = ledger.counts[demand][spread.key]
        taken = {indexed.domains[spread.key][node] for node in ledger.placed[demand]}
        full = {domain for domain in taken if domain >= 0 and counts[domain] >= spread.limit}
        if full or spread.key != NODE_KEY:
            closed.append(("spread", ClosedDomains(spread.key, full, unlabelled=True)))
    return closed


SPREAD = CouplingRule("spread", domain_full, _words)

SPREAD_RULES = CouplingGroup((SPREAD,), _closes)
