"""Counts the replicas of services that have one on each suitable node, or on a part of those nodes.

Status, labels, taints and architecture say which nodes are suitable; whether there is room is asked when replicas are
placed. A cordoned node counts as long as it has a replica, since it keeps that. A replica keeps its index as long as
its node counts, and an index that was held is not given to another node in the same plan: what a replica keeps on its
node, such as a claim on local storage, is found by the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count, islice

from rohe_iac.blueprint.language.scale.replicas import PER_NODE, WHOLE, shown_share
from rohe_iac.foundation.quantities import counted
from rohe_iac.planning.model.demand import Demand, SpreadRule
from rohe_iac.planning.model.eligibility import static_rule
from rohe_iac.planning.model.keys import NODE_KEY
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply


def with_node_counts(problem: Problem, previous: Plan | None = None) -> Problem:
    """Returns the problem with the number and indices of replicas that nodes decide, counted for its nodes as they are.

    Args:
        problem: The problem.
        previous: The plan that was applied last, or that is asked about; its replicas keep their indices.
    """
    if not any(demand.node_share for demand in problem.demands):
        return problem
    held: dict[str, dict[str, int]] = {}
    for placement in previous.placements if previous is not None else ():
        nodes = held.setdefault(placement.workload, {})
        nodes[placement.node] = min(placement.index, nodes.get(placement.node, placement.index))
    return replace(
        problem,
        demands=tuple(
            _counted(demand, problem.nodes, held.get(demand.workload, {})) if demand.node_share else demand
            for demand in problem.demands
        ),
    )


def without_node_count(demand: Demand) -> Demand:
    """Returns the demand with its number of replicas as a number of its own, which nodes no longer decide."""
    return replace(demand, node_share=0, indices=(), note="") if demand.node_share else demand


def with_node_share(demand: Demand, share: int) -> Demand:
    """Returns the demand with a replica on that part of its nodes, in basis points; they are counted afterwards."""
    others = tuple(rule for rule in demand.spread if rule.key != NODE_KEY)
    spread = tuple(sorted((SpreadRule(NODE_KEY, 1), *others), key=lambda rule: (rule.key, rule.limit)))
    return replace(demand, node_share=share, spread=spread)


def first_free_index(demand: Demand) -> int:
    """Returns the index that the next replica of a demand gets."""
    taken = {*demand.replica_indices}
    return next(index for index in count() if index not in taken)


def with_replica(demand: Demand, index: int) -> Demand:
    """Returns the demand with a replica of that index; of one that counts from 0, with all up to it."""
    if index in demand.replica_indices:
        return demand
    if not demand.node_share:
        return replace(demand, replicas=index + 1)
    indices = tuple(sorted([*demand.replica_indices, index]))
    return replace(demand, replicas=len(indices), indices=() if indices == tuple(range(len(indices))) else indices)


def _counted(demand: Demand, nodes: tuple[Supply, ...], held: Mapping[str, int]) -> Demand:
    """Returns the demand, counted.

    Args:
        demand: The demand.
        nodes: All nodes.
        held: The index of the replica on each node that has one.
    """
    suitable = [node.name for node in nodes if _is_suitable(demand, node, stands=node.name in held)]
    number = -(-len(suitable) * demand.node_share // WHOLE)
    kept = sorted(held[name] for name in suitable if name in held)[:number]
    taken = {*held.values()}
    fresh = islice((index for index in count() if index not in taken), number - len(kept))
    indices = tuple(sorted([*kept, *fresh]))
    nodes_counted = counted(len(suitable), "node")
    whole = demand.node_share == WHOLE
    note = f"{PER_NODE}: {nodes_counted}" if whole else f"{shown_share(demand.node_share)} of {nodes_counted}"
    return replace(demand, replicas=number, indices=() if indices == tuple(range(number)) else indices, note=note)


def _is_suitable(demand: Demand, node: Supply, *, stands: bool) -> bool:
    if node.status == "cordoned" and stands:
        node = replace(node, status="running")
    keys = [rule.key for rule in demand.spread] + [rule.key for rule in demand.skews if rule.required]
    keys += [rule.key for rule in (*demand.near, *demand.avoid) if rule.required]
    labels = dict(node.labels)
    return not static_rule(demand, node) and all(key == NODE_KEY or key in labels for key in keys)
