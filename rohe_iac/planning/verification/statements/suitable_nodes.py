"""Checks how many nodes a plan says were suitable for a replica, and how many refused it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.reasons import (
    BY_NAME_WORDS,
    PREFERRED_WORDS,
    UNDISTURBED_WORDS,
    first_static_rule,
)
from rohe_iac.planning.verification.requests import requested
from rohe_iac.planning.verification.statements.room import NodeKind, lacks, node_kinds

_NUMBER = re.compile(r"\b(\d+) (?:suitable nodes|nodes that fit)")


def suitable_node_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each number of suitable nodes that cannot be, and where with refused ones they are not all.

    One pass of a strategy decides the replicas of a workload one after another: each takes room, so that later ones
    have no more suitable nodes, and the nodes that refuse the last one are those that the plan counts.
    """
    demands = {demand.workload: demand for demand in problem.demands}
    refused = {refusals.workload: sum(number for _, number in refusals.by_rule) for refusals in plan.refusals}
    by_workload: dict[str, list[Placement]] = defaultdict(list)
    for item in plan.placements:
        if item.workload in demands:
            by_workload[item.workload].append(item)
    phrases: dict[str, str] = {}
    kinds = node_kinds(problem)
    for workload, items in by_workload.items():
        demand = demands[workload]
        capable = _capable_nodes(kinds, demand, items[0].variant)
        for item in items:
            number = suitable(item)
            if number > capable:
                message = f"{number} suitable nodes are stated, and {capable} have as much at all"
                yield Fault("reasons", item.replica, message)
            if number > 1 and not item.decided and not item.late and item.parts:
                phrase = item.reason.removesuffix(f" ({demand.note})").removesuffix(BY_NAME_WORDS)
                # Preferences are those of one workload, the rest is the same for all.
                phrase = phrase.removeprefix(PREFERRED_WORDS).removeprefix(UNDISTURBED_WORDS)
                phrases.setdefault(_NUMBER.sub("", phrase), item.replica)
        in_turn = [item for item in items if not item.decided and not item.late and suitable(item)]
        # A plan file may place replicas of a service of which none is to be placed: then there is no last one.
        all_in_turn = bool(in_turn) and len(in_turn) == demand.replicas
        if all_in_turn and not demand.near and workload in refused and not plan.unplaced:
            last = suitable(in_turn[-1])
            if last + refused[workload] != len(problem.nodes) and not _by_search(plan):
                message = f"{last} nodes are suitable for its last replica and {refused[workload]} refuse it, of "
                yield Fault("refusals", workload, f"{message}{len(problem.nodes)}")
    if len(phrases) > 1:
        yield Fault("reasons", problem.stack, f"one pass decided by {' and by '.join(sorted(phrases))}")


def suitable(item: Placement) -> int:
    """Returns how many nodes the reason of a placement says were suitable, 0 where it says nothing of them."""
    if item.reason.startswith("the only "):
        return 1
    found = _NUMBER.search(item.reason)
    return int(found[1]) if found else 0


def _by_search(plan: Plan) -> bool:
    return any(item.decided or item.late for item in plan.placements)


def _capable_nodes(kinds: Sequence[NodeKind], demand: Demand, variant: str) -> int:
    """Returns how many nodes could have a replica with nothing else on them."""
    request = requested(demand, variant)
    return sum(
        kind.number
        for kind in kinds
        if not first_static_rule(demand, kind.node) and next(lacks(kind.room, request), None) is None
    )
