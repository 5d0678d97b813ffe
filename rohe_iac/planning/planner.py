"""The planner: from a Problem and the plan before it to a Plan; pure, and the same bytes for the same input."""

from __future__ import annotations

from collections.abc import Mapping

from rohe_iac.foundation.errors import ExitCode, RoheError
from rohe_iac.planning.attempt import Attempt, Decision
from rohe_iac.planning.bounds import bound
from rohe_iac.planning.feasibility import near_holds
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.numbering import number_ports
from rohe_iac.planning.plan import CoreUse, DeviceUse, Placement, Plan, PortUse, Refusals, RunnerUp, ScorePart, Unplaced
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.queue import order
from rohe_iac.planning.scoring import BEST_FIT, FIRST_FIT, WORST_FIT

STRATEGIES = (FIRST_FIT, BEST_FIT, WORST_FIT)
"""Strategies that need one pass over the queue."""


class UnknownStrategy(RoheError):
    """The stack asks for a strategy that nobody offers."""

    exit_code = ExitCode.INVALID


def plan(problem: Problem, previous: Plan | None = None, *, explain: bool = True) -> Plan:
    """Places every replica that fits, keeps what stood before where it still fits, and says why.

    previous: the plan as applied last; its replicas stay on their nodes and keep their ports where they can.
    explain: whether to tell score parts and refused nodes of placed replicas; the placements are the same without.
    Errors: UnknownStrategy.
    """
    if problem.settings.strategy not in STRATEGIES:
        raise UnknownStrategy(
            f"no strategy is called '{problem.settings.strategy}'",
            hint=f"strategies: {', '.join(STRATEGIES)}",
        )
    choice = _first_choice(problem, previous)
    while True:
        attempt = _attempt(problem, choice, previous, explain)
        following = _next_choice(attempt, choice)
        if following is None:
            return compose(attempt, previous)
        choice = following


def _attempt(problem: Problem, choice: Mapping[str, int], previous: Plan | None, explain: bool) -> Attempt:
    layout = Layout(problem, choice)
    kept = kept_nodes(layout, previous)
    queue = order(layout)
    attempt = Attempt(layout, problem.settings.strategy, explain=explain).run(queue, kept)
    if kept and any(attempt.missing):
        # A replica that stays must not cost another its place: what does not fit beside it may fit from scratch.
        fresh = Attempt(layout, problem.settings.strategy, explain=explain).run(queue, {})
        if placed_weight(fresh) > placed_weight(attempt):
            attempt = fresh
    drop_lonely(attempt)
    return attempt


def kept_nodes(layout: Layout, previous: Plan | None) -> dict[tuple[int, int], int]:
    """Where replicas stood before, for those that still exist on nodes that still exist."""
    if previous is None:
        return {}
    found = {}
    for placement in previous.placements:
        demand = layout.index.get(placement.workload)
        node = layout.node_index.get(placement.node)
        if demand is not None and node is not None and placement.index < layout.demands[demand].replicas:
            found[demand, placement.index] = node
    return found


def placed_weight(attempt: Attempt) -> tuple[int, ...]:
    """What was placed, comparable: replicas by priority, the largest priority first."""
    by_priority: dict[int, int] = {}
    for demand, decisions in zip(attempt.layout.demands, attempt.decisions, strict=True):
        rank = 1 << 40 if demand.system else demand.priority
        by_priority[rank] = by_priority.get(rank, 0) + len(decisions)
    return tuple(count for _, count in sorted(by_priority.items(), reverse=True))


def drop_lonely(attempt: Attempt) -> None:
    """Takes back replicas whose required neighbour did not find a place after all (services near each other)."""
    layout, ledger = attempt.layout, attempt.ledger
    changed = any(layout.near)
    while changed:
        changed = False
        for demand, rules in enumerate(layout.near):
            for others, key in rules:
                for decision in list(attempt.decisions[demand]):
                    if not near_holds(layout, ledger, demand, others, key, decision.node):
                        attempt.drop(demand, decision)
                        changed = True
            if attempt.missing[demand] and changed:
                attempt.refusals[demand] = attempt.refused(demand)


def _first_choice(problem: Problem, previous: Plan | None) -> dict[str, int]:
    """For each service with variants the one it had before, else the most accurate, the first of equals."""
    had = {item.workload: item.variant for item in previous.placements if item.variant} if previous else {}
    choice = {}
    for demand in problem.demands:
        if demand.variants:
            names = [variant.name for variant in demand.variants]
            best = max(range(len(names)), key=lambda number: (demand.variants[number].accuracy, -number))
            choice[demand.workload] = names.index(had[demand.workload]) if had.get(demand.workload) in names else best
    return choice


