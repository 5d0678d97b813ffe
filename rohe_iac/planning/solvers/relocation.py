"""Relocation: what a plan of a search would lose if one replica were on another node, as the reason of its place.

A search chooses the nodes of all replicas together, so that no score of one node says why a replica is there. What says
it is the next best plan: the replica is moved by itself to another node that can take it, and the first term of the
objective that changes is the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rohe_iac.foundation.quantities import ordinal
from rohe_iac.planning.model.node_interference import joined
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.objective.objective import LexicographicObjective
from rohe_iac.planning.placement.objective.terms import square_sum
from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.state.from_plan import nodes_of
from rohe_iac.planning.placement.state.ledger import Grant
from rohe_iac.planning.placement.state.positions import (
    NO_NODE,
    DemandIndex,
    NodeIndex,
    ReplicaIndex,
    enumerate_demands,
)
from rohe_iac.planning.solvers.construction.decision import Decision
from rohe_iac.planning.solvers.construction.greedy import Construction

MAX_ASKED = 30_000
"""Nodes that are asked whether they can take a replica, in one plan; the reasons of the others name no other node."""

MAX_MEASURED = 100
"""Assignments of which all terms are measured, in one plan, where a term is not one of COUNTED."""

MAX_COMPARED = 3
"""Nodes in use that are compared for one replica, where a term is not one of COUNTED."""

MAX_BALANCED = 8
"""Nodes in use that are compared for one replica where the load is to be balanced, the least loaded first."""

COUNTED = frozenset(("moves", "placed", "stable", "interference", "nodes", "cost", "balance"))
"""Terms whose change is known from the two nodes of a replica that moves."""

NOT_COMPARED = "placed by the search; in a plan of this size other nodes are not compared"
"""The reason of a replica beyond the limits of comparing where few nodes are no aim."""

Terms = list[tuple[str, int]]
"""Names and values of the terms of an objective, the most important first; the larger, the better."""

NO_OTHER_NODE = "no other node can take it beside the other replicas"
"""The reason of a replica that no other node can take, the other replicas being where they are."""


class Relocation:
    """Moves replicas of a finished assignment, one by one, to other nodes, and says what that would change.

    The assignment is afterwards as it was. Replicas of a demand on one node have the same answer.
    """

    def __init__(self, construction: Construction) -> None:
        self._construction, self._indexed = construction, construction.indexed
        indexed, self._ledger = construction.indexed, construction.ledger
        grants = construction.grants()
        self._moved = sum(
            stood.node != grants[replica].node for replica, stood in construction.standing.items() if replica in grants
        )
        self._objective = LexicographicObjective(indexed, nodes_of(construction.standing), self._moved)
        self._nodes = nodes_of(grants)
        self._used = Counter(self._nodes.values())
        self._terms = self._objective.terms(self._nodes.items())
        self._by_counts = {name for name, _ in self._terms} <= COUNTED
        self._balances = "balance" in indexed.objective
        self._cpu: Counter[NodeIndex] = Counter()
        for (demand, _), node in self._nodes.items():
            self._cpu[node] += indexed.resources[demand].cpu
        self._in_use = sorted(self._used)
        self._roomy: dict[DemandIndex, list[NodeIndex]] = {}
        self._idle = self._cheapest_idle()
        self._asked = self._measured = 0
        self._known: dict[tuple[DemandIndex, NodeIndex, NodeIndex], str] = {}

    def reason(self, decision: Decision) -> str:
        """Returns why the replica is on its node: what would get worse elsewhere."""
        demand, before = decision.demand, self._objective.before.get((decision.demand, decision.index), NO_NODE)
        key = demand, decision.node, before
        if key not in self._known:
            self._known[key] = self._reason(decision)
        return self._known[key]

    def _reason(self, decision: Decision) -> str:
        if self._asked >= MAX_ASKED or self._measured >= MAX_MEASURED:
            return self._company(decision)
        self._ledger.release(decision)
        best: tuple[list[int], NodeIndex] | None = None
        terms: Terms = []
        for node in self._others(decision):
            found = self._terms_on(decision, node)
            worth = [value for _, value in found]
            if best is None or worth > best[0]:
                best, terms = (worth, node), found
        self._ledger.book(decision)
        if best is None:
            return NO_OTHER_NODE if self._asked < MAX_ASKED else self._company(decision)
        there = self._indexed.nodes[best[1]].name
        changed = [(name, old, new) for (name, old), (_, new) in zip(self._terms, terms, strict=True) if old != new]
        if not changed:
            return f"one of several nodes that are as good by every term of the objective ({there} too)"
        name, old, new = changed[0]
        if new > old:
            return f"placed by the search; moving it alone to {there} would {_gain(name)}"
        return f"here because moving it to {there} would {_loss(name, -old, -new)}"

    def _company(self, decision: Decision) -> str:
        """Returns a reason that asks no other node."""
        if self._used[decision.node] > 1 and not {"nodes", "cost"}.isdisjoint(self._indexed.objective):
            return "on a node that others use as well, so that no further one is needed"
        return NOT_COMPARED

    def _others(self, decision: Decision) -> Iterator[NodeIndex]:
        """Yields other nodes that can take the replica: nodes in use, then the cheapest of each kind of idle ones."""
        compared, all_differ = 0, self._balances and self._by_counts
        alike = self._by_counts and not self._ledger.interference.any
        most = MAX_BALANCED if all_differ else 1 if alike else MAX_COMPARED
        before = self._objective.before.get((decision.demand, decision.index), NO_NODE)
        first = [before] if before in self._used else []
        for node in (*first, *(node for node in self._roomy_nodes(decision.demand) if node != before)):
            if node != decision.node and self._takes(decision, node):
                yield node
                compared += 1
                if compared == most:
                    break
        for node in self._idle:
            if self._takes(decision, node):
                yield node
                if not all_differ:
                    break

    def _roomy_nodes(self, demand: DemandIndex) -> list[NodeIndex]:
        """Returns the nodes in use with cpu and memory for one more replica; the same for all its replicas."""
        found = self._roomy.get(demand)
        if found is None:
            asked, cpu, rss = self._indexed.resources[demand], self._ledger.cpu, self._ledger.rss
            found = [node for node in self._in_use if asked.cpu <= cpu[node] and asked.rss <= rss[node]]
            if self._balances:
                found.sort(key=lambda node: self._cpu[node] * 1000 // max(1, self._indexed.nodes[node].cpu))
            self._roomy[demand] = found
        return found

    def _takes(self, decision: Decision, node: NodeIndex) -> bool:
        """Checks whether a node can take the replica, the others being where they are."""
        self._asked += 1
        if self._asked > MAX_ASKED or refusal(self._indexed, self._ledger, decision.demand, node):
            return False
        if self._indexed.skews.required[decision.demand] and not self._keeps_even(decision.demand, node):
            return False
        return not any(self._indexed.near) or self._keeps_neighbours(decision.demand, node)

    def _keeps_even(self, demand: DemandIndex, node: NodeIndex) -> bool:
        """Checks whether no domain would have too many replicas beside the one that the replica leaves."""
        grant = Grant(demand, node)
        self._ledger.book(grant)
        even = self._indexed.skews.overfull(self._ledger, demand) is None
        self._ledger.release(grant)
        return even

    def _keeps_neighbours(self, demand: DemandIndex, node: NodeIndex) -> bool:
        """Checks whether all that have to be near the replica would still be near one."""
        indexed, ledger = self._indexed, self._ledger
        grant = Grant(demand, node)
        ledger.book(grant)
        kept = all(
            near_holds(indexed, ledger, owner, others, key, there, stands=True)
            for owner, rules in enumerate_demands(indexed.near)
            for others, key in rules
            if demand in others or owner == demand
            for there in ledger.placed[owner]
        )
        ledger.release(grant)
        return kept

    def _cheapest_idle(self) -> list[NodeIndex]:
        """Returns the nodes without replicas, the cheapest first, one of each that no term or rule tells apart."""
        indexed = self._indexed
        places = indexed.places if indexed.wires else [0] * len(indexed.nodes)
        keys = [key for key, nodes in indexed.domain_nodes.items() if any(len(members) > 1 for members in nodes)]
        seen: set[tuple[object, ...]] = set()
        found = []
        for node in sorted(indexed.node_indices, key=lambda node: (indexed.nodes[node].cost, node)):
            domains = tuple(indexed.domains[key][node] for key in keys)
            kind = (indexed.node_classes.class_of[node], indexed.nodes[node].cost, places[node], domains)
            if node not in self._used and kind not in seen:
                seen.add(kind)
                found.append(node)
        return found

    def _terms_on(self, decision: Decision, node: NodeIndex) -> Terms:
        """Returns the terms with the replica on another node."""
        replica: ReplicaIndex = (decision.demand, decision.index)
        if not self._by_counts:
            self._measured += 1
            return self._objective.terms({**self._nodes, replica: node}.items())
        before = self._objective.before.get(replica, node)
        moves = (before != node) - (self._objective.before.get(replica, decision.node) != decision.node)
        opened, closed = not self._used[node], self._used[decision.node] == 1
        nodes, costs = self._indexed.nodes, opened * self._indexed.nodes[node].cost
        limit = self._objective.limit
        change = {
            "moves": 0 if limit is None else -max(0, self._moved + moves - limit),
            "stable": -moves,
            "nodes": closed - opened,
            "cost": closed * nodes[decision.node].cost - costs,
            "interference": self._interference_change(decision, node) if self._ledger.interference.any else 0,
            "balance": self._balance_change(decision, node) if self._balances else 0,
        }
        return [(name, value + change.get(name, 0)) for name, value in self._terms]

    def _interference_change(self, decision: Decision, node: NodeIndex) -> int:
        """Returns by how many percent of one replica's time sensitive replicas lose less with it on another node."""
        interference, crowds = self._ledger.interference, self._ledger.crowd
        added, change = interference.of_replica[decision.demand], 0
        for there, sign in ((decision.node, 1), (node, -1)):
            capacity = interference.capacity[there]
            with_it = interference.percent(capacity, joined(crowds[there], added))
            change += sign * (with_it - interference.percent(capacity, crowds[there]))
        return change

    def _balance_change(self, decision: Decision, node: NodeIndex) -> int:
        """Returns by how much the term `balance` is better with the replica on another node."""
        cpu, load = self._indexed.resources[decision.demand].cpu, self._cpu
        pair = (decision.node, node)
        before = square_sum(self._indexed, [(each, load[each]) for each in pair])
        after = square_sum(self._indexed, [(decision.node, load[decision.node] - cpu), (node, load[node] + cpu)])
        return before - after


def _loss(term: str, here: int, there: int) -> str:
    """Returns what would get worse: the term, and its value here and there, the smaller, the better."""
    if term == "nodes":
        return f"need {ordinal(there)} node"
    if term == "cost":
        return f"raise the cost of the nodes from {here / MILLION:g} to {there / MILLION:g} an hour"
    if term == "interference":
        return f"slow sensitive services down by {there - here} % more of one replica's time"
    if term == "slack":
        return f"lower the least slack from {-here / 100:g} % to {-there / 100:g} % of the limit"
    words = {
        "balance": "spread the load less evenly",
        "wishes": "meet fewer preferences of services and nodes",
        "stable": "be a further move",
        "moves": "be one move more than allowed",
    }
    return words.get(term, f"be worse by the term `{term}`")


def _gain(term: str) -> str:
    """Returns what would get better, of an assignment that a search with more iterations would improve."""
    words = {
        "nodes": "free a node",
        "interference": "slow sensitive services down less",
        "cost": "lower the cost of the nodes",
        "balance": "spread the load more evenly",
        "slack": "raise the least slack",
        "wishes": "meet more preferences of services and nodes",
        "stable": "be a move less",
    }
    return words.get(term, f"be better by the term `{term}`")
