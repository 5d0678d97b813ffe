"""Exact: the best assignment by constraint programming (OR-tools CP-SAT), with its proof or the gap that is left.

OR-tools is an optional extra and imported only here. One worker, a fixed seed and a deterministic limit: the same
problem gives the same answer. Counts of replicas by node are decided; distinct cores are exact by counts too: chunk `c`
of the `y` replicas of a class on a node goes to core `k` some times, each chunk `y` times in all and each core at most
`y` times, which the edges of a bipartite graph can always be coloured into `y` replicas for (König 1916).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.layout import NODE_KEY, Layout
from rohe_iac.planning.ledger import Grant

Replica = tuple[int, int]

EFFORT = 10.0
"""The deterministic limit of each term, in the solver's own seconds."""


class SolverMissing(RoheError):
    """The strategy `exact` needs OR-tools."""

    exit_code = ExitCode.INVALID


class NotCovered(RoheError):
    """The strategy `exact` does not know a rule of the problem."""

    exit_code = ExitCode.INVALID


@dataclass(frozen=True, slots=True)
class Solution:
    """Grants by replica, and for each term of the objective what was reached, the bound and whether it is proven."""

    grants: dict[Replica, Grant]
    terms: tuple[tuple[str, int, int, bool], ...]

    @property
    def proven(self) -> bool:
        """Whether every term is proven."""
        return all(proven for *_, proven in self.terms)


