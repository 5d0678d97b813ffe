"""Works out again how much sensitive replicas are slowed down by what else is on their nodes, and compares it.

A replica loses its slowdown times the part of the node that its neighbours, and others than the stack, ask for: of cpu,
of memory, of shared accelerators, or the mean of several.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.measured_terms import (
    contended_amounts,
    offered_amounts,
    taken_amounts,
    used_nodes,
)

WHOLE = 1_000_000
"""Millionths of a replica's time, or of a node."""


def slowdown_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each replica that is slowed down by more or less than the plan states."""
    for item, demand, asked, node, used in used_nodes(problem, plan):
        there = offered_amounts(node)
        kinds = contended_amounts(demand, asked)
        parts = [
            min(WHOLE, (used[kind] - taken_amounts(asked)[kind]) * WHOLE // there[kind]) if there[kind] else 0
            for kind in kinds
        ]
        part = sum(parts) // max(1, len(kinds))
        expected = demand.slowdown * part // WHOLE
        if item.slowdown != expected:
            words = f"its neighbours make it {_percent(expected)} slower, the plan says {_percent(item.slowdown)}"
            yield Fault("slowdown", item.replica, words)


def _percent(millionths: int) -> str:
    """Returns a part of a replica's time in percent, exactly: `8.466 %`."""
    return f"{Decimal(millionths) / 10_000:f} %"
