"""Why not: what keeps a service off a node, and the smallest edits of one or two fields that would let it on."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import product
from typing import Any

from msgspec import structs

from rohe_iac.foundation.errors import UsageError
from rohe_iac.foundation.quantities import shown_bytes, shown_cpu, shown_share
from rohe_iac.planning.booking import booked
from rohe_iac.planning.demand import Demand, Resources, Toleration
from rohe_iac.planning.editing import demands_named
from rohe_iac.planning.feasibility import device_missing, refusal, shortage
from rohe_iac.planning.layout import Layout
from rohe_iac.planning.ledger import Ledger
from rohe_iac.planning.plan import Placement, Plan
from rohe_iac.planning.planner import plan
from rohe_iac.planning.problem import Problem
from rohe_iac.planning.supply import Supply
from rohe_iac.planning.verification import verify

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits as people read them, the sum of their relative changes in millionths, and whether planning proves them."""

    edits: tuple[str, ...]
    change: int
    proven: bool


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


@dataclass(frozen=True, slots=True)
class _Step:
    # One field of the demand or of the node, what it becomes, and how large a change that is.
    words: str
    change: int
    demand: Demand | None = None
    node: Supply | None = None


def why_not(problem: Problem, decided: Plan, service: str, node: str, most: int = 3) -> tuple[WhyNot, ...]:
    """Answers for every workload of the service, with the other replicas where the plan has them.

    Errors: UsageError where the stack has no such service or node.
    """
    demands = demands_named(problem, service)
    if not demands:
        raise UsageError(f"the stack has no service/{service}", hint="`rohe plan` lists the services")
    if node not in {one.name for one in problem.nodes}:
        raise UsageError(f"the stack has no node/{node}", hint="`rohe plan` lists the nodes")
    return tuple(_answer(problem, decided, demand, node, most) for demand in demands)


def _answer(problem: Problem, decided: Plan, wanted: Demand, name: str, most: int) -> WhyNot:
    layout, ledger = booked(problem, decided, without=_candidate(decided, wanted, name))
    demand, node = layout.index[wanted.workload], layout.node_index[name]
    there = sum(item.workload == wanted.workload and item.node == name for item in decided.placements)
    rule = refusal(layout, ledger, demand, node)
    if not rule:
        return WhyNot(wanted.workload, name, there, "", "", ())
    _, text, _ = shortage(layout, ledger, demand, node)
    fixes = []
    for steps in _combined(_steps(layout, ledger, demand, node)):
        edited = _edited(problem, wanted, name, steps)
        fixes.append(
            Fix(
                tuple(step.words for step in steps),
                sum(step.change for step in steps),
                _proves(edited, decided, wanted, name),
            )
        )
        if sum(fix.proven for fix in fixes) == most:
            break
    return WhyNot(wanted.workload, name, there, rule, text, tuple(fix for fix in fixes if fix.proven))


def _candidate(decided: Plan, wanted: Demand, name: str) -> str:
    """The replica that would go there: one without a place, else the last that is elsewhere."""
    for item in decided.unplaced:
        if item.workload == wanted.workload:
            return item.replica
    elsewhere = [item for item in decided.placements if item.workload == wanted.workload and item.node != name]
    return elsewhere[-1].replica if elsewhere else f"{wanted.replica}/{wanted.replicas}"


