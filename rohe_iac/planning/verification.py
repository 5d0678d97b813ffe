"""Verification: a plan held against its problem, with arithmetic of its own.

Nothing here is shared with the ledger, the feasibility rules, the layout or the bounds: what the planner gets wrong in
one of them is found here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from rohe_iac.planning.bound_verification import derived
from rohe_iac.planning.demand import Demand, Resources
from rohe_iac.planning.filter_verification import refused_by_filters
from rohe_iac.planning.identity_verification import unlike
from rohe_iac.planning.network_verification import broken_links
from rohe_iac.planning.plan import Placement, Plan
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.reason_verification import misreasoned
from rohe_iac.planning.supply import Supply


@dataclass(frozen=True, slots=True)
class Fault:
    """A constraint that the plan breaks: the rule, the address of what breaks it, and how."""

    rule: str
    subject: str
    message: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.rule}: {self.message}"


def verify(problem: Problem, plan: Plan) -> tuple[Fault, ...]:
    """Every broken constraint of the plan, sorted; empty where all hold."""
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    faults = [Fault(*told) for told in unlike(problem, plan)]
    known = [item for item in plan.placements if item.node in nodes and item.workload in demands]
    on: dict[str, list[Placement]] = defaultdict(list)
    for item in known:
        on[item.node].append(item)
    for name, items in on.items():
        faults += _capacity(problem, nodes[name], [(item, demands[item.workload]) for item in items])
    for item in known:
        faults += _static(item, demands[item.workload], nodes[item.node])
    faults += _ports(problem, known, demands)
    faults += _neighbours(nodes, demands, known)
    faults += _survival(problem, plan, known)
    faults += [Fault(*told) for told in broken_links(problem, known)]
    faults += _bound(problem, plan)
    faults += _proofs(problem, plan)
    faults += [Fault(*told) for told in misreasoned(problem, plan)]
    if not faults:
        # Plugged filters are asked of what holds otherwise, so that they see only what can be.
        faults += [Fault(*told) for told in refused_by_filters(problem, known)]
    return tuple(sorted(faults, key=lambda fault: (fault.rule, fault.subject, fault.message)))


def _asked(item: Placement, demand: Demand) -> Resources:
    return next((one.resources for one in demand.variants if one.name == item.variant), demand.resources)


def _capacity(problem: Problem, node: Supply, items: list[tuple[Placement, Demand]]) -> Iterator[Fault]:
    where = f"node/{node.name}"
    asked = [_asked(item, demand) for item, demand in items]
    cpu = node.cpu_used + sum(one.cpu for one in asked)
    if cpu > node.cpu and any(one.cpu for one in asked):
        yield Fault("cpu", where, f"{cpu} of {node.cpu} millicores")
    rss = node.rss_used + sum(one.rss for one in asked)
    if rss > node.rss and any(one.rss for one in asked):
        yield Fault("rss", where, f"{rss} of {node.rss} bytes")
    vms = node.vms_used + sum(one.vms or 0 for one in asked)
    if (
        node.vms is not None
        and vms * 1_000_000 > node.vms * problem.settings.vms_ratio
        and any(one.vms for one in asked)
    ):
        yield Fault("vms", where, f"{vms} bytes of {node.vms} times {problem.settings.vms_ratio / 1e6:g}")
    yield from _cores(node, items)
    yield from _devices(node, items)


def _cores(node: Supply, items: list[tuple[Placement, Demand]]) -> Iterator[Fault]:
    loads: Counter[int] = Counter(dict(enumerate(node.cores_used)))
    granted: set[int] = set()
    for item, demand in items:
        cores = [use.core for use in item.cores]
        granted.update(cores)
        wanted = sorted(_asked(item, demand).cores)
        if sorted(use.amount for use in item.cores) != wanted:
            yield Fault("cores", item.replica, f"asks for {wanted}, the plan gives other amounts")
        if len(set(cores)) < len(cores):
            yield Fault("cores", item.replica, "two chunks on one core")
        for use in item.cores:
            loads[use.core] += use.amount
    for core in granted:
        if not 0 <= core < len(node.cores):
            yield Fault("cores", f"node/{node.name}", f"has no core {core}")
        elif loads[core] > node.cores[core]:
            yield Fault("cores", f"node/{node.name}", f"{loads[core]} of {node.cores[core]} millicores on core {core}")


def _devices(node: Supply, items: list[tuple[Placement, Demand]]) -> Iterator[Fault]:
    devices = {device.name: device for device in node.devices}
    given: dict[str, list[int]] = defaultdict(list)
    for item, demand in items:
        for use in item.devices:
            if use.device not in devices or devices[use.device].type != use.type:
                yield Fault("accelerators", item.replica, f"node {node.name} has no {use.type} {use.device}")
            else:
                given[use.device].append(use.amount)
        requests = _asked(item, demand).devices
        if {use.type for use in item.devices} != {request.type for request in requests}:
            yield Fault("accelerators", item.replica, "the types given are not the types asked for")
        for request in requests:
            mine = [use for use in item.devices if use.type == request.type and use.device in devices]
            if request.models and any(devices[use.device].model not in request.models for use in mine):
                yield Fault("accelerators", item.replica, f"a device is not one of {', '.join(request.models)}")
            number = request.count or 1
            if len(mine) != number or len({use.device for use in mine}) != number:
                yield Fault("accelerators", item.replica, f"{len(mine)} devices of {request.type}, not {number}")
            for use in mine:
                whole = request.count or devices[use.device].exclusive
                least = devices[use.device].capacity if whole else request.share
                if use.amount != least or use.amount < request.share:
                    yield Fault("accelerators", item.replica, f"{use.amount} basis points of {use.device}")
    for name, amounts in given.items():
        device = devices[name]
        if device.used + sum(amounts) > device.capacity:
            yield Fault("accelerators", f"node/{node.name}", f"{name}: more than its {device.capacity} basis points")


def _static(item: Placement, demand: Demand, node: Supply) -> Iterator[Fault]:
    if node.status == "down" or (node.status == "cordoned" and item.was != node.name):
        yield Fault("status", item.replica, f"node {node.name} is {node.status}")
    labels = dict(node.labels)
    for key, value in demand.selector:
        if labels.get(key) != value:
            yield Fault("labels", item.replica, f"node {node.name} has no label {key}={value}")
    if demand.arch and node.arch and node.arch not in demand.arch:
        yield Fault("architecture", item.replica, f"node {node.name} is {node.arch}")
    for taint in node.taints:
        if taint.effect == "PreferNoSchedule":
            continue
        for one in demand.tolerations:
            same_effect = one.effect in ("", taint.effect)
            same_key = one.key == taint.key or (one.operator == "Exists" and one.key == "")
            if same_effect and same_key and (one.operator == "Exists" or one.value == taint.value):
                break
        else:
            yield Fault("taints", item.replica, f"does not tolerate {taint.key} of node {node.name}")


def _ports(problem: Problem, items: list[Placement], demands: dict[str, Demand]) -> Iterator[Fault]:
    taken: Counter[tuple[str, int, str]] = Counter()
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
                taken[place, number, port.protocol if port.host else ""] += 1
    by_number: dict[tuple[str, int], Counter[str]] = defaultdict(Counter)
    for (place, number, protocol), times in taken.items():
        by_number[place, number][protocol] += times
    for (place, number), protocols in by_number.items():
        if (protocols[""] and sum(protocols.values()) > 1) or any(times > 1 for times in protocols.values()):
            yield Fault("ports", f"node/{place}" if place else "stack", f"port {number} is given more than once")


def _domain(node: Supply, key: str) -> str | None:
    return node.name if key == "node" else dict(node.labels).get(key)


def _neighbours(nodes: dict[str, Supply], demands: dict[str, Demand], items: list[Placement]) -> Iterator[Fault]:
    keys = {
        rule.key
        for demand in demands.values()
        for rules in (demand.spread, demand.avoid, demand.near)
        for rule in rules
    }
    there: dict[tuple[str, str], Counter[str | None]] = defaultdict(Counter)
    for item in items:
        for key in keys:
            there[item.workload, key][_domain(nodes[item.node], key)] += 1
    for item in items:
        demand = demands[item.workload]
        for spread in demand.spread:
            domain = _domain(nodes[item.node], spread.key)
            if domain is None or there[item.workload, spread.key][domain] > spread.limit:
                yield Fault("spread", item.replica, f"more than {spread.limit} in {spread.key} {domain}")
        for rule in (*demand.avoid, *demand.near):
            if not rule.required:
                continue
            domain = _domain(nodes[item.node], rule.key)
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
                    yield Fault("near", item.replica, f"no {' or '.join(rule.workloads)} in {rule.key} {domain}")


def _survival(problem: Problem, plan: Plan, items: list[Placement]) -> Iterator[Fault]:
    """With all replicas in place some are left whatever fails; with fewer, no node holds more than its part of all.

    Of a workload that the plan tells as spread for fewer failures that holds for those.
    """
    asked, told = problem.settings.survive, {item.workload: item.failures for item in plan.eased}
    several = {demand.workload for demand in problem.demands if demand.replicas > 1}
    if len(told) < len(plan.eased):
        yield Fault("losses", problem.stack, "a workload is told twice as spread for fewer failures")
    for workload, failures in sorted(told.items()):
        if workload not in several or not 0 <= failures < asked:
            yield Fault("losses", workload, f"is told as spread for {failures} failures, asked are {asked}")
    for demand in problem.demands if asked else ():
        failures = max(0, min(asked, told.get(demand.workload, asked)))
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


def by_solver(plan: Plan) -> bool:
    """Whether the plan's bound is a solver's, which is not derived anew."""
    return plan.strategy == "exact" and plan.bound.arguments == ("exact",)


def _proofs(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """What a solver says was reached, counted anew, and limits on the right side of it; the limits are its word."""
    if plan.proofs and plan.strategy != "exact":
        yield Fault("proofs", problem.stack, f"the strategy {plan.strategy} proves nothing")
    rank = {demand.workload: 1 << 40 if demand.system else demand.priority for demand in problem.demands}
    placed = Counter(rank.get(item.workload) for item in plan.placements)
    levels = iter(sorted(set(rank.values()), reverse=True))
    used = {item.node for item in plan.placements}
    cost = sum(node.cost for node in problem.nodes if node.name in used)
    for proof in plan.proofs:
        told = {"nodes": len(used), "cost": cost}.get(proof.term, proof.reached)
        if proof.term == "placed":
            told = placed[next(levels, None)]
        if proof.reached != told:
            yield Fault("proofs", problem.stack, f"{proof.term} is {told}, the solver says {proof.reached}")
        if proof.reached != proof.limit and (proof.reached > proof.limit) == (proof.term == "placed"):
            yield Fault("proofs", problem.stack, f"{proof.term} reaches {proof.reached} beyond the limit {proof.limit}")


def _bound(problem: Problem, plan: Plan) -> Iterator[Fault]:
    used = len({item.node for item in plan.placements})
    if plan.bound.nodes_used != used:
        yield Fault("bound", problem.stack, f"{used} nodes are used, the plan says {plan.bound.nodes_used}")
    if plan.bound.proven != (plan.bound.at_least == used):
        yield Fault("bound", problem.stack, f"proven is {plan.bound.proven}: {plan.bound.at_least} of {used} nodes")
    if plan.bound.at_least > used:
        yield Fault("bound", problem.stack, f"at least {plan.bound.at_least} are claimed, {used} do")
        return
    least = derived(problem, plan)
    most = max(least.values())
    if by_solver(plan):
        # What a solver has proven can be more than what is derived here; `rohe verify` says that it was not checked.
        if plan.bound.at_least <= most:
            yield Fault("bound", problem.stack, f"{plan.bound.at_least} by the solver, {most} can be derived")
        return
    there = {item.workload for item in plan.placements}
    # Of a service without any replica nobody knows which variant was meant, and sizes that nobody has round too.
    unknown = any(one.variants and one.workload not in there for one in problem.demands)
    if plan.bound.at_least > most or (plan.bound.at_least < most and not unknown):
        yield Fault("bound", problem.stack, f"at least {plan.bound.at_least} are claimed, {most} can be derived")
    if plan.bound.at_least and not plan.bound.arguments:
        yield Fault("bound", problem.stack, f"at least {plan.bound.at_least} are claimed without an argument")
    for argument in plan.bound.arguments:
        if least.get(argument, 0) < plan.bound.at_least:
            yield Fault("bound", problem.stack, f"{argument} tells {least.get(argument, 0)}, not {plan.bound.at_least}")
