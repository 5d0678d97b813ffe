"""The words of each rule: why a node is refused, as a person reads it."""

from __future__ import annotations

from rohe_iac.planning.placement.rules.affinity import near_holds
from rohe_iac.planning.placement.rules.path_latency import overspent
from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.ledger import Ledger


def _static_text(indexed: IndexedProblem, demand: int, node: int, rule: str) -> str:
    wanted, supply = indexed.demands[demand], indexed.nodes[node]
    if rule == "status":
        return f"status: the node is {supply.status}"
    if rule == "reserved":
        return "reserved: kept free for the replicas of a node that fails"
    if rule == "labels":
        labels = dict(supply.labels)
        lacking = [f"{key}={value}" for key, value in wanted.selector if labels.get(key) != value]
        return f"labels: {', '.join(lacking)} missing"
    if rule == "taints":
        kept = [
            f"{taint.key}={taint.value}" if taint.value else taint.key
            for taint in supply.taints
            if taint.effect != "PreferNoSchedule"
            and not any(item.covers(taint.key, taint.value, taint.effect) for item in wanted.tolerations)
        ]
        return f"taints: {', '.join(kept)} not tolerated"
    return f"architecture: the node is {supply.arch}, asked is {' or '.join(wanted.arch)}"


def placement_words(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int, rule: str) -> str:
    """What a rule of NEIGHBOURHOOD that refuses the node says of it, as people read it."""
    wanted = indexed.demands[demand]
    if rule == "ports":
        taken = ledger.ports[node]
        clash = sorted(number for number, protocol in indexed.host_ports[demand] if (number, protocol) in taken)
        if clash:
            return f"ports: host port {clash[0]} is taken"
        if indexed.numbered[demand] > ledger.numbers:
            return f"ports: {indexed.numbered[demand]} asked, {ledger.numbers} left in the range"
        return "ports: one host port is asked for twice"
    if rule == "spread":
        for item in wanted.spread:
            domain = indexed.domains[item.key][node]
            if domain < 0:
                return f"spread: the node has no label {item.key}"
            if ledger.counts[demand][item.key][domain] >= item.limit:
                return f"spread: {item.limit} in this {item.key} already"
    if rule == "avoid":
        for key in indexed.avoid_keys[demand]:
            if indexed.domains[key][node] < 0:
                return f"avoid: the node has no label {key}"
        for other, key in indexed.avoid[demand]:
            domain = indexed.domains[key][node]
            if domain >= 0 and ledger.counts[other][key][domain]:
                return f"avoid: {indexed.demands[other].workload} is in this {key}"
    if rule == "near":
        for others, key in indexed.near[demand]:
            if not near_holds(indexed, ledger, demand, others, key, node):
                names = " or ".join(indexed.demands[other].workload for other in others) or "a service without replicas"
                return f"near: {names} is not in this {key}"
    if rule == "latency":
        return _latency_text(indexed, ledger, demand, node)
    if rule == "budget":
        return _budget_text(indexed, ledger, demand, node)
    for wire, load in sorted(ledger.loads(demand, node).items()):
        if load > ledger.bandwidth[wire]:
            return f"bandwidth: {load - ledger.bandwidth[wire]} of {load} bit/s missing on {indexed.wires[wire].name}"
    return rule


def _budget_text(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> str:
    found = overspent(indexed, ledger, demand, node)
    if found is None:
        return "budget"
    budget, over = found
    way = " to ".join(
        indexed.demands[demands[0]].service for demands in (budget.stages[0], budget.stages[-1]) if demands
    )
    promise = budget.objective
    return (
        f"budget: {over / 1000:g} ms over the {budget.limit / 1000:g} ms that {promise.objective} "
        f"({promise.limit / 1000:g} ms) leaves from {way}"
    )


def _latency_text(indexed: IndexedProblem, ledger: Ledger, demand: int, node: int) -> str:
    for peer, limit, _ in indexed.edges[demand]:
        for other in sorted(ledger.placed[peer]):
            route = indexed.route(node, other)
            name, there = indexed.demands[peer].workload, indexed.nodes[other].name
            if route is None:
                return f"latency: no link to {name} on {there}"
            if limit is not None and route[0] > limit:
                return f"latency: {(route[0] - limit) / 1000:g} ms over {limit / 1000:g} ms to {name} on {there}"
    return "latency"