def _next_choice(attempt: Attempt, choice: dict[str, int]) -> dict[str, int] | None:
    """For the first service that lacks a place the next less accurate variant, or None where there is none."""
    for demand, missing in zip(attempt.layout.demands, attempt.missing, strict=True):
        if not missing or not demand.variants:
            continue
        ranked = sorted(range(len(demand.variants)), key=lambda number: (-demand.variants[number].accuracy, number))
        following = ranked.index(choice[demand.workload]) + 1
        if following < len(ranked):
            return {**choice, demand.workload: ranked[following]}
    return None


def compose(attempt: Attempt, previous: Plan | None) -> Plan:
    """The plan that an attempt amounts to: numbered ports, reasons, unplaced replicas and the bound."""
    layout = attempt.layout
    before = {placement.replica: placement for placement in previous.placements} if previous else {}
    ports = number_ports(
        (
            (f"{demand.replica}/{decision.index}", demand)
            for demand, decisions in zip(layout.demands, attempt.decisions, strict=True)
            if demand.ports
            for decision in decisions
        ),
        {number for fixed in layout.host_ports for number, _ in fixed},
        layout.settings.ports,
        {replica: placement.ports for replica, placement in before.items()},
    )
    placements = [
        _placement(attempt, position, decision, ports, before)
        for position, decisions in enumerate(attempt.decisions)
        for decision in sorted(decisions, key=lambda item: item.index)
    ]
    placements.sort(key=lambda item: (item.replica.rpartition("/")[0], item.index))
    return Plan(
        stack=layout.problem.stack,
        strategy=layout.settings.strategy,
        objective=layout.settings.objective,
        placements=tuple(placements),
        unplaced=_unplaced(attempt),
        refusals=tuple(item for item in attempt.refusals if item is not None),
        bound=bound(layout, [[decision.node for decision in decisions] for decisions in attempt.decisions]),
    )


def _placement(
    attempt: Attempt,
    position: int,
    decision: Decision,
    ports: Mapping[str, tuple[PortUse, ...]],
    before: Mapping[str, Placement],
) -> Placement:
    layout = attempt.layout
    demand, node = layout.demands[position], layout.nodes[decision.node]
    replica = f"{demand.replica}/{decision.index}"
    had = before.get(replica)
    runner_up = None
    if decision.runner_up >= 0:
        runner_up = RunnerUp(layout.nodes[decision.runner_up].name, decision.runner_up_points)
    devices = node.devices
    return Placement(
        replica=replica,
        instance=f"{demand.slug}-{decision.index}",
        workload=demand.workload,
        pipeline=demand.pipeline,
        service=demand.service,
        member=demand.member,
        index=decision.index,
        node=node.name,
        reason=_reason(attempt, position, decision),
        variant=demand.variants[layout.choice[position]].name if demand.variants else "",
        was=had.node if had else "",
        system=demand.system,
        cores=tuple([CoreUse(core, amount) for core, amount in decision.grant.cores]),
        devices=tuple(
            [DeviceUse(devices[number].type, devices[number].name, amount) for number, amount in decision.grant.devices]
        ),
        ports=ports.get(replica, ()),
        points=decision.points,
        parts=tuple(
            [
                ScorePart(name, part)
                for name, part in zip(attempt.scoring.names(position), decision.parts, strict=False)
                if name
            ]
        ),
        runner_up=runner_up,
    )


def _reason(attempt: Attempt, position: int, decision: Decision) -> str:
    note = attempt.layout.demands[position].note
    ending = f" ({note})" if note else ""
    if decision.kept:
        return f"stays where it was{ending}"
    if decision.fits == 1:
        return f"the only node that fits{ending}"
    if attempt.strategy == FIRST_FIT:
        return f"the first by name of {decision.fits} nodes that fit{ending}"
    if attempt.strategy == WORST_FIT:
        return f"the most left over of {decision.fits} nodes that fit{ending}"
    return f"the least left over of {decision.fits} nodes that fit{ending}"


def _unplaced(attempt: Attempt) -> tuple[Unplaced, ...]:
    found = []
    for position, missing in enumerate(attempt.missing):
        demand = attempt.layout.demands[position]
        refusals: Refusals | None = attempt.refusals[position]
        for index in missing:
            found.append(
                Unplaced(
                    replica=f"{demand.replica}/{index}",
                    workload=demand.workload,
                    pipeline=demand.pipeline,
                    service=demand.service,
                    member=demand.member,
                    index=index,
                    closest=refusals.closest if refusals else (),
                )
            )
    return tuple(sorted(found, key=lambda item: (item.replica.rpartition("/")[0], item.index)))
