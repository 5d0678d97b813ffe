"""Wiring: links between nodes as constraints on counts of replicas: latency, bandwidth and budgets along a flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rohe_iac.planning.placement.state.index import IndexedProblem
from rohe_iac.planning.placement.state.latency_budget import LatencyBudget

Counts = Mapping[tuple[int, int], Any]
"""How many replicas of a demand a node has, as variables, where it may have any."""


def add_network_constraints(indexed: IndexedProblem, model: Any, counts: Counts) -> None:
    """Adds what the links of the layout ask for to a CP-SAT model."""
    loads: dict[int, list[Any]] = {}
    for demand, edges in enumerate(indexed.edges):
        for peer, limit, share in edges:
            # Every flow stands at both of its ends.
            if demand <= peer:
                _link(indexed, model, counts, (demand, peer), limit, share, loads)
    for number, terms in sorted(loads.items()):
        model.Add(sum(terms) <= indexed.wires[number].bandwidth)
    for budget in indexed.budgets:
        _budget(indexed, model, counts, budget)


def _link(
    indexed: IndexedProblem,
    model: Any,
    counts: Counts,
    ends: tuple[int, int],
    limit: int | None,
    share: int,
    loads: dict[int, list[Any]],
) -> None:
    """Keeps two demands off nodes that are too far from each other, and adds what each pair puts on its wire."""
    one, two = ends
    few, most = indexed.demands[one].replicas, indexed.demands[two].replicas
    nodes = range(len(indexed.nodes))
    for node in nodes:
        if (one, node) not in counts:
            continue
        far: list[Any] = []
        by_wire: dict[int, list[Any]] = {}
        for other in nodes:
            if (two, other) not in counts:
                continue
            route = indexed.route(node, other)
            if route is None or (limit is not None and route[0] > limit):
                far.append(counts[two, other])
            elif share and route[1] >= 0 and indexed.wires[route[1]].bandwidth is not None:
                by_wire.setdefault(route[1], []).append(counts[two, other])
        mine = counts[one, node]
        if far:
            there = _there(model, [mine], few)
            model.Add(sum(far) <= most * (1 - there))
        for number, others in sorted(by_wire.items()):
            pairs = model.NewIntVar(0, few * most, "")
            model.AddMultiplicationEquality(pairs, [mine, sum(others)])
            loads.setdefault(number, []).append(share * pairs)


def _there(model: Any, counts: list[Any], most: int) -> Any:
    """A variable that is 1 where any of the counts is."""
    there = model.NewBoolVar("")
    model.Add(sum(counts) <= most * there)
    return there


def _budget(indexed: IndexedProblem, model: Any, counts: Counts, budget: LatencyBudget) -> None:
    """Times on links from the first stage to each node of every other, none above what is left.

    A stage without replicas is passed in no time: the next begins at the longest time until then.
    """
    before: dict[int, tuple[Any, Any]] = {}
    passed: Any = 0
    empty: Any = None
    for stage in budget.stages:
        most = sum(indexed.demands[demand].replicas for demand in stage)
        following: dict[int, tuple[Any, Any]] = {}
        longest = model.NewIntVar(0, budget.limit, "")
        model.Add(longest >= passed)
        everywhere: list[Any] = []
        for node in range(len(indexed.nodes)):
            mine = [counts[demand, node] for demand in stage if (demand, node) in counts]
            if not mine:
                continue
            everywhere += mine
            there, time = _there(model, mine, most), model.NewIntVar(0, budget.limit, "")
            for other, (held, earlier) in before.items():
                route = indexed.route(other, node)
                if route is not None:
                    model.Add(time >= earlier + route[0]).OnlyEnforceIf(held, there)
            if empty is not None:
                model.Add(time >= passed).OnlyEnforceIf(empty, there)
            model.Add(longest >= time).OnlyEnforceIf(there)
            following[node] = (there, time)
        empty = model.NewBoolVar("")
        model.Add(sum(everywhere) + empty >= 1)
        before, passed = following, longest
