"""Layout: a Problem with its names turned into positions, its domains and routes worked out once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from operator import attrgetter

from rohe_iac.planning.model.demand import Demand, Resources, Spread
from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.model.keys import NODE_KEY, ZONE_KEY
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, PlacedReplicas, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.placement.state.latency_budget import LatencyBudget
from rohe_iac.planning.placement.state.node_classes import NodeClasses

Route = tuple[int, int] | None
"""Latency in microseconds and position of the wire (-1: free); None where two nodes are not connected."""


class IndexedProblem:
    """Positions of nodes (by name) and demands (by workload), so that the order of the problem means nothing.

    choice: variant taken, by workload; absent: the first. spare: names of nodes that are kept free for the replicas of
    one that fails. eased: failures that a workload is spread for, where that is fewer than the stack asks to survive.
    Nothing in here changes while planning.
    """

    def __init__(
        self,
        problem: Problem,
        choice: Mapping[str, int] | None = None,
        spare: frozenset[str] = frozenset(),
        relaxed: Mapping[str, int] | None = None,
        plugins: Plugins = NO_PLUGINS,
    ) -> None:
        self.spare = spare
        self.problem = problem
        self.settings = problem.settings
        # Without promises nothing tells how much slack there is.
        named = tuple(name for name in problem.settings.objective if name != "slack" or problem.promises)
        # Whatever else is wished for, it is wished of plans that place what can be placed.
        self.objective = named if "placed" in named else ("placed", *named)
        self.nodes: tuple[Supply, ...] = tuple(sorted(problem.nodes, key=attrgetter("name")))
        self.demands: tuple[Demand, ...] = tuple(
            surviving(demand, (relaxed or {}).get(demand.workload, problem.settings.survive))
            for demand in sorted(problem.demands, key=lambda demand: demand.workload)
        )
        self.node_classes = NodeClasses(self.nodes, self.demands, spare)
        self.node_index = {node.name: position for position, node in enumerate(self.nodes)}
        self.index = {demand.workload: position for position, demand in enumerate(self.demands)}
        self.choice = [(choice or {}).get(demand.workload, 0) if demand.variants else -1 for demand in self.demands]
        self.resources: tuple[Resources, ...] = tuple(
            demand.variants[chosen].resources if chosen >= 0 else demand.resources
            for demand, chosen in zip(self.demands, self.choice, strict=True)
        )
        self._lay_rules()
        self._lay_domains()
        self._lay_network()
        self._static: dict[tuple[object, ...], tuple[list[str], list[str]]] = {}
        self.host_ports = [
            tuple((port.host, port.protocol) for port in demand.ports if port.host) for demand in self.demands
        ]
        ranged = self.settings.ports is not None
        self.numbered = [sum(not port.host for port in demand.ports) if ranged else 0 for demand in self.demands]
        self.plugins = plugins
        # Demands as plugged callables see them: with what the chosen variant asks for.
        self.shown = [
            replace(demand, resources=asked) if self.plugins else demand
            for demand, asked in zip(self.demands, self.resources, strict=True)
        ]
        self.device_types = sorted(
            {device.type for example in self.node_classes.representative for device in self.nodes[example].devices}
        )

    def _lay_rules(self) -> None:
        count = len(self.demands)
        avoid: list[set[tuple[int, str]]] = [set() for _ in range(count)]
        self.near: list[list[tuple[tuple[int, ...], str]]] = [[] for _ in range(count)]
        self.preferences: list[list[tuple[tuple[int, ...], str, bool]]] = [[] for _ in range(count)]
        for position, demand in enumerate(self.demands):
            for rule in demand.avoid:
                others = tuple(self.index[name] for name in rule.workloads if name in self.index)
                if rule.required:
                    for other in others:
                        avoid[position].add((other, rule.key))
                        avoid[other].add((position, rule.key))
                else:
                    self._wish(position, others, rule.key, close=False)
            for rule in demand.near:
                others = tuple(self.index[name] for name in rule.workloads if name in self.index)
                if rule.required:
                    self.near[position].append((others, rule.key))
                else:
                    self._wish(position, others, rule.key, close=True)
        self.avoid = [sorted(rules) for rules in avoid]
        self.avoid_keys = [
            tuple(sorted({rule.key for rule in demand.avoid if rule.required})) for demand in self.demands
        ]

    def _wish(self, position: int, others: tuple[int, ...], key: str, *, close: bool) -> None:
        """A wish of one about others. Those who come later hear it too, for nobody moves again for their sake."""
        self.preferences[position].append((others, key, close))
        for other in others:
            if other != position:
                self.preferences[other].append(((position,), key, close))

    def _lay_domains(self) -> None:
        watched: list[set[str]] = [set() for _ in self.demands]
        for position, demand in enumerate(self.demands):
            watched[position].update(rule.key for rule in demand.spread)
            watched[position].update(self.avoid_keys[position])
            watched[position].update(key for _, key in self.near[position])
            for other, key in self.avoid[position]:
                watched[other].add(key)
            for others, key in self.near[position]:
                for other in others:
                    watched[other].add(key)
            for others, key, _ in self.preferences[position]:
                for other in others:
                    watched[other].add(key)
        self.watched = [sorted(keys) for keys in watched]
        self.domains: dict[str, list[int]] = {}
        self.domain_nodes: dict[str, list[list[int]]] = {}
        for key in sorted(set().union(*watched) if watched else ()):
            self._lay_domain(key)

    def _lay_domain(self, key: str) -> None:
        if key == NODE_KEY:
            self.domains[key] = list(range(len(self.nodes)))
            self.domain_nodes[key] = [[position] for position in range(len(self.nodes))]
            return
        labels = [dict(node.labels).get(key) for node in self.nodes]
        numbers = {
            label: number for number, label in enumerate(sorted({label for label in labels if label is not None}))
        }
        self.domains[key] = [-1 if label is None else numbers[label] for label in labels]
        members: list[list[int]] = [[] for _ in numbers]
        for position, number in enumerate(self.domains[key]):
            if number >= 0:
                members[number].append(position)
        self.domain_nodes[key] = members

    def _lay_network(self) -> None:
        self.wires = tuple(sorted(self.problem.wires, key=lambda wire: wire.name))
        best: dict[tuple[str, str], int] = {}
        for position, wire in enumerate(self.wires):
            if wire.down:
                continue
            a, b = wire.ends
            for ends in ((a, b), (b, a)):
                known = best.get(ends)
                if known is None or (wire.latency or 0) < (self.wires[known].latency or 0):
                    best[ends] = position
        self._wire_between = best
        self._routes: dict[tuple[int, int], Route] = {}
        # Without declared links every node reaches every other, and edges ask for nothing.
        self.edges: list[list[tuple[int, int | None, int]]] = [[] for _ in self.demands]
        # Budgets, and for each demand those that it is on the way of, with its stage of each.
        self.budgets: list[LatencyBudget] = []
        self.paths: list[list[tuple[int, int]]] = [[] for _ in self.demands]
        if not self.wires:
            return
        for edge in sorted(self.problem.edges, key=lambda edge: (edge.source, edge.sink, str(edge))):
            source, sink = self.index.get(edge.source), self.index.get(edge.sink)
            if source is None or sink is None:
                continue
            pairs = max(1, self.demands[source].replicas * self.demands[sink].replicas)
            share = -(-(edge.bandwidth or 0) // pairs)
            self.edges[source].append((sink, edge.latency, share))
            if source != sink:
                self.edges[sink].append((source, edge.latency, share))
        self._lay_budgets()

    def _lay_budgets(self) -> None:
        """Of promises along the same way the one that leaves least for the network counts."""
        least: dict[tuple[tuple[int, ...], ...], ResponseTimeLimit] = {}
        for promise in sorted(self.problem.promises, key=lambda one: (one.network_budget, one.objective)):
            stages = tuple(
                tuple(sorted(self.index[one.workload] for one in stage if one.workload in self.index))
                for stage in promise.stages
            )
            if len(stages) > 1:
                least.setdefault(stages, promise)
        for stages, promise in sorted(least.items()):
            self.budgets.append(LatencyBudget(promise, stages, promise.network_budget))
            for stage, demands in enumerate(stages):
                for demand in demands:
                    self.paths[demand].append((len(self.budgets) - 1, stage))

    @cached_property
    def zone_ends(self) -> list[str]:
        """What links call the zone of each node; an empty word for a node in none."""
        zones = [dict(node.labels).get(ZONE_KEY) for node in self.nodes]
        return ["" if zone is None else f"zone/{zone}" for zone in zones]

    @cached_property
    def places(self) -> list[int]:
        """The place of every node in the network, numbered by node: its zone, or the node itself where a link ends."""
        ends = {end for wire in self.wires for end in wire.ends}
        numbers: dict[str, int] = {}
        found = []
        for node, zone in zip(self.nodes, self.zone_ends, strict=True):
            own = f"node/{node.name}"
            found.append(numbers.setdefault(own if own in ends else zone, len(numbers)))
        return found

    @cached_property
    def port_users(self) -> dict[tuple[int, str], list[int]]:
        """The demands that ask for each host port (number, protocol)."""
        users: dict[tuple[int, str], list[int]] = {}
        for demand, ports in enumerate(self.host_ports):
            for port in ports:
                users.setdefault(port, []).append(demand)
        return users

    def route(self, a: int, b: int) -> Route:
        """How node `a` reaches node `b`: the most specific declared wire, else free within a node or a zone."""
        if a == b or not self.wires:
            return (0, -1)
        known = self._routes.get((a, b), False)
        if known is not False:
            return known  # type: ignore[return-value]
        route = self._find_route(a, b)
        self._routes[a, b] = self._routes[b, a] = route
        return route

    def _find_route(self, a: int, b: int) -> Route:
        node_a, node_b = f"node/{self.nodes[a].name}", f"node/{self.nodes[b].name}"
        zone_a, zone_b = self.zone_ends[a], self.zone_ends[b]
        # Both ways of naming one end by its zone are as specific, so that there and back is the same route.
        for pairs in (((node_a, node_b),), ((node_a, zone_b), (zone_a, node_b)), ((zone_a, zone_b),)):
            found = [self._wire_between[ends] for ends in pairs if ends in self._wire_between]
            if found:
                wire = min(found, key=lambda one: (self.wires[one].latency or 0, one))
                return (self.wires[wire].latency or 0, wire)
        return (0, -1) if zone_a == zone_b != "" else None

    def domain_of(self, demand: int, replicas: int) -> PlacedReplicas:
        """So many replicas of a demand, as plugged callables see them."""
        one = self.demands[demand]
        return PlacedReplicas(one.workload, one.pipeline, one.service, one.member, replicas, one.system)

    def static(self, demand: int) -> list[str]:
        """For each node the rule of status, labels, taints or architecture that refuses it, or an empty word."""
        return self._static_rules(demand)[1]

    def static_by_class(self, demand: int) -> list[str]:
        """The same for each kind of node."""
        return self._static_rules(demand)[0]

    def _static_rules(self, demand: int) -> tuple[list[str], list[str]]:
        wanted = self.demands[demand]
        key = (wanted.selector, wanted.tolerations, wanted.arch)
        known = self._static.get(key)
        if known is None:
            kinds = []
            for example in self.node_classes.representative:
                node = self.nodes[example]
                kinds.append(static_rule(wanted, node) or ("reserved" if node.name in self.spare else ""))
            known = self._static[key] = (kinds, [kinds[kind] for kind in self.node_classes.class_of])
        return known

    def alone(self, demand: int) -> bool:
        """Whether taking a node for this demand changes the answer of that node alone (spread domains aside)."""
        if self.edges[demand] and any(peer == demand for peer, _, _ in self.edges[demand]):
            return False
        if self.host_ports[demand] and self.settings.one_machine:
            return False
        if any(other == demand and key != NODE_KEY for other, key in self.avoid[demand]):
            return False
        if any(demand in others for others, _ in self.near[demand]):
            return False
        if any(share for _, _, share in self.edges[demand]):
            return False
        return not any(demand in others and key != NODE_KEY for others, key, _ in self.preferences[demand])


def surviving(demand: Demand, failures: int) -> Demand:
    """The demand spread so that no `failures` nodes hold all of its replicas, where it has at least two."""
    if not failures or demand.replicas < 2:
        return demand
    return replace(demand, spread=(*demand.spread, Spread(NODE_KEY, most_on_a_node(demand.replicas, failures))))


def most_on_a_node(replicas: int, failures: int) -> int:
    """How many of at least two replicas may share a node, so that no so many nodes hold all of them."""
    return max(1, (replicas - 1) // failures) if failures else replicas
