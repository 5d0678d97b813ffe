"""Outlook: what plugged filters and scorers are shown of a node as the ledger stands, and what they say to it."""

from __future__ import annotations

from rohe_iac.planning.model.plugins.calling import ask_filter
from rohe_iac.planning.model.plugins.protocols import Candidate, FreeAmounts
from rohe_iac.planning.placement.state.candidate import candidate_on, free_on
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def plugin_refusal(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> tuple[str, str]:
    """The first plugged filter that says no to one more replica there, and its words; empty words where none does.

    Each is asked of the newcomer first, then of everyone who stands on the node, with the newcomer counted in: so the
    order in which replicas come makes no difference to what a filter holds.
    """
    filters = indexed.plugins.filters
    if not filters:
        return "", ""
    candidate = candidate_on(indexed, ledger, demand, node)
    for one in filters:
        words = ask_filter(one, candidate)
        if words:
            return one.name, words
    others = [other for other in sorted(ledger.on[node]) if other != demand]
    if not others:
        return "", ""
    grant = ledger.take(demand, node)
    told = next((told for other in others if (told := _beside(indexed, ledger, other, node))[0]), ("", ""))
    ledger.release(grant)
    return told


def _beside(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> tuple[str, str]:
    """What the filters say to a replica of the demand that stands on the node, with all others there as they are."""
    free, asked = free_on(ledger, node), indexed.resources[demand]
    vms = None if free.vms is None else free.vms + (asked.vms or 0)
    standing = tuple(
        indexed.replicas_of(other, there - (other == demand))
        for other, there in sorted(ledger.on[node].items())
        if there > (other == demand)
    )
    # Which cores and devices are its own nobody asks: they count as taken.
    without = FreeAmounts(free.cpu + asked.cpu, free.cores, free.rss + asked.rss, vms, free.devices)
    candidate = Candidate(indexed.nodes[node], indexed.shown[demand], without, standing)
    for one in indexed.plugins.filters:
        words = ask_filter(one, candidate)
        if words:
            return one.name, f"{words} (asked for {indexed.demands[demand].workload}, which is there)"
    return "", ""
