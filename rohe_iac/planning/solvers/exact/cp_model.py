"""Program: a layout as a constraint program, in which counts of replicas by node are decided.

Which replica is which, and which chunk is on which core, is dealt out afterwards. Every rule of the planner is in it
but for what is plugged in.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.model.keys import NODE_KEY, ZONE_KEY
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.objective.terms import terms_of
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.solvers.exact.cp_network import add_network_constraints
from rohe_iac.planning.solvers.exact.cp_objective import ModelMeasures


class PlacementModel:
    """The constraint program of one layout, for the solver's Python module `cp`."""

    def __init__(self, indexed: IndexedProblem, objective: LexicographicObjective, cp: Any) -> None:
        self.indexed, self.objective, self.cp = indexed, objective, cp
        self.kept = objective.before
        # How many of a demand may stay on a node that takes nothing new, and how many stood on each at all.
        self.had: dict[tuple[int, int], int] = {}
        for (demand, _), node in self.kept.items():
            self.had[demand, node] = self.had.get((demand, node), 0) + 1
        self.model: Any = cp.CpModel()
        self.count: dict[tuple[int, int], Any] = {}
        self.core: dict[tuple[int, int, int, int], Any] = {}
        self.device: dict[tuple[int, int, int, int], Any] = {}
        self.used = [self.model.NewBoolVar(f"used{node}") for node in range(len(indexed.nodes))]
        self._amounts()
        self._rules()
        self._near()
        add_network_constraints(indexed, self.model, self.count)
        self.alike = self._alike()
        self._order()

    def _most(self, demand: int, node: int) -> int:
        """How many replicas the rules of the node alone allow; a cordoned node keeps what it has."""
        rule, wanted, supply = self.indexed.static(demand)[node], self.indexed.demands[demand], self.indexed.nodes[node]
        if len(self.indexed.resources[demand].cores) > len(supply.cores):
            return 0
        if rule == "status" and supply.status == "cordoned" and (demand, node) in self.had:
            stays = not static_rule(wanted, replace(supply, status="running"))
            return self.had[demand, node] if stays else 0
        return 0 if rule else wanted.replicas

    def _amounts(self) -> None:
        indexed, model = self.indexed, self.model
        for demand, wanted in enumerate(indexed.demands):
            for node in range(len(indexed.nodes)):
                most = self._most(demand, node)
                if not most:
                    continue
                count = self.count[demand, node] = model.NewIntVar(0, most, f"n{demand}.{node}")
                model.Add(count <= most * self.used[node])
                self._cores(demand, node, count)
                self._devices(demand, node, count)
            model.Add(sum(self.on(demand)) <= wanted.replicas)
        for node, supply in enumerate(indexed.nodes):
            mine = [(demand, count) for (demand, where), count in self.count.items() if where == node]
            every = indexed.resources
            model.Add(sum(every[d].cpu * one for d, one in mine) <= max(0, supply.cpu - supply.cpu_used))
            model.Add(sum(every[d].rss * one for d, one in mine) <= max(0, supply.rss - supply.rss_used))
            free = supply.free_vms(indexed.settings.vms_ratio)
            if free is not None:
                model.Add(sum((every[d].vms or 0) * one for d, one in mine) <= max(0, free))
            for core, size in enumerate(supply.cores):
                taken = supply.cores_used[core] if core < len(supply.cores_used) else 0
                loads = [
                    every[d].cores[chunk] * one
                    for (d, n, chunk, k), one in self.core.items()
                    if n == node and k == core
                ]
                model.Add(sum(loads) <= max(0, size - taken))
            for position, device in enumerate(supply.devices):
                loads = []
                for (d, n, number, which), one in self.device.items():
                    if n == node and which == position:
                        request = every[d].devices[number]
                        whole = request.count or device.exclusive
                        loads.append((device.capacity if whole else request.share) * one)
                model.Add(sum(loads) <= max(0, device.capacity - device.used))

    def _alike(self) -> list[list[int]]:
        """Groups of nodes that nothing tells apart: any plan is as good with two of them exchanged."""
        indexed = self.indexed
        groups: dict[tuple[object, ...], list[int]] = {}
        own = set(self.kept.values())
        ends = {end for wire in indexed.wires for end in wire.ends}
        for node, supply in enumerate(indexed.nodes):
            domains = tuple(numbers[node] for key, numbers in sorted(indexed.domains.items()) if key != NODE_KEY)
            zone = dict(supply.labels).get(ZONE_KEY) if ends else None
            alone = node in own or f"node/{supply.name}" in ends
            key = (indexed.node_classes.class_of[node], supply.cost, domains, zone, node if alone else -1)
            groups.setdefault(key, []).append(node)
        return list(groups.values())

    def _order(self) -> None:
        """Of nodes that are alike the earlier holds no less: one of all the orders of them is enough."""
        for nodes in self.alike:
            loads = [
                sum(self.indexed.resources[d].cpu * one for (d, n), one in self.count.items() if n == node)
                for node in nodes
            ]
            for (first, load), (second, less) in pairwise(zip(nodes, loads, strict=True)):
                self.model.Add(self.used[first] >= self.used[second])
                self.model.Add(load >= less)

    def on(self, demand: int) -> list[Any]:
        """The counts of a demand on all nodes."""
        return [count for (which, _), count in self.count.items() if which == demand]

    def _cores(self, demand: int, node: int, count: Any) -> None:
        chunks, cores = self.indexed.resources[demand].cores, range(len(self.indexed.nodes[node].cores))
        most = self.indexed.demands[demand].replicas
        for chunk in range(len(chunks)):
            for core in cores:
                self.core[demand, node, chunk, core] = self.model.NewIntVar(0, most, "")
            self.model.Add(sum(self.core[demand, node, chunk, core] for core in cores) == count)
        for core in cores if chunks else ():
            self.model.Add(sum(self.core[demand, node, chunk, core] for chunk in range(len(chunks))) <= count)

    def _devices(self, demand: int, node: int, count: Any) -> None:
        supply = self.indexed.nodes[node]
        for number, request in enumerate(self.indexed.resources[demand].devices):
            uses = []
            for position, device in enumerate(supply.devices):
                if device.type != request.type or (request.models and device.model not in request.models):
                    continue
                if request.share > device.capacity or (device.used and (request.count or device.exclusive)):
                    continue
                use = self.device[demand, node, number, position] = self.model.NewIntVar(
                    0, self.indexed.demands[demand].replicas, ""
                )
                uses.append(use)
            self.model.Add(sum(uses) == (request.count or 1) * count)

    def _rules(self) -> None:
        indexed, model = self.indexed, self.model
        ports: dict[tuple[int, tuple[int, str]], list[Any]] = {}
        for (demand, node), count in self.count.items():
            for port in indexed.host_ports[demand]:
                ports.setdefault((0 if indexed.settings.one_machine else node, port), []).append(count)
        for counts in ports.values():
            model.Add(sum(counts) <= 1)
        if indexed.settings.ports is not None:
            first, last = indexed.settings.ports
            fixed = {number for found in indexed.host_ports for number, _ in found if first <= number <= last}
            needed = [indexed.numbered[demand] * count for (demand, _), count in self.count.items()]
            model.Add(sum(needed) <= last - first + 1 - len(fixed))
        for demand, wanted in enumerate(indexed.demands):
            for rule in wanted.spread:
                self._limit(demand, rule.key, rule.limit)
            for key in indexed.avoid_keys[demand]:
                self._limit(demand, key, wanted.replicas)
            for other, key in indexed.avoid[demand]:
                if other == demand:
                    self._limit(demand, key, 1)
                elif other > demand:
                    self._apart(demand, other, key)

    def _limit(self, demand: int, key: str, limit: int) -> None:
        domains: dict[int, list[Any]] = {}
        for (which, node), count in self.count.items():
            if which == demand:
                domains.setdefault(self.indexed.domains[key][node], []).append(count)
        for domain, counts in domains.items():
            self.model.Add(sum(counts) <= (limit if domain >= 0 else 0))

    def _apart(self, one: int, two: int, key: str) -> None:
        domains = self.indexed.domains[key] if key != NODE_KEY else range(len(self.indexed.nodes))
        for domain in sorted({domain for domain in domains if domain >= 0}):
            first = self.model.NewBoolVar("")
            for (demand, node), count in self.count.items():
                if domains[node] == domain and demand in (one, two):
                    most = self.indexed.demands[demand].replicas
                    self.model.Add(count <= most * (first if demand == one else 1 - first))

    def _near(self) -> None:
        indexed, model = self.indexed, self.model
        for demand, rules in enumerate(indexed.near):
            for others, key in rules:
                domains = indexed.domains[key]
                alone = model.NewBoolVar("")
                everywhere = [count for other in others for count in self.on(other)]
                # One of a group whose members are near each other has nobody to be near when it is the only one.
                model.Add(sum(everywhere) <= 1).OnlyEnforceIf(alone)
                by_domain: dict[int, list[Any]] = {}
                for (which, node), count in self.count.items():
                    if which == demand:
                        by_domain.setdefault(domains[node], []).append(count)
                for domain, counts in sorted(by_domain.items()):
                    if domain < 0:
                        model.Add(sum(counts) == 0)
                        continue
                    there = model.NewBoolVar("")
                    model.Add(sum(counts) <= indexed.demands[demand].replicas * there)
                    beside = [
                        count
                        for (which, node), count in self.count.items()
                        if which in others and domains[node] == domain
                    ]
                    model.Add(sum(beside) >= (2 * there - alone if demand in others else there))

    def terms(self) -> list[tuple[str, Any]]:
        """Returns the name and expression of each term of the objective, to be made large one after another."""
        limit = self.objective.limit
        measures = ModelMeasures(self.indexed, self.model, self.count, self.used, self.had, limit)
        return terms_of(self.indexed, measures)
