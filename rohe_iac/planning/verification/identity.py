"""Identity verification: a plan tells every replica once, by its own names, and nothing of what is not there."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement, Plan, Rejection, Unplaced
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply

Told = tuple[str, str, str]
"""The rule, what breaks it, and how."""


def identity_faults(problem: Problem, plan: Plan) -> Iterator[Told]:
    """What the plan says of itself, of replicas, variants and refusals that the problem does not bear out."""
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    settings = problem.settings
    for word, told, asked in (
        ("stack", plan.stack, problem.stack),
        ("strategy", plan.strategy, settings.strategy),
        ("objective", plan.objective, settings.objective),
    ):
        if told != asked:
            yield "identity", problem.stack, f"the plan's {word} is {told}, the problem's {asked}"
    yield from _counted(demands, plan)
    entries: list[Placement | Unplaced] = [*plan.placements, *plan.unplaced]
    for entry in entries:
        if entry.workload in demands:
            yield from _named(entry, demands[entry.workload])
    yield from _variants(demands, plan)
    for item in plan.placements:
        if item.node not in nodes:
            yield "identity", item.replica, f"the problem has no node {item.node}"
    yield from _refused(nodes, demands, plan)


def _counted(demands: Mapping[str, Demand], plan: Plan) -> Iterator[Told]:
    seen: Counter[tuple[str, int]] = Counter()
    entries: list[Placement | Unplaced] = [*plan.placements, *plan.unplaced]
    for entry in entries:
        seen[entry.workload, entry.index] += 1
        if entry.workload not in demands:
            yield "identity", entry.replica, f"the problem has no workload {entry.workload}"
    for demand in demands.values():
        for index in range(demand.replicas):
            times = seen.pop((demand.workload, index), 0)
            if times != 1:
                yield "identity", f"{demand.replica}/{index}", f"told {times} times in the plan"
    for (workload, index), _ in seen.items():
        if workload in demands:
            yield "identity", f"{demands[workload].replica}/{index}", "nobody asked for this replica"


def _named(entry: Placement | Unplaced, demand: Demand) -> Iterator[Told]:
    """The names that manifests and people know a replica by."""
    pairs = [
        ("replica", entry.replica, f"{demand.replica}/{entry.index}"),
        ("pipeline", entry.pipeline, demand.pipeline),
        ("service", entry.service, demand.service),
        ("member", entry.member, demand.member),
    ]
    if isinstance(entry, Placement):
        pairs.append(("instance", entry.instance, f"{demand.slug}-{entry.index}"))
        pairs.append(("kind", "system" if entry.system else "user", "system" if demand.system else "user"))
    for word, told, asked in pairs:
        if told != asked:
            yield (
                "identity",
                f"{demand.replica}/{entry.index}",
                f"its {word} is {told or 'none'}, not {asked or 'none'}",
            )


def _variants(demands: Mapping[str, Demand], plan: Plan) -> Iterator[Told]:
    """A service with variants runs one of them, the same for all its replicas; others run none."""
    chosen: dict[str, set[str]] = defaultdict(set)
    for item in plan.placements:
        chosen[item.workload].add(item.variant)
    for workload, names in sorted(chosen.items()):
        if workload not in demands:
            continue
        known = {one.name for one in demands[workload].variants} or {""}
        for name in sorted(names - known):
            yield "variants", workload, f"has no variant {name}" if name else "no variant is chosen"
        if len(names) > 1:
            yield "variants", workload, f"runs {len(names)} variants: {', '.join(sorted(names))}"


def _refused(nodes: Mapping[str, Supply], demands: Mapping[str, Demand], plan: Plan) -> Iterator[Told]:
    """Counts and the closest: nodes that there are, each once and by a rule that is counted."""
    told: list[tuple[str, tuple[Rejection, ...], dict[str, int] | None]] = [
        (one.workload, one.closest, dict(one.by_rule)) for one in plan.refusals
    ]
    told += [(one.workload, one.closest, None) for one in plan.unplaced]
    for workload, closest, counts in told:
        names = [one.node for one in closest]
        if workload not in demands:
            yield "refusals", workload, "the problem has no such workload"
        if len(set(names)) < len(names) or not set(names) <= nodes.keys():
            yield "refusals", workload, f"closest are {', '.join(names)}"
        if counts is None:
            continue
        number = sum(counts.values())
        if number > len(nodes) or min(counts.values(), default=1) < 1:
            yield "refusals", workload, f"{number} of {len(nodes)} nodes refuse"
        for rule, times in sorted(Counter(one.rule for one in closest).items()):
            if times > counts.get(rule, 0):
                yield "refusals", workload, f"{times} of the closest refuse by {rule}, of {counts.get(rule, 0)} in all"
    times_told = Counter(one.workload for one in plan.refusals)
    for workload, times in sorted(times_told.items()):
        if times > 1:
            yield "refusals", workload, f"told {times} times"