def _steps(layout: Layout, ledger: Ledger, demand: int, node: int) -> list[list[_Step]] | None:
    """For each thing that is wrong the ways out of it, or None where something has none."""
    wanted, supply, asked = layout.demands[demand], layout.nodes[node], layout.resources[demand]
    found: list[list[_Step]] = []
    where, what = f"node/{supply.name}", f"service/{wanted.service}{'/' + wanted.member if wanted.member else ''}"

    def amount(
        field: str, lacking: int, request: int, offer: int, lower: Resources, higher: Supply, shown: str
    ) -> None:
        ways = [_Step(f"{where}.{field} up to {shown}", lacking * MILLION // max(offer, 1), node=higher)]
        if request > lacking:
            less = shown_cpu(request - lacking) if field == "cpu" else shown_bytes(request - lacking)
            ways.append(
                _Step(
                    f"{what}.{field} down to {less}",
                    lacking * MILLION // request,
                    demand=_with(wanted, demand, layout, lower),
                )
            )
        found.append(ways)

    lacking = asked.cpu - ledger.cpu[node]
    if lacking > 0:
        size = supply.cpu + lacking
        amount(
            "cpu",
            lacking,
            asked.cpu,
            supply.cpu,
            replace(asked, cpu=asked.cpu - lacking),
            replace(supply, cpu=size),
            shown_cpu(size),
        )
    lacking = asked.rss - ledger.rss[node]
    if lacking > 0:
        size = supply.rss + lacking
        amount(
            "memory.rss",
            lacking,
            asked.rss,
            supply.rss,
            replace(asked, rss=asked.rss - lacking),
            replace(supply, rss=size),
            shown_bytes(size),
        )
    if asked.vms is not None and supply.vms is not None and asked.vms > ledger.vms[node]:
        lacking = asked.vms - ledger.vms[node]
        size = supply.vms + -(-lacking * MILLION // layout.settings.vms_ratio)
        amount(
            "memory.vms",
            lacking,
            asked.vms,
            supply.vms,
            replace(asked, vms=asked.vms - lacking),
            replace(supply, vms=size),
            shown_bytes(size),
        )
    row, chunks = ledger.sorted_cores[node], asked.cores
    if len(chunks) > len(row) or any(chunk > free for chunk, free in zip(chunks, row, strict=False)):
        fitting = tuple(min(chunk, free) for chunk, free in zip(chunks, row, strict=False) if free > 0)
        lost = sum(chunks) - sum(fitting)
        told = ", ".join(shown_cpu(chunk) for chunk in fitting)
        lower = replace(asked, cores=tuple(sorted(fitting, reverse=True)))
        found.append(
            [
                _Step(
                    f"{what}.cores down to [{told}]",
                    lost * MILLION // max(sum(chunks), 1),
                    demand=_with(wanted, demand, layout, lower),
                )
            ]
        )
    for request in asked.devices:
        short = device_missing(layout, ledger.devices[node], node, request)
        if short and request.share > short:
            devices = tuple(replace(one, share=one.share - short) if one == request else one for one in asked.devices)
            lower = replace(asked, devices=devices)
            words = f"{what}.{request.type} down to {shown_share(request.share - short)}"
            found.append([_Step(words, short * MILLION // request.share, demand=_with(wanted, demand, layout, lower))])
        elif short:
            return None
    rules = _rule_steps(layout, ledger, demand, node, where, what)
    return None if rules is None else found + rules


def _with(wanted: Demand, demand: int, layout: Layout, resources: Resources) -> Demand:
    chosen = layout.choice[demand]
    if chosen < 0:
        return replace(wanted, resources=resources)
    variants = list(wanted.variants)
    variants[chosen] = replace(variants[chosen], resources=resources)
    return replace(wanted, variants=tuple(variants))


def _rule_steps(
    layout: Layout, ledger: Ledger, demand: int, node: int, where: str, what: str
) -> list[list[_Step]] | None:
    wanted, supply = layout.demands[demand], layout.nodes[node]
    found: list[list[_Step]] = []
    if supply.status != "running":
        found.append([_Step(f"{where}.status running", MILLION, node=replace(supply, status="running"))])
    labels = dict(supply.labels)
    for key, value in wanted.selector:
        if labels.get(key) != value:
            more = replace(supply, labels=tuple(sorted({**labels, key: value}.items())))
            less = replace(wanted, selector=tuple(item for item in wanted.selector if item != (key, value)))
            found.append(
                [
                    _Step(f"{where}.labels.{key} {value}", MILLION, node=more),
                    _Step(f"{what}.nodeSelector without {key}", MILLION, demand=less),
                ]
            )
    for taint in supply.taints:
        kept = any(one.covers(taint.key, taint.value, taint.effect) for one in wanted.tolerations)
        if taint.effect != "PreferNoSchedule" and not kept:
            tolerant = replace(wanted, tolerations=(*wanted.tolerations, Toleration(taint.key, "Exists")))
            clean = replace(supply, taints=tuple(one for one in supply.taints if one != taint))
            found.append(
                [
                    _Step(f"{what}.tolerations with {taint.key}", MILLION, demand=tolerant),
                    _Step(f"{where}.taints without {taint.key}", MILLION, node=clean),
                ]
            )
    if wanted.arch and supply.arch and supply.arch not in wanted.arch:
        more_arch = replace(wanted, arch=tuple(sorted((*wanted.arch, supply.arch))))
        found.append([_Step(f"{what}.arch with {supply.arch}", MILLION, demand=more_arch)])
    for rule in wanted.spread:
        domain = layout.domains[rule.key][node]
        if domain < 0:
            return None
        count = ledger.counts[demand][rule.key][domain]
        if count >= rule.limit:
            wider = tuple(replace(one, limit=count + 1) if one == rule else one for one in wanted.spread)
            words = f"{what}.spread.{rule.key} maxPerDomain {count + 1}"
            found.append(
                [_Step(words, (count + 1 - rule.limit) * MILLION // rule.limit, demand=replace(wanted, spread=wider))]
            )
    for apart in wanted.avoid:
        others = [layout.index[name] for name in apart.workloads if name in layout.index]
        domain = layout.domains[apart.key][node] if apart.required and apart.key in layout.domains else -1
        if apart.required and domain >= 0 and any(ledger.counts[other][apart.key][domain] for other in others):
            softer = tuple(replace(one, required=False) if one == apart else one for one in wanted.avoid)
            found.append([_Step(f"{what}.avoid not required", MILLION, demand=replace(wanted, avoid=softer))])
    return found


def _combined(steps: list[list[_Step]] | None) -> list[tuple[_Step, ...]]:
    """Every choice of one way out for each wrong thing that takes at most two fields, the smallest change first."""
    if steps is None or not 1 <= len(steps) <= 2:
        return []
    chosen = [tuple(ways) for ways in product(*steps)]
    return sorted(chosen, key=lambda ways: (sum(way.change for way in ways), [way.words for way in ways]))


def _edited(problem: Problem, wanted: Demand, name: str, steps: tuple[_Step, ...]) -> Problem:
    demand = wanted
    node = next(one for one in problem.nodes if one.name == name)
    first_node, first_demand = node, wanted
    for step in steps:
        # Two steps may change two fields of one thing: only what differs from the original is taken over.
        if step.demand is not None:
            demand = _merged(first_demand, demand, step.demand)
        if step.node is not None:
            node = _merged(first_node, node, step.node)
    return replace(
        problem,
        nodes=tuple(node if one.name == name else one for one in problem.nodes),
        demands=tuple(demand if one.workload == wanted.workload else one for one in problem.demands),
    )


def _merged(original: Any, present: Any, edited: Any) -> Any:
    changes = {}
    for field in fields(original):
        was, now = getattr(original, field.name), getattr(edited, field.name)
        if was != now:
            mine = getattr(present, field.name)
            changes[field.name] = _merged(was, mine, now) if is_dataclass(was) else now
    return replace(present, **changes)


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
