"""The rules that a stack plugs in: filters are asked of a new replica and of every replica that is on the node."""

from __future__ import annotations

from dataclasses import replace

from rohe_iac.planning.model.plugins.calling import ask_filter
from rohe_iac.planning.model.plugins.protocols import Candidate
from rohe_iac.planning.placement.state.candidate import candidate_on, free_on
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex

ACCEPTED = ("", "")
"""No filter and no words: none refuses."""


def plugin_refusal(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> tuple[str, str]:
    """Returns the first plugged filter that refuses one more replica on the node, and its words; else empty words.

    Each filter is asked of the new replica first, then of every replica on the node with the new one counted in, so
    that the order in which replicas come makes no difference to what a filter holds.
    """
    if not indexed.plugins.filters:
        return ACCEPTED
    name, words = _first_refusal(indexed, candidate_on(indexed, ledger, demand, node))
    if name:
        return name, words
    others = [other for other in sorted(ledger.on[node]) if other != demand]
    if not others:
        return ACCEPTED
    grant = ledger.take(demand, node)
    answers = (_refusal_beside(indexed, ledger, other, node) for other in others)
    refused = next((answer for answer in answers if answer[0]), ACCEPTED)
    ledger.release(grant)
    return refused


def _refusal_beside(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> tuple[str, str]:
    """Returns which filter refuses a replica of the demand that is on the node, beside all others that are there."""
    free, asked = free_on(ledger, node), indexed.resources[demand]
    vms = None if free.vms is None else free.vms + (asked.vms or 0)
    beside = tuple(
        indexed.replicas_of(other, number - (other == demand))
        for other, number in sorted(ledger.on[node].items())
        if number > (other == demand)
    )
    # Which cores and devices are the replica's own is not known here: they count as taken.
    disk = None if free.disk is None else free.disk + asked.disk
    network = None if free.network is None else free.network + asked.network
    without = replace(free, cpu=free.cpu + asked.cpu, rss=free.rss + asked.rss, vms=vms, disk=disk, network=network)
    name, words = _first_refusal(indexed, Candidate(indexed.nodes[node], indexed.shown[demand], without, beside))
    return (name, f"{words} (asked for {indexed.demands[demand].workload}, which is there)") if name else ACCEPTED


def _first_refusal(indexed: IndexedProblem, candidate: Candidate) -> tuple[str, str]:
    for plugin in indexed.plugins.filters:
        words = ask_filter(plugin, candidate)
        if words:
            return plugin.name, words
    return ACCEPTED
