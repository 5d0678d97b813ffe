"""The rules `latency`, `bandwidth` and `budget`: links to the replicas that are placed."""

from __future__ import annotations

from rohe_iac.planning.placement.rules.path_latency import overspent
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def network_refusal(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> str:
    """Whether latency, bandwidth or a budget along the flow refuses the node, or an empty word."""
    for peer, limit, _ in indexed.edges[demand]:
        for other in ledger.placed[peer]:
            route = indexed.route(node, other)
            if route is None or (limit is not None and route[0] > limit):
                return "latency"
    for wire, load in ledger.loads(demand, node).items():
        if load > ledger.bandwidth[wire]:
            return "bandwidth"
    return "budget" if indexed.paths[demand] and overspent(indexed, ledger, demand, node) is not None else ""
