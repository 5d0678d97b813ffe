"""Checks which scores a plan states, and whether a runner-up could have had the replica."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.measured_terms import any_sensitive
from rohe_iac.planning.verification.reasons import first_static_rule
from rohe_iac.planning.verification.requests import requested
from rohe_iac.planning.verification.statements.room import lacks, room_of

SCORER_ORDER = ("cpu", "memory", "accelerator", "open", "wishes", "taints", "fragmentation", "interference")
"""Scorers in the order in which plans list their parts; those of plug-ins follow."""

BY_STRATEGY = ("open", "fragmentation")
"""Scorers that take part with some strategies, for all workloads or for none."""

SCORED = ("best-fit", "worst-fit", "dot-product", "fragmentation")
"""Strategies of one pass that score each node themselves."""


def score_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each scorer that is missing or does not take part, and each runner-up that does not fit."""
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    known = [item for item in plan.placements if item.workload in demands]
    expected = _expected_scorers(problem)
    interferes = any_sensitive(problem, plan)
    common = Counter(_of_strategy(item) for item in known if item.parts).most_common(1)
    # Plans made without explanations have no parts at all.
    explained = any(item.parts for item in known)
    for item in known:
        if not item.parts:
            if not explained:
                continue
            if item.points:
                yield Fault("reasons", item.replica, f"{item.points} points, and no part of them")
            if not item.decided and item.was != item.node and plan.strategy in SCORED:
                yield Fault("reasons", item.replica, f"the strategy {plan.strategy} placed it, without points")
            continue
        names = [part.scorer for part in item.parts if part.scorer in SCORER_ORDER]
        wanted = {*expected[item.workload], *(common[0][0] if common else ())}
        # Older plan files rate what other replicas lose only for those that are sensitive themselves.
        if interferes and (demands[item.workload].slowdown or "interference" in names):
            wanted.add("interference")
        ordered = [name for name in SCORER_ORDER if name in wanted]
        if names and [part.scorer for part in item.parts][: len(ordered)] != ordered:
            yield Fault("reasons", item.replica, f"scored by {', '.join(names)}, and {', '.join(ordered)} score")
    capable: dict[tuple[str, str, str], str] = {}
    for item in known:
        if item.runner_up is None or item.runner_up.node not in nodes:
            continue
        key = item.workload, item.variant, item.runner_up.node
        if key not in capable:
            capable[key] = _incapable(problem, demands[item.workload], item.variant, nodes[item.runner_up.node])
        words = capable[key] or ("is kept free" if item.runner_up.node == plan.spare else "")
        if words:
            yield Fault("reasons", item.replica, f"the next node would have been {item.runner_up.node}: {words}")


def _expected_scorers(problem: Problem) -> Mapping[str, set[str]]:
    """Returns by workload the scorers that take part whatever the strategy is."""
    always = {"cpu", "memory"}
    if any(node.devices for node in problem.nodes):
        always.add("accelerator")
    if any(taint.effect == "PreferNoSchedule" for node in problem.nodes for taint in node.taints):
        always.add("taints")
    found = {demand.workload: set(always) for demand in problem.demands}
    for demand in problem.demands:
        if demand.prefers or any(not skew.required for skew in demand.skews):
            found[demand.workload] = found[demand.workload] | {"wishes"}
        for rule in (*demand.near, *demand.avoid):
            for workload in () if rule.required else (demand.workload, *rule.workloads):
                if workload in found:
                    found[workload] = found[workload] | {"wishes"}
    return found


def _of_strategy(item: Placement) -> tuple[str, ...]:
    return tuple(part.scorer for part in item.parts if part.scorer in BY_STRATEGY)


def _incapable(problem: Problem, demand: Demand, variant: str, node: Supply) -> str:
    """Returns why no replica of the demand could be on the node whatever else is placed, "" where one could."""
    rule = first_static_rule(demand, node)
    if rule:
        return f"{rule} refuses it"
    found = next(lacks(room_of(node, (), problem.settings.vms_ratio), requested(demand, variant)), None)
    return f"empty, it lacks {found.words}" if found else ""
