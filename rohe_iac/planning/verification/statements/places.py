"""Checks why a search has a replica where it is: what would get worse on another node."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from msgspec import structs

from rohe_iac.foundation.quantities import ordinal
from rohe_iac.planning.model.demand import AffinityRule, Demand
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.measured_terms import lost_percent, objective_terms
from rohe_iac.planning.verification.reasons import SEARCHED_PLACE, first_static_rule
from rohe_iac.planning.verification.requests import requested
from rohe_iac.planning.verification.statements.room import lacks, room_of

MAX_CHECKED = 500
"""Reasons that are checked, of replicas of different workloads or on different nodes; each asks all nodes in use."""

MEASURED = frozenset(("placed", "interference", "nodes", "cost", "balance"))
"""Terms whose change is measured here; that of moves is known where no replica had a node before."""

_CONSEQUENCE = re.compile(
    r"need an? \S+ node|raise the cost of the nodes from \S+ to \S+ an hour|spread the load less evenly"
    r"|slow sensitive services down by \d+ % more of one replica's time"
)
"""Consequences that are measured here."""


def place_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each reason of a search that is not so."""
    places = _Places(problem, plan)
    seen: set[tuple[str, str, str, str]] = set()
    for item in plan.placements:
        key = item.workload, item.node, item.was, item.reason
        if item.decided != "search" or item.node not in places.nodes or key in seen:
            continue
        demand = places.demands.get(item.workload)
        if demand is None or len(seen) >= MAX_CHECKED:
            continue
        found = SEARCHED_PLACE.fullmatch(item.reason.removesuffix(f" ({demand.note})" if demand.note else ""))
        if found is None:
            continue
        seen.add(key)
        for message in places.messages(item, demand, found.groupdict()):
            yield Fault("reasons", item.replica, f"'{item.reason}': {message}")


