"""Verifies how far the numbers of a service's replicas differ between domains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rohe_iac.planning.model.demand import Demand, SkewRule
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.reasons import first_static_rule


def skew_faults(problem: Problem, plan: Plan, items: Sequence[Placement]) -> Iterator[Fault]:
    """Yields a fault for each domain that has too many replicas beside the one with fewest, where that is required.

    Domains are those with a node that the service may use and that is not kept free.
    """
    for demand in problem.demands:
        for rule in demand.skews:
            if rule.required:
                yield from _faults(problem, plan, items, demand, rule)


def _faults(
    problem: Problem, plan: Plan, items: Sequence[Placement], demand: Demand, rule: SkewRule
) -> Iterator[Fault]:
    nodes = {node.name: node for node in problem.nodes}
    usable = {node.name for node in problem.nodes if not first_static_rule(demand, node) and node.name != plan.spare}
    domains = {nodes[name].domain(rule.key) for name in usable} - {None}
    counts: Counter[str | None] = Counter()
    for item in items:
        if item.workload == demand.workload:
            domain = nodes[item.node].domain(rule.key)
            counts[domain] += 1
            if domain is None and item.node in usable:
                yield Fault("skew", item.replica, f"node {item.node} has no label {rule.key}")
    there = {domain: counts[domain] for domain in domains}
    if there and max(there.values()) - min(there.values()) > rule.most:
        words = f"from {min(there.values())} to {max(there.values())} replicas in one {rule.key}"
        yield Fault("skew", demand.workload, f"{words}, maxSkew is {rule.most}")
