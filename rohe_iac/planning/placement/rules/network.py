"""The rules `latency` and `bandwidth`: links to the replicas that a replica exchanges messages with.

The group has the rule `budget` too: one walk over the places of the network answers all three.
"""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.model.keys import ZONE_KEY
from rohe_iac.planning.placement.rules.latency_budget import BUDGET, budget_exceeded
from rohe_iac.planning.placement.rules.rule import Closed, ClosedPlaces, CouplingGroup, CouplingRule
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex


def network_refusal(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    """Returns the first of the rules latency, bandwidth and budget that refuses the node, or an empty word."""
    if link_too_slow(indexed, ledger, demand, node):
        return "latency"
    if link_too_narrow(indexed, ledger, demand, node):
        return "bandwidth"
    return "budget" if indexed.paths[demand] and budget_exceeded(indexed, ledger, demand, node) else ""


def link_too_slow(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> bool:
    """Checks whether a replica of a peer cannot be reached from the node, or not within the latency of the flow."""
    for peer, limit, _, key in indexed.edges[demand]:
        for other in ledger.placed[peer]:
            if not indexed.exchanges(key, node, other):
                continue
            route = indexed.route(node, other)
            if route is None or (limit is not None and route[0] > limit):
                return True
    return False


def link_too_narrow(_: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> bool:
    """Checks whether a wire has less bandwidth left than the flows of a replica on the node need."""
    return any(load > ledger.free_bandwidth(wire) for wire, load in ledger.loads(demand, node).items())


def _latency_words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    for peer, limit, _, key in indexed.edges[demand]:
        for other in sorted(ledger.placed[peer]):
            if not indexed.exchanges(key, node, other):
                continue
            route = indexed.route(node, other)
            name, there = indexed.demands[peer].workload, indexed.nodes[other].name
            if route is None:
                return f"latency: no link to {name} on {there}"
            if limit is not None and route[0] > limit:
                return f"latency: {(route[0] - limit) / 1000:g} ms over {limit / 1000:g} ms to {name} on {there}"
    return "latency"


def _bandwidth_words(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex, node: NodeIndex) -> str:
    for wire, load in sorted(ledger.loads(demand, node).items()):
        lacking = load - ledger.free_bandwidth(wire)
        if lacking > 0:
            return f"bandwidth: {lacking} of {load} bit/s missing on {indexed.wires[wire].name}"
    return "bandwidth"


def _closes(indexed: IndexedProblem, ledger: Ledger, demand: DemandIndex) -> Sequence[tuple[str, Closed]]:
    """Returns the closed places of each rule; rules are asked once for a place, and for every node with a peer."""
    if not indexed.edges[demand] and not indexed.paths[demand]:
        return ()
    places = indexed.places
    peers = {node for peer, _, _, _ in indexed.edges[demand] for node in ledger.placed[peer]}
    if any(key not in ("", ZONE_KEY) for _, _, _, key in indexed.edges[demand]):
        peers = set(indexed.node_indices)  # nodes of one place may be in several domains of a label
    samples = {places[node]: node for node in reversed(indexed.node_indices) if node not in peers}
    by_place = {place: network_refusal(indexed, ledger, demand, node) for place, node in samples.items()}
    by_node = {node: network_refusal(indexed, ledger, demand, node) for node in peers}
    return [
        (
            rule.name,
            ClosedPlaces(
                [place for place, refusal in by_place.items() if refusal == rule.name],
                {node: refusal == rule.name for node, refusal in by_node.items()},
            ),
        )
        for rule in NETWORK_RULES.rules
    ]


LATENCY = CouplingRule("latency", link_too_slow, _latency_words)
BANDWIDTH = CouplingRule("bandwidth", link_too_narrow, _bandwidth_words)

NETWORK_RULES = CouplingGroup((LATENCY, BANDWIDTH, BUDGET), _closes)
