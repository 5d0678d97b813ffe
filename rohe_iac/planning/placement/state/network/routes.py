"""Routes: how nodes reach each other over the declared links."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from rohe_iac.planning.model.keys import ZONE_KEY
from rohe_iac.planning.model.supply import Supply, Wire
from rohe_iac.planning.placement.state.positions import NodeIndex

Route = tuple[int, int] | None
"""Latency in microseconds and position of the link (-1: no declared one); None where two nodes are not connected."""


class Routes:
    """The routes between the nodes of a problem, found when they are first asked for.

    Attributes:
        nodes: The nodes by position.
        wires: The links by position.
    """

    def __init__(self, nodes: Sequence[Supply], wires: Sequence[Wire]) -> None:
        self.nodes, self.wires = nodes, wires
        best: dict[tuple[str, str], int] = {}
        for position, wire in enumerate(wires):
            if wire.down:
                continue
            a, b = wire.ends
            for ends in ((a, b), (b, a)):
                known = best.get(ends)
                if known is None or (wire.latency or 0) < (wires[known].latency or 0):
                    best[ends] = position
        self._wire_between = best
        self._routes: dict[tuple[NodeIndex, NodeIndex], Route] = {}

    def between(self, a: NodeIndex, b: NodeIndex) -> Route:
        """Returns how node `a` reaches node `b`: the most specific declared link, else free within a node or a zone."""
        if a == b or not self.wires:
            return (0, -1)
        known = self._routes.get((a, b), False)
        if known is not False:
            return known  # type: ignore[return-value]
        route = self._find_route(a, b)
        self._routes[a, b] = self._routes[b, a] = route
        return route

    def _find_route(self, a: NodeIndex, b: NodeIndex) -> Route:
        """Returns the route by the declared links, the fastest of the most specific ones."""
        node_a, node_b = f"node/{self.nodes[a].name}", f"node/{self.nodes[b].name}"
        zone_a, zone_b = self._zone_ends[a], self._zone_ends[b]
        # Naming either end by its zone is equally specific, so that there and back is the same route.
        for pairs in (((node_a, node_b),), ((node_a, zone_b), (zone_a, node_b)), ((zone_a, zone_b),)):
            found = [self._wire_between[ends] for ends in pairs if ends in self._wire_between]
            if found:
                wire = min(found, key=lambda position: (self.wires[position].latency or 0, position))
                return (self.wires[wire].latency or 0, wire)
        return (0, -1) if zone_a == zone_b != "" else None

    @cached_property
    def _zone_ends(self) -> list[str]:
        """The name that links have for the zone of each node; "" for a node in none."""
        zones = [dict(node.labels).get(ZONE_KEY) for node in self.nodes]
        return ["" if zone is None else f"zone/{zone}" for zone in zones]

    @cached_property
    def places(self) -> list[int]:
        """The place of every node in the network, numbered by node: its zone, or the node itself where a link ends."""
        ends = {end for wire in self.wires for end in wire.ends}
        numbers: dict[str, int] = {}
        found = []
        for node, zone in zip(self.nodes, self._zone_ends, strict=True):
            own = f"node/{node.name}"
            found.append(numbers.setdefault(own if own in ends else zone, len(numbers)))
        return found
