"""The rules `spread` and `skew`: how many replicas of a service may be in one domain of a topology key.

`spread` limits their number, `skew` how many more they are than in the domain that has fewest.
"""

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
    for skew in indexed.skews.required[demand]:
        domains = indexed.domains[skew[0]]
        # A domain without a replica is never too far above another.
        taken = {domains[node] for node in ledger.placed[demand] if domains[node] >= 0}
        full = {domain for domain in taken if indexed.skews.closes(ledger, demand, skew, domain)}
        if full or skew[0] != NODE_KEY:
            closed.append(("skew", ClosedDomains(skew[0], full, unlabelled=True)))
    return closed


def skewed(
    indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex, *, stays: bool = False
) -> bool:
    """Checks whether one more replica would put the node's domain too far above the one that has fewest.

    A replica that stays needs a domain alone: how even all are is known when every other has been kept or not.
    """
    for skew in indexed.skews.required[demand]:
        domain = indexed.domains[skew[0]][node]
        if domain < 0 or (not stays and indexed.skews.closes(ledger, demand, skew, domain)):
            return True
    return False


def _skew_words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    for key, most in indexed.skews.required[demand]:
        domain = indexed.domains[key][node]
        if domain < 0:
            return f"skew: the node has no label {key}"
        if indexed.skews.closes(ledger, demand, (key, most), domain):
            number, least = ledger.counts[demand][key][domain], indexed.skews.least(ledger, demand, key)
            return f"skew: {number} in this {key} and {least} in another, one more is over maxSkew {most}"
    return "skew"


SPREAD = CouplingRule("spread", domain_full, _words)

SKEW = CouplingRule("skew", skewed, _skew_words)

SPREAD_RULES = CouplingGroup((SPREAD, SKEW), _closes)