class _Places:
    """The nodes of a plan, and what is free and used on them in the end."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self.terms = [term for term in objective_terms(problem, plan) if term != "wishes"]
        self.nodes = {node.name: node for node in problem.nodes}
        self.demands = {demand.workload: demand for demand in problem.demands}
        self.used = Counter(item.node for item in plan.placements)
        self.spare = plan.spare
        self.first_plan = not any(item.was for item in plan.placements)
        self._items: dict[str, list[tuple[Placement, Demand]]] = defaultdict(list)
        for item in plan.placements:
            if item.workload in self.demands and item.node in self.nodes:
                self._items[item.node].append((item, self.demands[item.workload]))
        cpu = {
            name: sum(requested(demand, item.variant).cpu for item, demand in self._items[name]) for name in self.used
        }
        self._cpu: Mapping[str, int] = cpu

    def messages(self, item: Placement, demand: Demand, stated: Mapping[str, str | None]) -> Iterator[str]:
        """Yields what is not so of a reason.

        Args:
            item: the placement.
            demand: its workload.
            stated: the parts of the reason, by the names of the groups of SEARCHED_PLACE.
        """
        name = stated["node"] or stated["equal"] or stated["as_well"] or stated["gain"]
        if name is not None:
            yield from self._named(item, demand, name, stated)
        elif stated["shared"]:
            if self.used[item.node] < 2:
                yield f"nothing else is on {item.node}"
        elif stated["none"] and not self._coupled(demand):
            able = next((node.name for node in self.nodes.values() if self._can_take(item, demand, node)), "")
            if able:
                yield f"{able} can"

    def _named(self, item: Placement, demand: Demand, name: str, stated: Mapping[str, str | None]) -> Iterator[str]:
        node = self.nodes.get(name)
        if node is None or name == item.node:
            yield f"{name} is no other node"
            return
        if not self._can_take(item, demand, node):
            yield f"{name} cannot take it"
            return
        consequence = stated["consequence"]
        changed = self._changed(item, demand, node)
        if consequence is not None and _CONSEQUENCE.fullmatch(consequence):
            term, words = changed[0] if changed else ("", "change nothing")
            if (
                words != consequence
                and self._measures_all_before(term)
                and not self._preferences_of(item, demand, node)
            ):
                yield f"moving it to {name} would {words}"
        elif (
            (stated["equal"] or stated["as_well"])
            and changed
            and self._measures_all_before(changed[0][0])
            and not self._preferences_of(item, demand, node)
        ):
            yield f"moving it to {name} would {changed[0][1]}"

    def _measures_all_before(self, term: str) -> bool:
        """Checks whether every term up to this one is measured here; all of them for the empty word."""
        before = self.terms[: self.terms.index(term) + 1] if term in self.terms else self.terms
        known = MEASURED | ({"stable"} if self.first_plan else frozenset())
        return set(before) <= known

    def _preferences_of(self, item: Placement, demand: Demand, node: Supply) -> bool:
        """Checks whether a move to the node can change preferences, which come before the number of nodes."""
        rules = any(not rule.required for rule in self._rules_about(demand))
        own = bool(demand.prefers) or any(not skew.required for skew in demand.skews)
        both = (self.nodes[item.node], node)
        return rules or own or any(taint.effect == "PreferNoSchedule" for each in both for taint in each.taints)

    def _rules_about(self, demand: Demand) -> Iterator[AffinityRule]:
        """Yields the rules of a workload about others, and those of others about it."""
        yield from (*demand.near, *demand.avoid)
        for other in self.demands.values():
            yield from (rule for rule in (*other.near, *other.avoid) if demand.workload in rule.workloads)

    def _changed(self, item: Placement, demand: Demand, node: Supply) -> Sequence[tuple[str, str]]:
        """Returns the measured terms that change were the replica on the node, each with what that would do."""
        opened, closed = not self.used[node.name], self.used[item.node] == 1
        here = self.nodes[item.node]
        found = []
        for term in self.terms:
            if term == "interference":
                more = self._lost_more(item, node)
                words = f"slow sensitive services down by {more} % more of one replica's time"
                found += [(term, words if more > 0 else "slow sensitive services down less")] if more else []
            elif term == "nodes" and opened != closed:
                words = f"need {ordinal(len(self.used) + 1)} node" if opened else "free a node"
                found.append((term, words))
            elif term == "cost":
                cost = sum(self.nodes[name].cost for name in self.used if name in self.nodes)
                after = cost + opened * node.cost - closed * here.cost
                if after != cost:
                    verb = "raise" if after > cost else "lower"
                    words = f"{verb} the cost of the nodes from {cost / MILLION:g} to {after / MILLION:g} an hour"
                    found.append((term, words))
            elif term == "balance":
                cpu = requested(demand, item.variant).cpu
                before = self._square(here, 0, closed=False) + self._square(node, 0, closed=opened)
                then = self._square(here, -cpu, closed=closed) + self._square(node, cpu, closed=False)
                if before != then:
                    found.append((term, f"spread the load {'less' if then > before else 'more'} evenly"))
        return found

    def _lost_more(self, item: Placement, node: Supply) -> int:
        """Returns by how many percent of one replica's time sensitive replicas would lose more, were it on the node."""
        here = tuple(other for name in (item.node, node.name) for other, _ in self._items.get(name, ()))
        there = tuple(structs.replace(other, node=node.name) if other is item else other for other in here)
        after, before = (lost_percent(self.problem, replace(self.plan, placements=items)) for items in (there, here))
        return after - before

    def _square(self, node: Supply, more: int, *, closed: bool) -> int:
        """Returns the square of the used share of a node's cpu, in square thousandths."""
        share = 0 if closed else (self._cpu.get(node.name, 0) + more) * 1000 // max(1, node.cpu)
        return share * share

    def _can_take(self, item: Placement, demand: Demand, node: Supply) -> bool:
        """Checks whether a node has room for a replica, by the rules about the node and its amounts alone."""
        if node.name in (item.node, self.spare) or first_static_rule(demand, node):
            return False
        room = room_of(node, self._items[node.name], self.problem.settings.vms_ratio)
        return next(lacks(room, requested(demand, item.variant)), None) is None

    def _coupled(self, demand: Demand) -> bool:
        """Checks whether the places of other replicas can keep one of the demand off a node that has room for it."""
        workload = demand.workload
        linked = any(workload in (edge.source, edge.sink) for edge in self.problem.edges)
        limited = any(
            workload == time.workload for limit in self.problem.promises for stage in limit.stages for time in stage
        )
        return bool(
            (self.problem.wires and (linked or limited))
            or self.problem.settings.filters
            or self.problem.settings.survive
            or self.problem.settings.survive_zones
            or demand.spread
            or demand.skews
            # Numbers of the range are given out once for the whole stack, whichever node a replica is on.
            or any(port.host for port in demand.ports)
            or any(rule.required for rule in self._rules_about(demand))
        )