class Model:
    """The constraint program of one layout."""

    def __init__(self, layout: Layout, kept: dict[Replica, int]) -> None:
        try:
            from ortools.sat.python import cp_model
        except ImportError as error:
            raise SolverMissing(
                "the strategy 'exact' needs OR-tools", hint="install it with: pip install 'rohe-iac[exact]'"
            ) from error
        if any(layout.near) or any(layout.edges) or layout.settings.survive:
            raise NotCovered(
                "the strategy 'exact' does not cover near, links with their budgets, or survive",
                hint="use the strategy 'portfolio'",
            )
        solver: Any = cp_model
        self.layout, self.kept, self.cp = layout, kept, solver
        self.model: Any = solver.CpModel()
        self.count: dict[tuple[int, int], Any] = {}
        self.core: dict[tuple[int, int, int, int], Any] = {}
        self.device: dict[tuple[int, int, int, int], Any] = {}
        self.used = [self.model.NewBoolVar(f"used{node}") for node in range(len(layout.nodes))]
        self._amounts()
        self._rules()
        self.alike = self._alike()
        self._order()

    def _amounts(self) -> None:
        layout, model = self.layout, self.model
        for demand, wanted in enumerate(layout.demands):
            static, asked = layout.static(demand), layout.resources[demand]
            for node, supply in enumerate(layout.nodes):
                if static[node] or len(asked.cores) > len(supply.cores):
                    continue
                count = self.count[demand, node] = model.NewIntVar(0, wanted.replicas, f"n{demand}.{node}")
                model.Add(count <= wanted.replicas * self.used[node])
                self._cores(demand, node, count)
                self._devices(demand, node, count)
            model.Add(sum(self.on(demand)) <= wanted.replicas)
        for node, supply in enumerate(layout.nodes):
            mine = [(demand, count) for (demand, where), count in self.count.items() if where == node]
            every = layout.resources
            model.Add(sum(every[d].cpu * one for d, one in mine) <= max(0, supply.cpu - supply.cpu_used))
            model.Add(sum(every[d].rss * one for d, one in mine) <= max(0, supply.rss - supply.rss_used))
            if supply.vms is not None:
                free = supply.vms * layout.settings.vms_ratio // 1_000_000 - supply.vms_used
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
        layout = self.layout
        groups: dict[tuple[object, ...], list[int]] = {}
        had = set(self.kept.values())
        for node, supply in enumerate(layout.nodes):
            domains = tuple(numbers[node] for key, numbers in sorted(layout.domains.items()) if key != NODE_KEY)
            key = (layout.kinds.of[node], supply.cost, domains, node if node in had else -1)
            groups.setdefault(key, []).append(node)
        return list(groups.values())

    def _order(self) -> None:
        """Of nodes that are alike the earlier holds no less: one of all the orders of them is enough."""
        for nodes in self.alike:
            loads = [
                sum(self.layout.resources[d].cpu * one for (d, n), one in self.count.items() if n == node)
                for node in nodes
            ]
            for (first, load), (second, less) in pairwise(zip(nodes, loads, strict=True)):
                self.model.Add(self.used[first] >= self.used[second])
                self.model.Add(load >= less)

    def on(self, demand: int) -> list[Any]:
        """The counts of a demand on all nodes."""
        return [count for (which, _), count in self.count.items() if which == demand]

    def _cores(self, demand: int, node: int, count: Any) -> None:
        chunks, cores = self.layout.resources[demand].cores, range(len(self.layout.nodes[node].cores))
        most = self.layout.demands[demand].replicas
        for chunk in range(len(chunks)):
            for core in cores:
                self.core[demand, node, chunk, core] = self.model.NewIntVar(0, most, "")
            self.model.Add(sum(self.core[demand, node, chunk, core] for core in cores) == count)
        for core in cores if chunks else ():
            self.model.Add(sum(self.core[demand, node, chunk, core] for chunk in range(len(chunks))) <= count)

    def _devices(self, demand: int, node: int, count: Any) -> None:
        supply = self.layout.nodes[node]
        for number, request in enumerate(self.layout.resources[demand].devices):
            uses = []
            for position, device in enumerate(supply.devices):
                if device.type != request.type or (request.models and device.model not in request.models):
                    continue
                if request.share > device.capacity or (device.used and (request.count or device.exclusive)):
                    continue
                use = self.device[demand, node, number, position] = self.model.NewIntVar(
                    0, self.layout.demands[demand].replicas, ""
                )
                uses.append(use)
            self.model.Add(sum(uses) == (request.count or 1) * count)

    def _rules(self) -> None:
        layout, model = self.layout, self.model
        ports: dict[tuple[int, tuple[int, str]], list[Any]] = {}
        for (demand, node), count in self.count.items():
            for port in layout.host_ports[demand]:
                ports.setdefault((0 if layout.settings.one_machine else node, port), []).append(count)
        for counts in ports.values():
            model.Add(sum(counts) <= 1)
        if layout.settings.ports is not None:
            first, last = layout.settings.ports
            fixed = {number for found in layout.host_ports for number, _ in found if first <= number <= last}
            needed = [layout.numbered[demand] * count for (demand, _), count in self.count.items()]
            model.Add(sum(needed) <= last - first + 1 - len(fixed))
        for demand, wanted in enumerate(layout.demands):
            for rule in wanted.spread:
                self._limit(demand, rule.key, rule.limit)
            for key in layout.avoid_keys[demand]:
                self._limit(demand, key, wanted.replicas)
            for other, key in layout.avoid[demand]:
                if other == demand:
                    self._limit(demand, key, 1)
                elif other > demand:
                    self._apart(demand, other, key)

    def _limit(self, demand: int, key: str, limit: int) -> None:
        domains: dict[int, list[Any]] = {}
        for (which, node), count in self.count.items():
            if which == demand:
                domains.setdefault(self.layout.domains[key][node], []).append(count)
        for domain, counts in domains.items():
            self.model.Add(sum(counts) <= (limit if domain >= 0 else 0))

    def _apart(self, one: int, two: int, key: str) -> None:
        domains = self.layout.domains[key] if key != NODE_KEY else range(len(self.layout.nodes))
        for domain in sorted({domain for domain in domains if domain >= 0}):
            first = self.model.NewBoolVar("")
            for (demand, node), count in self.count.items():
                if domains[node] == domain and demand in (one, two):
                    most = self.layout.demands[demand].replicas
                    self.model.Add(count <= most * (first if demand == one else 1 - first))

    def terms(self) -> list[tuple[str, Any]]:
        """Each term of the objective as an expression to be made large."""
        layout = self.layout
        found: list[tuple[str, Any]] = []
        for name in layout.settings.objective:
            if name == "placed":
                by_rank: dict[int, list[Any]] = {}
                for (demand, _), count in self.count.items():
                    wanted = layout.demands[demand]
                    by_rank.setdefault(1 << 40 if wanted.system else wanted.priority, []).append(count)
                found += [("placed", sum(counts)) for _, counts in sorted(by_rank.items(), reverse=True)]
            elif name == "stable" and self.kept:
                found.append(("stable", sum(self._stays())))
            elif name == "nodes":
                found.append(("nodes", -sum(self.used)))
            elif name == "cost":
                found.append(
                    ("cost", -sum(node.cost * used for node, used in zip(layout.nodes, self.used, strict=True)))
                )
        return found

    def _stays(self) -> list[Any]:
        there: dict[tuple[int, int], int] = {}
        for (demand, _), node in self.kept.items():
            there[demand, node] = there.get((demand, node), 0) + 1
        stays = []
        for key, number in sorted(there.items()):
            if key in self.count:
                stay = self.model.NewIntVar(0, number, "")
                self.model.Add(stay <= self.count[key])
                stays.append(stay)
        return stays


