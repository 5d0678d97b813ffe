"""Network constraints: latency, bandwidth and latency budgets of links, on the numbers of replicas by node."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.network.latency_budget import LatencyBudget
from rohe_iac.planning.placement.state.positions import DemandIndex, NodeIndex, enumerate_demands
from rohe_iac.planning.solvers.exact.solver_protocols import ConstraintModel, Linear, LinearExpression

Counts = Mapping[tuple[DemandIndex, NodeIndex], LinearExpression]
"""Number of replicas as a variable, by demand and node, for every node that may have any of the demand."""


def add_network_constraints(indexed: IndexedProblem, model: ConstraintModel, counts: Counts) -> None:
    """Adds the constraints of all links between services and of all latency budgets to a CP-SAT model."""
    loads: dict[int, list[LinearExpression]] = {}
    for demand, edges in enumerate_demands(indexed.edges):
        for peer, limit, share, key in edges:
            # Both ends of a link list it; it is added once.
            if demand <= peer:
                _add_link(indexed, model, counts, (demand, peer), (limit, share, key), loads)
    for wire, terms in sorted(loads.items()):
        bandwidth = indexed.wires[wire].bandwidth
        if bandwidth is not None:
            model.add(sum(terms) <= bandwidth)
    for budget in indexed.budgets:
        _add_budget(indexed, model, counts, budget)


def _add_link(
    indexed: IndexedProblem,
    model: ConstraintModel,
    counts: Counts,
    ends: tuple[DemandIndex, DemandIndex],
    asked: tuple[int | None, int, str],
    loads: dict[int, list[LinearExpression]],
) -> None:
    """Keeps two linked demands off nodes that are too far from each other and collects the loads of wires.

    Args:
        indexed: the problem.
        model: the model to add to.
        counts: number of replicas by demand and node.
        ends: the two demands.
        asked: the largest latency between their nodes in microseconds, None for any; the bits a second between one
            replica of each; the topology key within whose domains they exchange messages.
        loads: bits a second by wire; what the pairs of replicas put on each wire is appended.
    """
    (source, target), (limit, share, key) = ends, asked
    sources, targets = indexed.demands[source].replicas, indexed.demands[target].replicas
    nodes = indexed.node_indices
    for node in nodes:
        if (source, node) not in counts:
            continue
        far: list[LinearExpression] = []
        by_wire: dict[int, list[LinearExpression]] = {}
        for other in nodes:
            if (target, other) not in counts or not indexed.exchanges(key, node, other):
                continue
            route = indexed.route(node, other)
            if route is None or (limit is not None and route[0] > limit):
                far.append(counts[target, other])
            elif share and route[1] >= 0 and indexed.wires[route[1]].bandwidth is not None:
                by_wire.setdefault(route[1], []).append(counts[target, other])
        here = counts[source, node]
        if far:
            any_here = _any_of(model, [here], sources)
            model.add(sum(far) <= targets * (1 - any_here))
        for wire, others in sorted(by_wire.items()):
            pairs = model.new_int_var(0, sources * targets, "")
            model.add_multiplication_equality(pairs, [here, sum(others)])
            loads.setdefault(wire, []).append(share * pairs)


def _any_of(model: ConstraintModel, counts: list[LinearExpression], most: int) -> LinearExpression:
    """Returns a 0-1 variable that is 1 where any of the counts, which add up to at most `most`, is not 0."""
    positive = model.new_bool_var("")
    model.add(sum(counts) <= most * positive)
    return positive


def _add_budget(indexed: IndexedProblem, model: ConstraintModel, counts: Counts, budget: LatencyBudget) -> None:
    """Bounds the travel time from the first stage of a path to every used node of each later stage.

    A stage without replicas takes no time: the stage after it starts at the longest time so far, or at none where a
    local flow leads to or from the stage, since then it is not known which nodes are connected.
    """
    before: dict[NodeIndex, tuple[LinearExpression, LinearExpression]] = {}
    longest_before: Linear = 0
    empty: LinearExpression | None = None
    into = ("", *budget.keys)
    for index, stage in enumerate(budget.stages):
        most = sum(indexed.demands[demand].replicas for demand in stage)
        arrivals: dict[NodeIndex, tuple[LinearExpression, LinearExpression]] = {}
        longest = model.new_int_var(0, budget.limit, "")
        model.add(longest >= longest_before)
        everywhere: list[LinearExpression] = []
        for node in indexed.node_indices:
            here = [counts[demand, node] for demand in stage if (demand, node) in counts]
            if not here:
                continue
            everywhere += here
            any_here, time = _any_of(model, here, most), model.new_int_var(0, budget.limit, "")
            for other, (any_there, earlier) in before.items():
                route = indexed.route(other, node)
                if route is not None and indexed.exchanges(into[index], other, node):
                    model.add(time >= earlier + route[0]).only_enforce_if(any_there, any_here)
            if empty is not None and not any(into[index - 1 : index + 1]):
                model.add(time >= longest_before).only_enforce_if(empty, any_here)
            model.add(longest >= time).only_enforce_if(any_here)
            arrivals[node] = (any_here, time)
        empty = model.new_bool_var("")
        model.add(sum(everywhere) + empty >= 1)
        before, longest_before = arrivals, longest
