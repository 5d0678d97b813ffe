"""Verifies placement rules: static rules, ports, spread, neighbours and the spread of `survive`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from rohe_iac.planning.model.demand import Demand, LocalFlowRule
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.requests import label_faults, repels


def static_faults(item: Placement, demand: Demand, node: Supply) -> Iterator[Fault]:
    """Yields a fault for each rule about the node alone that the placement breaks."""
    if node.status == "down" or (node.status == "cordoned" and item.was != node.name):
        yield Fault("status", item.replica, f"node {node.name} is {node.status}")
    absent, excluded = label_faults(demand, node)
    for label in absent:
        yield Fault("labels", item.replica, f"node {node.name} has no label {label}")
    for label in excluded:
        yield Fault("labels", item.replica, f"node {node.name} has the excluded label {label}")
    if demand.arch and node.arch and node.arch not in demand.arch:
        yield Fault("architecture", item.replica, f"node {node.name} is {node.arch}")
    for taint in node.taints:
        if repels(taint, demand):
            yield Fault("taints", item.replica, f"does not tolerate {taint.key} of node {node.name}")


def port_faults(problem: Problem, items: list[Placement], demands: dict[str, Demand]) -> Iterator[Fault]:
    """Yields a fault for each port that two replicas have, or that is not one that the replica asks for."""
    uses: Counter[tuple[str, int, str]] = Counter()
    for item in items:
        demand = demands[item.workload]
        place = "" if problem.settings.one_machine else item.node
        numbers = {use.name: use.number for use in item.ports}
        known = [port.name for port in demand.ports if port.host or problem.settings.ports is not None]
        if [use.name for use in item.ports] != known:
            yield Fault(
                "ports", item.replica, f"gives {', '.join(numbers) or 'none'}, asked: {', '.join(known) or 'none'}"
            )
        for port in demand.ports:
            number = numbers.get(port.name)
            if port.host and number != port.host:
                yield Fault("ports", item.replica, f"port {port.name} is {number}, asked is {port.host}")
            if not port.host and problem.settings.ports is not None:
                first, last = problem.settings.ports
                if number is None or not first <= number <= last:
                    yield Fault("ports", item.replica, f"port {port.name} has no number of the range")
            if number is not None:
                uses[place, number, port.protocol if port.host else ""] += 1
    by_number: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for (place, number, protocol), times in uses.items():
        by_number[place, number][protocol] += times
    for (place, number), protocols in by_number.items():
        if (protocols[""] and sum(protocols.values()) > 1) or any(times > 1 for times in protocols.values()):
            yield Fault("ports", f"node/{place}" if place else "stack", f"port {number} is given more than once")


def coupling_faults(nodes: dict[str, Supply], demands: dict[str, Demand], items: list[Placement]) -> Iterator[Fault]:
    """Yields a fault for each rule `spread`, `avoid` or `near`, or `within` of a flow, that the placements break."""
    keys = {
        rule.key
        for demand in demands.values()
        for rules in (demand.spread, demand.avoid, demand.near)
        for rule in rules
    }
    there: dict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
    for item in items:
        for key in keys:
            there[item.workload, key][nodes[item.node].domain(key)] += 1
    for item in items:
        demand = demands[item.workload]
        for spread in demand.spread:
            domain = nodes[item.node].domain(spread.key)
            if domain is None or there[item.workload, spread.key][domain] > spread.limit:
                yield Fault("spread", item.replica, f"more than {spread.limit} in {spread.key} {domain}")
        for rule in (*demand.avoid, *demand.near):
            if not rule.required:
                continue
            domain = nodes[item.node].domain(rule.key)
            counts = [
                there[other, rule.key][domain] - (other == item.workload)
                for other in rule.workloads
                if domain is not None
            ]
            if rule in demand.avoid and (any(counts) or domain is None):
                yield Fault("avoid", item.replica, f"shares {rule.key} {domain} with {' or '.join(rule.workloads)}")
            if rule in demand.near:
                everywhere = [sum(there[other, rule.key].values()) for other in rule.workloads]
                first_of_group = item.workload in rule.workloads and sum(everywhere) == 1
                if domain is None or (not any(counts) and not first_of_group):
                    word = "within" if isinstance(rule, LocalFlowRule) else "near"
                    yield Fault(word, item.replica, f"no {' or '.join(rule.workloads)} in {rule.key} {domain}")


def survival_faults(problem: Problem, plan: Plan, items: list[Placement]) -> Iterator[Fault]:
    """Yields a fault for each workload that the failures to survive would leave without a replica.

    Where all replicas of a workload are placed, some are left whichever nodes fail; where fewer are placed, no node
    holds more than its part of all. A workload that the plan relaxes is held to the failures that the plan states.
    """
    asked, relaxed = problem.settings.survive, {item.workload: item.failures for item in plan.relaxed}
    zones = problem.settings.survive_zones
    several = {demand.workload for demand in problem.demands if demand.replicas > 1}
    if len(relaxed) < len(plan.relaxed):
        yield Fault("losses", problem.stack, "a workload is listed twice as spread for fewer failures")
    replicas = {demand.workload: demand.replicas for demand in problem.demands}
    for workload, failures in sorted(relaxed.items()):
        if workload not in several or not 0 <= failures < asked + bool(zones):
            yield Fault("losses", workload, f"is listed as spread for {failures} failures, asked are {asked}")
        elif 0 < failures < asked and (replicas[workload] - 1) // failures <= max(1, (replicas[workload] - 1) // asked):
            message = f"is listed as spread for {failures} failures, which is no wider than for {asked}"
            yield Fault("losses", workload, message)
    for demand in problem.demands if asked else ():
        failures = max(0, min(asked, relaxed.get(demand.workload, asked)))
        if not failures:
            continue
        counts = sorted(Counter(item.node for item in items if item.workload == demand.workload).values())
        if demand.replicas < 2 or not counts:
            continue
        most = max(1, (demand.replicas - 1) // failures)
        if counts[-1] > most:
            yield Fault("spread", demand.workload, f"one node holds {counts[-1]}, {most} let {failures} nodes fail")
        elif sum(counts) == demand.replicas > failures and not sum(counts[:-failures]):
            yield Fault("spread", demand.workload, f"{failures} nodes hold all of its replicas")
    yield from _zone_faults(problem, items, {*relaxed})


def _zone_faults(problem: Problem, items: list[Placement], relaxed: set[str]) -> Iterator[Fault]:
    """Yields a fault for each workload that the failures of zones to survive would leave without a replica."""
    failures = problem.settings.survive_zones
    zones = {node.name: dict(node.labels).get("zone", f"node/{node.name}") for node in problem.nodes}
    for demand in problem.demands if failures else ():
        counts = sorted(Counter(zones[item.node] for item in items if item.workload == demand.workload).values())
        if demand.workload in relaxed or demand.replicas < 2 or not counts:
            continue
        most = max(1, (demand.replicas - 1) // failures)
        if counts[-1] > most:
            yield Fault("spread", demand.workload, f"one zone holds {counts[-1]}, {most} let {failures} zones fail")
