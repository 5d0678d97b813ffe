"""Checks the numbers of replicas that nodes decide: one on each suitable node, or on a part of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.reasons import first_static_rule

ALL_NODES = 10_000
"""All nodes, in basis points."""


def node_count_faults(problem: Problem) -> Iterator[Fault]:
    """Yields a fault for each number of replicas that is not that of the suitable nodes.

    Cordoned nodes may count, each as long as it has a replica, which depends on the plan before.
    """
    for demand in problem.demands:
        different = len({*demand.indices})
        if demand.indices and (len(demand.indices), different) != (demand.replicas, demand.replicas):
            message = f"{demand.replicas} replicas have {len(demand.indices)} indices, and {different} differ"
            yield Fault("identity", demand.workload, message)
        if not demand.node_share:
            continue
        suitable = sum(_suits(demand, node) for node in problem.nodes)
        cordoned = sum(
            _suits(demand, replace(node, status="running")) for node in problem.nodes if node.status == "cordoned"
        )
        least, most = (-(-number * demand.node_share // ALL_NODES) for number in (suitable, suitable + cordoned))
        if not least <= demand.replicas <= most:
            nodes = counted(suitable, "suitable node") + (f" and {cordoned} cordoned" if cordoned else "")
            message = f"has {counted(demand.replicas, 'replica')} for {demand.node_share / 100:g}% of {nodes}"
            yield Fault("identity", demand.workload, message)


def _suits(demand: Demand, node: Supply) -> bool:
    """Checks whether rules about the node alone, and the labels that rules about others need, allow a replica."""
    rules = [rule.key for rule in demand.spread]
    rules += [rule.key for rule in demand.skews if rule.required]
    rules += [rule.key for rule in (*demand.near, *demand.avoid) if rule.required]
    return not first_static_rule(demand, node) and all(key == "node" or node.label(key, "\0") != "\0" for key in rules)
