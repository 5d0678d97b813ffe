"""Placement model: an indexed problem as a CP-SAT model whose variables are numbers of replicas by node.

Replicas of a demand are equal, so the model decides only how many of them a node gets; `decode` chooses which replica
gets which core and device. The model has every rule of the planner except those of plugins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.model.keys import NODE_KEY, ZONE_KEY
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.objective.terms import terms_of
from rohe_iac.planning.placement.state.amounts import EXTRAS
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands, enumerate_nodes
from rohe_iac.planning.solvers.exact.cp_network import add_network_constraints
from rohe_iac.planning.solvers.exact.cp_objective import ModelMeasures
from rohe_iac.planning.solvers.exact.solver_protocols import Linear, LinearExpression, SolverModule


class PlacementModel:
    """The CP-SAT model of one indexed problem.

    Attributes:
        model: the model of the solver.
        kept: node of each replica (demand, index) in the previous plan.
        held: number of replicas that a node had in the previous plan, by demand and node.
        counts: number of replicas as a variable, by demand and node; only where the node may have any.
        core_counts: how many of those replicas put a chunk on a core, by demand, node, chunk and core.
        device_counts: how often a device request is served by a device, by demand, node, request and device.
        used: by node a variable that is 1 where the node has a replica.
        interchangeable: groups of nodes that can be exchanged for each other in any plan.
    """

    def __init__(self, indexed: IndexedProblem, objective: LexicographicObjective, solver: SolverModule) -> None:
        self.indexed, self.objective = indexed, objective
        self.kept = objective.before
        self.held: dict[tuple[DemandIndex, NodeIndex], int] = {}
        for (demand, _), node in self.kept.items():
            self.held[demand, node] = self.held.get((demand, node), 0) + 1
        self.model = solver.CpModel()
        self.counts: dict[tuple[DemandIndex, NodeIndex], LinearExpression] = {}
        self.core_counts: dict[tuple[DemandIndex, NodeIndex, int, int], LinearExpression] = {}
        self.device_counts: dict[tuple[DemandIndex, NodeIndex, int, int], LinearExpression] = {}
        self.used = [self.model.new_bool_var(f"used{node}") for node in indexed.node_indices]
        self._add_counts()
        for node in indexed.node_indices:
            self._add_capacity(node)
        self._add_ports()
        self._add_spread_and_avoidance()
        self._add_required_affinity()
        self._add_gangs()
        add_network_constraints(indexed, self.model, self.counts)
        self.interchangeable = self._interchangeable_nodes()
        self._break_symmetry()

    def variables(self) -> list[LinearExpression]:
        """Returns the variables that make up an assignment; the others follow from them."""
        return [*self.used, *self.counts.values(), *self.core_counts.values(), *self.device_counts.values()]

    def on(self, demand: DemandIndex) -> list[LinearExpression]:
        """Returns the counts of a demand on all nodes."""
        return [count for (which, _), count in self.counts.items() if which == demand]

    def _max_replicas(self, demand: DemandIndex, node: NodeIndex) -> int:
        """Returns how many replicas the static rules of a node allow; a cordoned node may keep those that it has."""
        rule, wanted, supply = self.indexed.static(demand)[node], self.indexed.demands[demand], self.indexed.nodes[node]
        if len(self.indexed.resources[demand].cores) > len(supply.cores):
            return 0
        if rule == "status" and supply.status == "cordoned" and (demand, node) in self.held:
            running = replace(supply, status="running")
            stays = not static_rule(wanted, running) and not self.indexed.is_left_out(demand)
            return self.held[demand, node] if stays else 0
        return 0 if rule else wanted.replicas

    def _add_counts(self) -> None:
        """Adds the variables of all counts, cores and devices, and the number of replicas of each demand."""
        indexed, model = self.indexed, self.model
        for demand, wanted in enumerate_demands(indexed.demands):
            for node in indexed.node_indices:
                most = self._max_replicas(demand, node)
                if not most:
                    continue
                count = self.counts[demand, node] = model.new_int_var(0, most, f"n{demand}.{node}")
                model.add(count <= most * self.used[node])
                self._add_cores(demand, node, count)
                self._add_devices(demand, node, count)
            model.add(sum(self.on(demand)) <= wanted.replicas)

    def _add_cores(self, demand: DemandIndex, node: NodeIndex, count: LinearExpression) -> None:
        """Adds that every chunk of every replica has a core, and that no two chunks of a replica share one."""
        chunks, cores = self.indexed.resources[demand].cores, range(len(self.indexed.nodes[node].cores))
        most = self.indexed.demands[demand].replicas
        for chunk in range(len(chunks)):
            for core in cores:
                self.core_counts[demand, node, chunk, core] = self.model.new_int_var(0, most, "")
            self.model.add(sum(self.core_counts[demand, node, chunk, core] for core in cores) == count)
        for core in cores if chunks else ():
            on_core = sum(self.core_counts[demand, node, chunk, core] for chunk in range(len(chunks)))
            self.model.add(on_core <= count)

    def _add_devices(self, demand: DemandIndex, node: NodeIndex, count: LinearExpression) -> None:
        """Adds that every device request of every replica is served by devices that can serve it."""
        supply = self.indexed.nodes[node]
        for number, request in enumerate(self.indexed.resources[demand].devices):
            served: list[LinearExpression] = []
            for position, device in enumerate(supply.devices):
                if device.type != request.type or (request.models and device.model not in request.models):
                    continue
                if request.share > device.capacity or (device.used and (request.count or device.exclusive)):
                    continue
                if request.memory and device.memory is not None and request.memory > device.memory - device.memory_used:
                    continue
                times = self.model.new_int_var(0, self.indexed.demands[demand].replicas, "")
                self.device_counts[demand, node, number, position] = times
                served.append(times)
            self.model.add(sum(served) == (request.count or 1) * count)

    def _add_capacity(self, node: NodeIndex) -> None:
        """Adds that a node gives no more CPU, memory, virtual memory, core time and device shares than it has free."""
        indexed, model, supply = self.indexed, self.model, self.indexed.nodes[node]
        resources = indexed.resources
        here = [(demand, count) for (demand, where), count in self.counts.items() if where == node]
        model.add(sum(resources[demand].cpu * count for demand, count in here) <= max(0, supply.cpu - supply.cpu_used))
        model.add(sum(resources[demand].rss * count for demand, count in here) <= max(0, supply.rss - supply.rss_used))
        free = supply.free_vms(indexed.settings.vms_ratio)
        if free is not None:
            model.add(sum((resources[demand].vms or 0) * count for demand, count in here) <= max(0, free))
        for name in EXTRAS if indexed.has_extras else ():
            offered = getattr(supply, name)
            if offered is not None:
                loads = [getattr(resources[demand], name) * count for demand, count in here]
                model.add(sum(loads) <= max(0, offered - getattr(supply, f"{name}_used")))
        for core, size in enumerate(supply.cores):
            taken = supply.cores_used[core] if core < len(supply.cores_used) else 0
            loads = [
                resources[demand].cores[chunk] * times
                for (demand, where, chunk, number), times in self.core_counts.items()
                if where == node and number == core
            ]
            model.add(sum(loads) <= max(0, size - taken))
        for position, device in enumerate(supply.devices):
            loads, memory = [], []
            for (demand, where, number, which), times in self.device_counts.items():
                if where == node and which == position:
                    request = resources[demand].devices[number]
                    whole = request.count or device.exclusive
                    loads.append((device.capacity if whole else request.share) * times)
                    memory.append(request.memory * times)
            model.add(sum(loads) <= max(0, device.capacity - device.used))
            if indexed.memory_offset and device.memory is not None:
                model.add(sum(memory) <= max(0, device.memory - device.memory_used))

    def _add_ports(self) -> None:
        """Adds that a host port of a machine has one replica at most, and that the range of ports is not exceeded."""
        indexed, model = self.indexed, self.model
        ports: dict[tuple[int, tuple[int, str]], list[LinearExpression]] = {}
        for (demand, node), count in self.counts.items():
            for port in indexed.host_ports[demand]:
                ports.setdefault((0 if indexed.settings.one_machine else node, port), []).append(count)
        for counts in ports.values():
            model.add(sum(counts) <= 1)
        if indexed.settings.ports is not None:
            first, last = indexed.settings.ports
            fixed = {number for found in indexed.host_ports for number, _ in found if first <= number <= last}
            needed = [indexed.numbered[demand] * count for (demand, _), count in self.counts.items()]
            model.add(sum(needed) <= last - first + 1 - len(fixed))

    def _add_spread_and_avoidance(self) -> None:
        """Adds the limits of replicas in a domain, and that demands that avoid each other share none."""
        indexed = self.indexed
        for demand, wanted in enumerate_demands(indexed.demands):
            for rule in wanted.spread:
                self._limit(demand, rule.key, rule.limit)
            for key, most in indexed.skews.required[demand]:
                self._limit_skew(demand, key, most)
            for key in indexed.avoid_keys[demand]:
                self._limit(demand, key, wanted.replicas)
            for other, key in indexed.avoid[demand]:
                if other == demand:
                    self._limit(demand, key, 1)
                elif other > demand:
                    self._keep_apart(demand, other, key)

    def _limit_skew(self, demand: DemandIndex, key: str, most: int) -> None:
        """Adds that no domain of the key has over `most` replicas more than the one with fewest."""
        domains: dict[int, list[LinearExpression]] = {domain: [] for domain in self.indexed.skews.domains(demand, key)}
        for (which, node), count in self.counts.items():
            if which == demand:
                domain = self.indexed.domains[key][node]
                if domain >= 0:
                    domains.setdefault(domain, []).append(count)
                elif not self.indexed.static(demand)[node]:
                    self.model.add(count == 0)
        least = self.model.new_int_var(0, self.indexed.demands[demand].replicas, "")
        for domain in self.indexed.skews.domains(demand, key):
            self.model.add(sum(domains[domain]) >= least)
            self.model.add(sum(domains[domain]) <= least + most)

    def _limit(self, demand: DemandIndex, key: str, limit: int) -> None:
        """Adds that no domain of the key has more than `limit` replicas, and a node outside all domains none."""
        domains: dict[int, list[LinearExpression]] = {}
        for (which, node), count in self.counts.items():
            if which == demand:
                domains.setdefault(self.indexed.domains[key][node], []).append(count)
        for domain, counts in domains.items():
            self.model.add(sum(counts) <= (limit if domain >= 0 else 0))

    def _keep_apart(self, first: DemandIndex, second: DemandIndex, key: str) -> None:
        """Adds that no domain of the key has replicas of both demands."""
        domains: Sequence[int] = self.indexed.domains[key] if key != NODE_KEY else self.indexed.node_indices
        for domain in sorted({domain for domain in domains if domain >= 0}):
            has_first = self.model.new_bool_var("")
            for (demand, node), count in self.counts.items():
                if domains[node] == domain and demand in (first, second):
                    most = self.indexed.demands[demand].replicas
                    self.model.add(count <= most * (has_first if demand == first else 1 - has_first))

    def _add_gangs(self) -> None:
        """Adds that all replicas of a pipeline are placed or none, where it is placed whole or not at all."""
        for gang in self.indexed.gangs:
            whole = self.model.new_bool_var("")
            for demand in gang:
                self.model.add(sum(self.on(demand)) == self.indexed.demands[demand].replicas * whole)
            for room in self.indexed.rooms_of(self.indexed.demands[gang[0]].pipeline):
                self.model.add(sum(self.on(room)) <= self.indexed.demands[room].replicas * whole)

    def _add_required_affinity(self) -> None:
        """Adds that a demand is only in domains that have a replica of one of the demands that it has to be near."""
        for demand, rules in enumerate_demands(self.indexed.near):
            for others, key in rules:
                self._require_near(demand, others, key)

    def _require_near(self, demand: DemandIndex, others: Sequence[DemandIndex], key: str) -> None:
        """Adds one rule of required affinity: replicas of `demand` share a domain of the key with one of `others`."""
        indexed, model, domains = self.indexed, self.model, self.indexed.domains[key]
        alone = model.new_bool_var("")
        everywhere = [count for other in others for count in self.on(other)]
        # The only replica of a group whose members have to be near each other has no neighbour to be near.
        model.add(sum(everywhere) <= 1).only_enforce_if(alone)
        by_domain: dict[int, list[LinearExpression]] = {}
        for (which, node), count in self.counts.items():
            if which == demand:
                by_domain.setdefault(domains[node], []).append(count)
        for domain, counts in sorted(by_domain.items()):
            if domain < 0:
                model.add(sum(counts) == 0)
                continue
            any_here = model.new_bool_var("")
            model.add(sum(counts) <= indexed.demands[demand].replicas * any_here)
            beside = [
                count for (which, node), count in self.counts.items() if which in others and domains[node] == domain
            ]
            model.add(sum(beside) >= (2 * any_here - alone if demand in others else any_here))

    def _interchangeable_nodes(self) -> list[list[NodeIndex]]:
        """Returns groups of equal nodes: a plan stays as good when two nodes of a group are exchanged in it."""
        indexed = self.indexed
        groups: dict[tuple[object, ...], list[NodeIndex]] = {}
        previous = set(self.kept.values())
        ends = {end for wire in indexed.wires for end in wire.ends}
        for node, supply in enumerate_nodes(indexed.nodes):
            domains = tuple(numbers[node] for key, numbers in sorted(indexed.domains.items()) if key != NODE_KEY)
            zone = dict(supply.labels).get(ZONE_KEY) if ends else None
            unique = node in previous or f"node/{supply.name}" in ends
            key = (indexed.node_classes.class_of[node], supply.cost, domains, zone, node if unique else -1)
            groups.setdefault(key, []).append(node)
        return list(groups.values())

    def _break_symmetry(self) -> None:
        """Adds that of interchangeable nodes the earlier one has no less CPU load, as one of their orders is enough."""
        for nodes in self.interchangeable:
            loads = [
                sum(
                    self.indexed.resources[demand].cpu * count
                    for (demand, where), count in self.counts.items()
                    if where == node
                )
                for node in nodes
            ]
            for (first, load), (second, less) in pairwise(zip(nodes, loads, strict=True)):
                self.model.add(self.used[first] >= self.used[second])
                self.model.add(load >= less)

    def terms(self) -> list[tuple[str, Linear]]:
        """Returns the name and expression of each term of the objective, to be maximised one after another."""
        measures = ModelMeasures(self.indexed, self.model, self.counts, self.used, self.held, self.objective.limit)
        return terms_of(self.indexed, measures)
