"""Checks that a plan has every replica of the problem once, under its own names, and nothing else."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement, Plan, Rejection, Unplaced
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.verification.fault import Fault


def identity_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each name, count, variant or refusal of the plan that does not agree with the problem."""
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    settings = problem.settings
    for word, stated, expected in (
        ("stack", plan.stack, problem.stack),
        ("strategy", plan.strategy, settings.strategy),
        ("objective", plan.objective, settings.objective),
    ):
        if stated != expected:
            yield Fault("identity", problem.stack, f"the plan's {word} is {stated}, the problem's {expected}")
    yield from _count_faults(demands, plan)
    entries: list[Placement | Unplaced] = [*plan.placements, *plan.unplaced]
    for entry in entries:
        if entry.workload in demands:
            yield from _name_faults(entry, demands[entry.workload])
    yield from _variant_faults(demands, plan)
    for item in plan.placements:
        if item.node not in nodes:
            yield Fault("identity", item.replica, f"the problem has no node {item.node}")
    yield from _refusal_faults(nodes, demands, plan)


def _count_faults(demands: Mapping[str, Demand], plan: Plan) -> Iterator[Fault]:
    seen: Counter[tuple[str, int]] = Counter()
    entries: list[Placement | Unplaced] = [*plan.placements, *plan.unplaced]
    for entry in entries:
        seen[entry.workload, entry.index] += 1
        if entry.workload not in demands:
            yield Fault("identity", entry.replica, f"the problem has no workload {entry.workload}")
    for demand in demands.values():
        for index in demand.replica_indices:
            times = seen.pop((demand.workload, index), 0)
            if times != 1:
                yield Fault("identity", f"{demand.replica}/{index}", f"is {times} times in the plan")
    for (workload, index), _ in seen.items():
        if workload in demands:
            yield Fault("identity", f"{demands[workload].replica}/{index}", "the problem does not ask for this replica")


def _name_faults(entry: Placement | Unplaced, demand: Demand) -> Iterator[Fault]:
    """Yields a fault for each name of the replica, in manifests and for people, that is not the demand's."""
    pairs = [
        ("replica", entry.replica, f"{demand.replica}/{entry.index}"),
        ("pipeline", entry.pipeline, demand.pipeline),
        ("service", entry.service, demand.service),
        ("member", entry.member, demand.member),
    ]
    if isinstance(entry, Placement):
        pairs.append(("instance", entry.instance, f"{demand.slug}-{entry.index}"))
        pairs.append(("kind", "system" if entry.system else "user", "system" if demand.system else "user"))
    for word, stated, expected in pairs:
        if stated != expected:
            message = f"its {word} is {stated or 'none'}, not {expected or 'none'}"
            yield Fault("identity", f"{demand.replica}/{entry.index}", message)


def _variant_faults(demands: Mapping[str, Demand], plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each workload whose replicas do not all run one of its variants, or none where it has none."""
    chosen: dict[str, set[str]] = defaultdict(set)
    for item in plan.placements:
        chosen[item.workload].add(item.variant)
    for workload, names in sorted(chosen.items()):
        if workload not in demands:
            continue
        known = {variant.name for variant in demands[workload].variants} or {""}
        for name in sorted(names - known):
            yield Fault("variants", workload, f"has no variant {name}" if name else "no variant is chosen")
        if len(names) > 1:
            yield Fault("variants", workload, f"runs {len(names)} variants: {', '.join(sorted(names))}")


def _refusal_faults(nodes: Mapping[str, Supply], demands: Mapping[str, Demand], plan: Plan) -> Iterator[Fault]:
    """Yields a fault for refusals that name unknown nodes, a node twice, or a rule that is not counted."""
    entries: list[tuple[str, tuple[Rejection, ...], dict[str, int] | None]] = [
        (refusals.workload, refusals.closest, dict(refusals.by_rule)) for refusals in plan.refusals
    ]
    entries += [(item.workload, item.closest, None) for item in plan.unplaced]
    for workload, closest, counts in entries:
        names = [rejection.node for rejection in closest]
        if workload not in demands:
            yield Fault("refusals", workload, "the problem has no such workload")
        if len(set(names)) < len(names) or not set(names) <= nodes.keys():
            yield Fault("refusals", workload, f"closest are {', '.join(names)}")
        if counts is None:
            continue
        number = sum(counts.values())
        if number > len(nodes) or min(counts.values(), default=1) < 1:
            yield Fault("refusals", workload, f"{number} of {len(nodes)} nodes refuse")
        for rule, times in sorted(Counter(rejection.rule for rejection in closest).items()):
            if times > counts.get(rule, 0):
                message = f"{times} of the closest refuse by {rule}, of {counts.get(rule, 0)} in all"
                yield Fault("refusals", workload, message)
    entries_of = Counter(refusals.workload for refusals in plan.refusals)
    for workload, times in sorted(entries_of.items()):
        if times > 1:
            yield Fault("refusals", workload, f"is listed {times} times")
