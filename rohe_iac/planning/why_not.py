"""Why not: what keeps a service off a node, and the smallest edits of one or two fields that would let it on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, product

from msgspec import structs

from rohe_iac.blueprint.hints import did_you_mean
from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.booking import booked
from rohe_iac.planning.demand import Demand
from rohe_iac.planning.editing import demands_named
from rohe_iac.planning.feasibility import refusal, shortage
from rohe_iac.planning.fixing import Case, Step, Way, ways_out
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.plan import Placement, Plan
from rohe_iac.planning.planner import plan
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.verification import verify


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits as people read them and the sum of their relative changes in millionths; planning again has proven them.

    what_if: the same for `rohe plan --what-if`, "" where that has no words for one of them.
    """

    edits: tuple[str, ...]
    change: int
    what_if: str = ""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer for one workload and node.

    there: replicas that are on the node. rule and missing: why one more is refused; empty where one more fits.
    fixes: the smallest first; empty where no edit of one or two fields does.
    """

    workload: str
    node: str
    there: int
    rule: str
    missing: str
    fixes: tuple[Fix, ...]


def why_not(problem: Problem, decided: Plan, service: str, node: str, most: int = 3) -> tuple[WhyNot, ...]:
    """Answers for every workload of the service, with the other replicas where the plan has them.

    Errors: UsageError where the stack has no such service or node.
    """
    demands = demands_named(problem, service)
    if not demands:
        services = {one.service for one in problem.demands}
        hint = did_you_mean(service, services) or "`rohe plan` lists the services"
        raise UsageError(f"the stack has no service/{service}", hint=hint)
    nodes = {one.name for one in problem.nodes}
    if node not in nodes:
        hint = did_you_mean(node, nodes) or "`rohe plan` lists the nodes"
        raise UsageError(f"the stack has no node/{node}", hint=hint)
    return tuple(_answer(problem, decided, demand, node, most) for demand in demands)


def _answer(problem: Problem, decided: Plan, wanted: Demand, name: str, most: int) -> WhyNot:
    layout, ledger = booked(problem, decided, without=_candidate(decided, wanted, name))
    demand, node = layout.index[wanted.workload], layout.node_index[name]
    there = sum(item.workload == wanted.workload and item.node == name for item in decided.placements)
    rule = refusal(layout, ledger, demand, node)
    if not rule:
        return WhyNot(wanted.workload, name, there, "", "", ())
    _, text, _ = shortage(layout, ledger, demand, node)
    fixes: list[Fix] = []
    for steps in _combined(ways_out(Case(layout, ledger, demand, node, _on_devices(decided, layout, demand, node)))):
        if len(fixes) < most and _proves(edited(problem, wanted.workload, name, steps), decided, wanted, name):
            whole = ",".join(step.edit for step in steps) if all(step.edit for step in steps) else ""
            fixes.append(Fix(tuple(step.words for step in steps), sum(step.change for step in steps), whole))
    return WhyNot(wanted.workload, name, there, rule, text, tuple(fixes))


def _on_devices(decided: Plan, layout: Layout, demand: int, node: int) -> list[int]:
    """How many replicas of the demand are on each device of the node."""
    wanted, supply = layout.demands[demand], layout.nodes[node]
    uses = Counter(
        use.device
        for item in decided.placements
        if item.workload == wanted.workload and item.node == supply.name
        for use in item.devices
    )
    return [uses[device.name] for device in supply.devices]


def _candidate(decided: Plan, wanted: Demand, name: str) -> str:
    """The replica that would go there: one without a place, else the last that is elsewhere."""
    for item in decided.unplaced:
        if item.workload == wanted.workload:
            return item.replica
    elsewhere = [item for item in decided.placements if item.workload == wanted.workload and item.node != name]
    return elsewhere[-1].replica if elsewhere else f"{wanted.replica}/{wanted.replicas}"


def _combined(wrong: list[list[Way]] | None) -> list[Way]:
    """Every choice of one way out for each wrong thing that takes at most two fields, the smallest change first."""
    if wrong is None or not 1 <= len(wrong) <= 2:
        return []
    chosen = [way for ways in product(*wrong) if len(way := tuple(chain(*ways))) <= 2]
    return sorted(chosen, key=lambda way: (sum(step.change for step in way), [step.words for step in way]))


def edited(problem: Problem, workload: str, node: str, steps: Iterable[Step]) -> Problem:
    """The problem with the steps made, of a workload and a node."""
    nodes, demands = list(problem.nodes), list(problem.demands)
    for step in steps:
        if step.problem is not None:
            problem = step.problem(problem)
        if step.node is not None:
            nodes = [step.node(one) if one.name == node else one for one in nodes]
        if step.demand is not None:
            demands = [step.demand(one) if one.workload == workload else one for one in demands]
    return replace(problem, nodes=tuple(nodes), demands=tuple(demands))


def _proves(problem: Problem, decided: Plan, wanted: Demand, name: str) -> bool:
    """Whether planning again, with the replica there, keeps it there and breaks nothing."""
    replica = _candidate(decided, wanted, name)
    index = int(replica.rpartition("/")[2])
    if index >= wanted.replicas:
        more = tuple(
            replace(one, replicas=index + 1) if one.workload == wanted.workload else one for one in problem.demands
        )
        problem = replace(problem, demands=more)
    there = next((item for item in decided.placements if item.replica == replica), None)
    model = there or next((item for item in decided.placements if item.workload == wanted.workload), None)
    if model is not None:
        moved = structs.replace(model, replica=replica, index=index, node=name, ports=there.ports if there else ())
        kept = tuple(item for item in decided.placements if item.replica != replica)
        before = replace(decided, placements=(*kept, moved))
    else:
        before = replace(decided, placements=(*decided.placements, _stand_in(wanted, replica, index, name)))
    again = plan(problem, before, explain=False)
    placed = {item.replica: item.node for item in again.placements}
    return placed.get(replica) == name and len(again.unplaced) <= len(decided.unplaced) and not verify(problem, again)


def _stand_in(wanted: Demand, replica: str, index: int, node: str) -> Placement:
    return Placement(
        replica,
        f"{wanted.slug}-{index}",
        wanted.workload,
        wanted.pipeline,
        wanted.service,
        wanted.member,
        index,
        node,
        "",
    )
