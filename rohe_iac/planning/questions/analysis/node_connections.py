"""Node connections: what a flow between two nodes goes over, by the names of the nodes."""

from __future__ import annotations

from typing import NamedTuple

from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.network.routes import Route


class NodeConnection(NamedTuple):
    """What lies between two nodes.

    Attributes:
        over: the link with its name, or words for what connects the nodes where no link does.
        latency: microseconds; 0 where no link is crossed or the link declares none.
        connected: whether a flow can go from one of the nodes to the other.
    """

    over: str
    latency: int = 0
    connected: bool = True


SAME_NODE = NodeConnection("same node")
SAME_ZONE = NodeConnection("same zone")
UNDECLARED = NodeConnection("no links declared")
"""The connection of all nodes where the inventory declares no link at all."""
UNCONNECTED = NodeConnection("no link", connected=False)


class NodeConnections:
    """The connections between the nodes of a problem, looked up pair by pair."""

    def __init__(self, problem: Problem) -> None:
        self._indexed = IndexedProblem(problem)
        self._positions = self._indexed.node_index
        # Flows of a fleet ask for millions of pairs that share a few routes.
        self._by_route: dict[Route, NodeConnection] = {}

    def between(self, source: str, sink: str) -> NodeConnection:
        """Returns what connects two nodes of the problem.

        Raises:
            KeyError: the problem has no node of that name.
        """
        if source == sink:
            return SAME_NODE
        route = self._indexed.route(self._positions[source], self._positions[sink])
        known = self._by_route.get(route)
        if known is None:
            known = self._by_route[route] = self._connection(route)
        return known

    def _connection(self, route: Route) -> NodeConnection:
        if route is None:
            return UNCONNECTED
        latency, link = route
        if link >= 0:
            return NodeConnection(f"link {self._indexed.wires[link].name}", latency)
        return SAME_ZONE if self._indexed.wires else UNDECLARED