def solve(layout: Layout, kept: dict[Replica, int], start: dict[Replica, Grant], effort: float = EFFORT) -> Solution:
    """The best assignment of the layout, term after term of the objective.

    kept: nodes that replicas had. start: an assignment to begin with. Errors: SolverMissing, NotCovered.
    """
    built = Model(layout, kept)
    model, cp = built.model, built.cp
    hints = dict.fromkeys(built.count, 0)
    load = [0] * len(layout.nodes)
    for grant in start.values():
        load[grant.node] += layout.resources[grant.demand].cpu
    place = {
        had: node
        for nodes in built.alike
        for node, had in zip(nodes, sorted(nodes, key=lambda one: (-load[one], one)), strict=True)
    }
    for (demand, _), grant in start.items():
        if (demand, place[grant.node]) in hints:
            hints[demand, place[grant.node]] += 1
    told: list[tuple[str, int, int, bool]] = []
    values: dict[Any, int] = {}
    for name, expression in built.terms():
        model.ClearHints()
        for key, number in hints.items():
            model.AddHint(built.count[key], number)
        model.Maximize(expression)
        solver = cp.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 1
        solver.parameters.max_deterministic_time = effort
        status = solver.Solve(model)
        if status not in (cp.OPTIMAL, cp.FEASIBLE):
            told.append((name, 0, 0, False))
            break
        reached, limit = round(solver.ObjectiveValue()), round(solver.BestObjectiveBound())
        told.append((name, abs(reached), abs(limit), status == cp.OPTIMAL))
        model.Add(expression >= reached)
        hints = {key: solver.Value(variable) for key, variable in built.count.items()}
        groups: tuple[dict[Any, Any], ...] = (built.count, built.core, built.device)
        values = {
            (number, *key): solver.Value(one) for number, group in enumerate(groups) for key, one in group.items()
        }
    grants = _decoded(layout, kept, hints, values) if values else start
    return Solution(grants, tuple(told))


def _decoded(
    layout: Layout, kept: dict[Replica, int], counts: dict[tuple[int, int], int], values: dict[Any, int]
) -> dict[Replica, Grant]:
    grants: dict[Replica, Grant] = {}
    for demand, wanted in enumerate(layout.demands):
        left = {node: number for (which, node), number in counts.items() if which == demand and number}
        free = []
        for index in range(wanted.replicas):
            node = kept.get((demand, index), -1)
            if left.get(node, 0):
                left[node] -= 1
                grants[demand, index] = Grant(demand, node)
            else:
                free.append(index)
        spots = [node for node, number in sorted(left.items()) for _ in range(number)]
        for index, node in zip(free, spots, strict=False):
            grants[demand, index] = Grant(demand, node)
        for node in sorted(layout.node_index.values()):
            mine = [grant for (which, _), grant in sorted(grants.items()) if which == demand and grant.node == node]
            _deal(layout, demand, node, mine, values)
    return grants


def _deal(layout: Layout, demand: int, node: int, grants: list[Grant], values: dict[Any, int]) -> None:
    """Deals the cores and devices of a node out to the replicas of one class there."""
    asked, supply = layout.resources[demand], layout.nodes[node]
    chunks, cores = asked.cores, range(len(supply.cores))
    table = {(c, k): values.get((1, demand, node, c, k), 0) for c in range(len(chunks)) for k in cores}
    for turn, grant in enumerate(grants):
        left = len(grants) - turn
        pairs = _matching(table, len(chunks), len(supply.cores), left)
        for pair in pairs:
            table[pair] -= 1
        grant.cores = tuple((core, chunks[chunk]) for chunk, core in pairs)
        taken: list[tuple[int, int]] = []
        for number, request in enumerate(asked.devices):
            wanted = request.count or 1
            for position, device in enumerate(supply.devices):
                key = (2, demand, node, number, position)
                if wanted and values.get(key, 0):
                    whole = request.count or device.exclusive
                    taken.append((position, device.capacity if whole else request.share))
                    values[key] -= 1
                    wanted -= 1
        grant.devices = tuple(taken)


def _matching(table: dict[tuple[int, int], int], chunks: int, cores: int, left: int) -> list[tuple[int, int]]:
    """Every chunk on a core of its own, all cores among them that still have as many uses as replicas are left."""
    load = [sum(table[chunk, core] for chunk in range(chunks)) for core in range(cores)]
    full = [core for core in range(cores) if left and load[core] == left]
    owner: dict[int, int] = {}

    def place(chunk: int, seen: set[int], allowed: list[int]) -> bool:
        for core in allowed:
            if table[chunk, core] and core not in seen:
                seen.add(core)
                if core not in owner or place(owner[core], seen, list(range(cores))):
                    owner[core] = chunk
                    return True
        return False

    for chunk in range(chunks):
        place(chunk, set(), full + [core for core in range(cores) if core not in full])
    # A full core that was left out takes a chunk from one that is not full (Mendelsohn and Dulmage 1958).
    for core in full:
        _cover(core, table, owner, set(full), chunks, set())
    return sorted((chunk, core) for core, chunk in owner.items())


def _cover(
    core: int, table: dict[tuple[int, int], int], owner: dict[int, int], full: set[int], chunks: int, seen: set[int]
) -> bool:
    if core in owner:
        return True
    for chunk in range(chunks):
        if not table[chunk, core] or chunk in seen:
            continue
        seen.add(chunk)
        held = next((one for one, owned in owner.items() if owned == chunk), None)
        if held is None:
            owner[core] = chunk
            return True
        if held not in full:
            del owner[held]
            owner[core] = chunk
            return True
        del owner[held]
        owner[core] = chunk
        if _cover(held, table, owner, full, chunks, seen):
            return True
        del owner[core]
        owner[held] = chunk
    return False
