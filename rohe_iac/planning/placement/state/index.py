"""Indexed problem: a Problem with its names turned into positions, its domains and routes worked out once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import attrgetter
from typing import cast

from rohe_iac.planning.model.demand import Demand, Resources, SpreadRule, local_rules, with_local_rules
from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.model.keys import FAILURE_ZONE_KEY, NODE_KEY, ZONE_KEY
from rohe_iac.planning.model.node_interference import NodeInterference
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, PlacedReplicas, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.promise import ResponseTimeLimit, hop_keys
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.update_room import rooms_of
from rohe_iac.planning.placement.state.amounts import asks_for_extras, asks_for_memory
from rohe_iac.planning.placement.state.network.latency_budget import LatencyBudget
from rohe_iac.planning.placement.state.network.local_load import LocalLoad
from rohe_iac.planning.placement.state.network.routes import Routes
from rohe_iac.planning.placement.state.node_classes import NodeClasses
from rohe_iac.planning.placement.state.node_preferences import NodePreferences
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands, enumerate_nodes
from rohe_iac.planning.placement.state.topology_skews import TopologySkews

AvoidRule = tuple[DemandIndex, str]
"""A demand and the topology key in whose domains it may not be."""

NearRule = tuple[tuple[DemandIndex, ...], str]
"""Demands of which one has to be in the same domain, and the topology key."""

Preference = tuple[tuple[DemandIndex, ...], str, bool]
"""Demands, the topology key, and whether to share a domain with one of them (else: with none)."""

Flow = tuple[DemandIndex, int | None, int, str]
"""The other demand, the most latency in microseconds, the bits a second of a pair of replicas (0 for a local flow, see
LocalLoad), and the topology key within whose domains pairs are."""


class IndexedProblem:
    """A problem by position: nodes sorted by name, demands by workload, so that the problem's own order means nothing.

    Nothing in here changes while planning. Lists are by demand where nothing else is said.

    Attributes:
        problem, settings: What is planned, and how.
        spare: Names of nodes that are kept free for the replicas of one that fails.
        relaxed: Failures that workloads are spread for, by workload, where that is fewer than the stack asks for.
        left_out: Names of pipelines that are placed whole or not at all, and are not placed.
        gangs: Demands of each other pipeline that is placed whole or not at all.
        objective: Names of the objective's terms, the most important first.
        nodes, demands: Nodes by name; demands by workload, spread for the failures that the stack has to survive, and
            near to those that their local flows lead to.
        node_indices, demand_indices: Their positions.
        node_classes: Classes of nodes that are equal in all that depends on one node alone.
        node_index, index: Position of a node by name, of a demand by workload.
        choice: Position of the variant that is taken; -1 for a demand without variants.
        resources, interference: What a replica of the chosen variant asks for, and what neighbours cost sensitive ones.
        avoid: Required avoid rules, of the demand itself and of others about it.
        avoid_keys: Topology keys of the demand's own required avoid rules.
        near: Required near rules.
        preferences: Preferred near and avoid rules, of the demand itself and of others about it.
        skews: How far numbers of replicas may differ between domains.
        node_preferences: Labels that nodes preferably have.
        preference_total: The sum of the weights of all preferences; that of rules about other replicas is 1 each.
        watched: Topology keys by whose domains a rule counts replicas of the demand.
        domains: By topology key, the domain of each node; -1 for a node without the label.
        domain_nodes: By topology key, the nodes of each domain.
        wires: Links, by name.
        routes: How nodes reach each other.
        route: Returns how a node reaches another one (see `Routes.between`).
        edges: Flows to and from the demand; none where no link is declared, and none within single nodes.
        local_loads: By demand, its local flows that may load links within a domain.
        budgets: Latency budgets of the promises.
        paths: Budgets (by position) that the demand is on the path of, each with its stage there.
        host_ports: (number, protocol) of the ports that the demand asks for by number.
        numbered: How many of a replica's ports the plan numbers.
        plugins, shown: Plugged callables, and demands as they see them: with what the chosen variant asks for.
        device_types: Types of accelerators that any node has, sorted.
        memory_offset: Where memory begins in rows of devices, 0 where no demand asks for any; `has_extras` for EXTRAS.
    """

    def __init__(
        self,
        problem: Problem,
        choice: Mapping[str, int] | None = None,
        spare: frozenset[str] = frozenset(),
        relaxed: Mapping[str, int] | None = None,
        plugins: Plugins = NO_PLUGINS,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        """Works out positions, domains and routes.

        Args:
            problem: The problem.
            choice: Variant to take, by workload; absent: the first.
            spare: Names of nodes to keep free.
            relaxed: Failures to spread for, by workload, where that is fewer than the stack asks to survive.
            plugins: Plugged callables.
            left_out: Names of pipelines of which no replica is placed, because not all of them fit.
        """
        self.spare, self.left_out = spare, left_out
        self.relaxed: Mapping[str, int] = relaxed or {}
        self.problem, self.settings = problem, problem.settings
        # Without promises there is no slack to measure.
        named = tuple(name for name in problem.settings.objective if name != "slack" or problem.promises)
        # All other terms compare plans that place as much.
        self.objective = named if "placed" in named else ("placed", *named)
        self.nodes: tuple[Supply, ...] = tuple(sorted(problem.nodes, key=attrgetter("name")))
        local = local_rules(problem.edges)
        self.demands: tuple[Demand, ...] = tuple(
            surviving(
                with_local_rules(demand, local),
                self.relaxed.get(demand.workload, problem.settings.survive),
                0 if demand.workload in self.relaxed else problem.settings.survive_zones,
            )
            for demand in sorted(
                (*problem.demands, *rooms_of(problem.demands, choice or {})), key=lambda demand: demand.workload
            )
        )
        self.node_indices = cast("Sequence[NodeIndex]", range(len(self.nodes)))
        self.demand_indices = cast("Sequence[DemandIndex]", range(len(self.demands)))
        self.node_classes = NodeClasses(self.nodes, self.demands, spare)
        self.node_index = {node.name: position for position, node in enumerate_nodes(self.nodes)}
        self.index = {demand.workload: position for position, demand in enumerate_demands(self.demands)}
        self.choice = [(choice or {}).get(demand.workload, 0) if demand.variants else -1 for demand in self.demands]
        self.resources: tuple[Resources, ...] = tuple(
            demand.variants[chosen].resources if chosen >= 0 else demand.resources
            for demand, chosen in zip(self.demands, self.choice, strict=True)
        )
        self.gangs = list(filter(None, map(self.members_of, sorted({*problem.gangs} - left_out))))
        self.interference = NodeInterference(self.demands, self.resources, self.nodes)
        self._index_rules()
        self._index_domains()
        self.skews = TopologySkews(self.demands, self.domains, self.static)
        others = [len(rules) + len(skews) for rules, skews in zip(self.preferences, self.skews.preferred, strict=True)]
        self.node_preferences = NodePreferences(self.nodes, self.demands, others)
        self.preference_total = [
            number + weight for number, weight in zip(others, self.node_preferences.total, strict=True)
        ]
        self._index_network()
        self._static: dict[tuple[object, ...], tuple[list[str], list[str]]] = {}
        self.host_ports = [
            tuple((port.host, port.protocol) for port in demand.ports if port.host) for demand in self.demands
        ]
        ranged = self.settings.ports is not None
        self.numbered = [sum(not port.host for port in demand.ports) if ranged else 0 for demand in self.demands]
        self.plugins = plugins
        self.shown = [
            replace(demand, resources=asked) if self.plugins else demand
            for demand, asked in zip(self.demands, self.resources, strict=True)
        ]
        samples = [self.nodes[node].devices for node in self.node_classes.representative]
        self.device_types = sorted({device.type for devices in samples for device in devices})
        self.memory_offset = max(map(len, samples), default=0) if asks_for_memory(self.demands) else 0
        self.has_extras = asks_for_extras(self.demands)

    def members_of(self, pipeline: str) -> tuple[DemandIndex, ...]:
        """Returns the demands of a pipeline without those that the stack runs for itself."""
        return tuple(
            position
            for position, demand in enumerate_demands(self.demands)
            if demand.pipeline == pipeline and not demand.system and not demand.room
        )

    def rooms_of(self, pipeline: str) -> tuple[DemandIndex, ...]:
        """Returns the demands that keep room for updates of a pipeline."""
        return tuple(
            position
            for position, demand in enumerate_demands(self.demands)
            if demand.room and demand.pipeline == pipeline
        )

    def is_left_out(self, demand: DemandIndex) -> bool:
        """Checks whether no replica of the demand is placed, because not all of its pipeline fits."""
        wanted = self.demands[demand]
        return bool(self.left_out) and wanted.pipeline in self.left_out and not wanted.system

    def _index_rules(self) -> None:
        count = len(self.demands)
        avoid: list[set[AvoidRule]] = [set() for _ in range(count)]
        self.near: list[list[NearRule]] = [[] for _ in range(count)]
        self.preferences: list[list[Preference]] = [[] for _ in range(count)]
        for position, demand in enumerate_demands(self.demands):
            for rule in demand.avoid:
                others = tuple(self.index[name] for name in rule.workloads if name in self.index)
                if rule.required:
                    for other in others:
                        avoid[position].add((other, rule.key))
                        avoid[other].add((position, rule.key))
                else:
                    self._prefer(position, others, rule.key, close=False)
            for rule in demand.near:
                others = tuple(self.index[name] for name in rule.workloads if name in self.index)
                if rule.required:
                    self.near[position].append((others, rule.key))
                else:
                    self._prefer(position, others, rule.key, close=True)
        self.avoid = [sorted(rules) for rules in avoid]
        self.avoid_keys = [
            tuple(sorted({rule.key for rule in demand.avoid if rule.required})) for demand in self.demands
        ]

    def _prefer(self, position: DemandIndex, others: tuple[DemandIndex, ...], key: str, *, close: bool) -> None:
        """Adds a preference of one demand about others, to them as well: whichever comes later has to respect it."""
        self.preferences[position].append((others, key, close))
        for other in others:
            if other != position:
                self.preferences[other].append(((position,), key, close))

    def _index_domains(self) -> None:
        watched: list[set[str]] = [set() for _ in self.demands]
        for position, demand in enumerate_demands(self.demands):
            watched[position].update(rule.key for rule in demand.spread)
            watched[position].update(rule.key for rule in demand.skews)
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
        self.domain_nodes: dict[str, list[list[NodeIndex]]] = {}
        for key in sorted(set().union(*watched) if watched else ()):
            self._index_domain(key)

    def _index_domain(self, key: str) -> None:
        """Numbers the domains of a topology key by label value; each node is a domain of its own for NODE_KEY."""
        if key == NODE_KEY:
            self.domains[key] = list(self.node_indices)
            self.domain_nodes[key] = [[position] for position in self.node_indices]
            return
        labels = [dict(node.labels).get(key) for node in self.nodes]
        if key == FAILURE_ZONE_KEY:
            labels = [dict(node.labels).get(ZONE_KEY, f"node/{node.name}") for node in self.nodes]
        numbers = {
            label: number for number, label in enumerate(sorted({label for label in labels if label is not None}))
        }
        self.domains[key] = [-1 if label is None else numbers[label] for label in labels]
        members: list[list[NodeIndex]] = [[] for _ in numbers]
        for position, number in enumerate_nodes(self.domains[key]):
            if number >= 0:
                members[number].append(position)
        self.domain_nodes[key] = members

    def _index_network(self) -> None:
        self.wires = tuple(sorted(self.problem.wires, key=lambda wire: wire.name))
        self.routes = Routes(self.nodes, self.wires)
        self.route = self.routes.between
        # Without declared links every node reaches every other, and edges ask for nothing.
        self.edges: list[list[Flow]] = [[] for _ in self.demands]
        self.local_loads: list[list[LocalLoad]] = [[] for _ in self.demands]
        self.budgets: list[LatencyBudget] = []
        self.paths: list[list[tuple[int, int]]] = [[] for _ in self.demands]
        if not self.wires:
            return
        for edge in sorted(self.problem.edges, key=lambda edge: (edge.source, edge.sink, str(edge))):
            source, sink = self.index.get(edge.source), self.index.get(edge.sink)
            if source is None or sink is None or edge.within == NODE_KEY:
                continue
            pairs = max(1, self.demands[source].replicas * self.demands[sink].replicas)
            share = 0 if edge.within else -(-(edge.bandwidth or 0) // pairs)
            self.edges[source].append((sink, edge.latency, share, edge.within))
            if source != sink:
                self.edges[sink].append((source, edge.latency, share, edge.within))
                if edge.within and edge.bandwidth:
                    load = LocalLoad(source, sink, edge.bandwidth, self.demands[source].replicas, edge.within)
                    self.local_loads[source].append(load)
                    self.local_loads[sink].append(load)
        self._index_budgets()

    def _index_budgets(self) -> None:
        """Lists the latency budgets: of promises along one path, the one that leaves least for the network counts."""
        least: dict[tuple[tuple[DemandIndex, ...], ...], ResponseTimeLimit] = {}
        for promise in sorted(self.problem.promises, key=lambda promise: (promise.network_budget, promise.objective)):
            stages = tuple(
                tuple(sorted(self.index[time.workload] for time in stage if time.workload in self.index))
                for stage in promise.stages
            )
            if len(stages) > 1:
                least.setdefault(stages, promise)
        for stages, promise in sorted(least.items()):
            keys = hop_keys([[time.workload for time in stage] for stage in promise.stages], self.problem.edges)
            self.budgets.append(LatencyBudget(promise, stages, promise.network_budget, keys))
            for stage, demands in enumerate(stages):
                for demand in demands:
                    self.paths[demand].append((len(self.budgets) - 1, stage))

    @property
    def places(self) -> list[int]:
        """Returns the place of every node in the network (see `Routes.places`)."""
        return self.routes.places

    @cached_property
    def port_users(self) -> dict[tuple[int, str], list[DemandIndex]]:
        """The demands that ask for each host port (number, protocol)."""
        users: dict[tuple[int, str], list[DemandIndex]] = {}
        for demand, ports in enumerate_demands(self.host_ports):
            for port in ports:
                users.setdefault(port, []).append(demand)
        return users

    def exchanges(self, key: str, a: NodeIndex, b: NodeIndex) -> bool:
        """Checks whether replicas on two nodes exchange messages of a flow within the domains of a key; "": all do."""
        return not key or self.domains[key][a] == self.domains[key][b] >= 0

    def replicas_of(self, position: DemandIndex, number: int) -> PlacedReplicas:
        """Returns so many placed replicas of a demand, as plugged callables see them."""
        return PlacedReplicas.of(self.demands[position], self.resources[position], number)

    def static(self, demand: DemandIndex) -> list[str]:
        """Returns for each node the rule that refuses it whatever is placed (status, labels, ...), or an empty word."""
        return self._static_rules(demand)[1]

    def static_by_class(self, demand: DemandIndex) -> list[str]:
        """Returns for each node class the rule that refuses it whatever is placed, or an empty word."""
        return self._static_rules(demand)[0]

    def _static_rules(self, demand: DemandIndex) -> tuple[list[str], list[str]]:
        """Returns the static rules by node class and by node, remembered for all demands that ask for the same."""
        wanted = self.demands[demand]
        gang = self.is_left_out(demand)
        key = (wanted.selector, wanted.matches, wanted.tolerations, wanted.arch, gang)
        known = self._static.get(key)
        if known is None:
            rules = []
            for position in self.node_classes.representative:
                node = self.nodes[position]
                spare = "spare" if node.name in self.spare else ""
                rules.append(static_rule(wanted, node) or spare or ("gang" if gang else ""))
            known = self._static[key] = (rules, self.node_classes.per_node(rules))
        return known

    def alone(self, demand: DemandIndex) -> bool:
        """Checks whether a replica of the demand changes the rules and scores of its own node alone (spread aside)."""
        if self.demands[demand].skews:
            return False
        if self.local_loads[demand] or any(peer == demand for peer, _, _, _ in self.edges[demand]):
            return False
        if self.host_ports[demand] and self.settings.one_machine:
            return False
        if any(other == demand and key != NODE_KEY for other, key in self.avoid[demand]):
            return False
        if any(demand in others for others, _ in self.near[demand]):
            return False
        if any(share for _, _, share, _ in self.edges[demand]):
            return False
        return not any(demand in others and key != NODE_KEY for others, key, _ in self.preferences[demand])


def surviving(demand: Demand, failures: int, zones: int = 0) -> Demand:
    """Returns the demand spread so that no such number of nodes, or of zones, holds all of two or more replicas."""
    rules = ((NODE_KEY, failures), (FAILURE_ZONE_KEY, zones))
    spread = tuple([SpreadRule(key, most_on_a_node(demand.replicas, number)) for key, number in rules if number])
    if not spread or demand.replicas < 2 or demand.room:
        return demand
    return replace(demand, spread=(*demand.spread, *spread))


def most_on_a_node(replicas: int, failures: int) -> int:
    """Returns how many of at least two replicas may share a node, or zone, so that no so many hold all of them."""
    return max(1, (replicas - 1) // failures) if failures else replicas
