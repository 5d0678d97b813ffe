"""Sentences about a plan that screens and pages share."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from rohe_iac.deployment.files.planfile import NOT_APPLIED, PlanFile
from rohe_iac.foundation.quantities import counted, cpu_alike, shown_bytes, shown_share
from rohe_iac.planning.model.plan import (
    Bound,
    DeviceUse,
    Loss,
    Placement,
    Plan,
    Refusals,
    Rejection,
    Relaxed,
    ScorePart,
    Unplaced,
)
from rohe_iac.planning.model.problem import Settings
from rohe_iac.reporting.settings import MAX_BYTES, MAX_LOG_BYTES
from rohe_iac.usecases.plans.analysis import AgentNeed, AnalysedPlan

ORDER = ("create", "update", "delete", "retain", "repair", "keep")
"""Verbs of actions in the order in which people read them."""

VERBS = {"update": "change"}
"""What people read for verbs of actions that plan files name otherwise."""

KINDS = ("stack", "broker", "credential", "agent", "replica")
"""Kinds of addresses in the order in which people read them; others follow."""

STAYS = "stays where it was"
"""The reason in plan files for a replica that keeps its node."""

NOT_SLOWED: Mapping[str, str] = {}
"""No replica is slowed down by neighbours."""

MAX_DECIMALS = 4
"""Decimals of a percentage at most; scores have seven digits or so."""

ARGUMENTS = {"volume": "total size"}
"""What people read for the arguments of a bound whose names in a plan file do not speak for themselves."""


def shown_use(use: DeviceUse) -> str:
    """Returns what a replica has of a device as people read it: `40%`, or `40%/6Gi` with memory of the device."""
    return shown_share(use.amount) + (f"/{shown_bytes(use.memory)}" if use.memory else "")


def summary(plan: Plan) -> str:
    """Returns how many replicas are placed on how many nodes, how few nodes would do, and the strategy."""
    placed = f"{counted(len(plan.placements), 'replica')} placed"
    rooms = sum(item.is_room for item in plan.unplaced)
    unplaced = f", {len(plan.unplaced) - rooms:,} without a node" if len(plan.unplaced) > rooms else ""
    unplaced += f", no room to update {counted(rooms, 'replica')}" if rooms else ""
    nodes = counted(plan.bound.nodes_used, "node")
    return f"{placed}{unplaced}. Uses {nodes}{fewest_nodes(plan.bound)}. Strategy: {plan.strategy}"


def fewest_nodes(bound: Bound) -> str:
    """Returns what is known of the fewest nodes that plans need, to follow after the nodes that this one uses."""
    if bound.proven:
        return ", the proven minimum"
    if not bound.at_least:
        return ""
    arguments = ", ".join(ARGUMENTS.get(name, name) for name in bound.arguments)
    why = f" ({arguments})" if arguments else ""
    return f"; no plan can use fewer than {bound.at_least}{why}"


def survival(settings: Settings) -> str:
    """Returns the failures that a stack asks to survive, as they are written: `survive: 1`."""
    if not settings.survive_zones:
        return f"survive: {settings.survive}"
    nodes = f"nodes: {settings.survive}, " if settings.survive else ""
    return f"survive: {{{nodes}zones: {settings.survive_zones}}}"


def broken_by(loss: Loss) -> str:
    """Returns what the failure of a node or zone leaves without a node or a replica."""
    replicas = f"{counted(len(loss.unplaceable), 'replica')} without a node" if loss.unplaceable else ""
    services = f"no replica of {', '.join(loss.outages[:3])}" if loss.outages else ""
    what = loss.node.replace("zone/", "zone ", 1)
    return f"the failure of {what} leaves {' and '.join(filter(None, (replicas, services)))}"


def relaxed_spread(eased: Relaxed) -> str:
    """Returns how many failures a workload still survives whose spread was relaxed so that more replicas fit."""
    failures = counted(eased.failures, "failure") + " only" if eased.failures else "no failure"
    return f"{eased.workload} is spread for {failures}, so that more replicas have a node"


def update_room(plan: Plan) -> Iterator[str]:
    """Yields for each service that has room to be updated how many replicas more would fit, and where."""
    nodes: dict[str, Counter[str]] = {}
    for room in plan.reserved:
        nodes.setdefault(room.workload, Counter())[room.node] += 1
    for workload, counts in nodes.items():
        where = ", ".join(node if number == 1 else f"{node} ({number})" for node, number in sorted(counts.items()))
        yield f"room to update service/{workload.partition('/')[2]}: {counted(counts.total(), 'replica')} on {where}"


ADVICE = "Advice: planned, but not enforced by the cluster"
"""The heading of what a plan says and its target does not enforce."""


def advice_lines(planfile: PlanFile) -> Iterator[str]:
    """Yields what the target does not enforce, each phrase once, with the workloads that it holds for."""
    workloads: dict[str, list[str]] = {}
    for item in planfile.advice:
        workloads.setdefault(item.words, []).append(item.address)
    for words, addresses in workloads.items():
        more = f" and {len(addresses) - FEW_NAMES} more" if len(addresses) > FEW_NAMES else ""
        yield f"{', '.join(addresses[:FEW_NAMES])}{more}: {words}"


FEW_NAMES = 4
"""Workloads that one line of advice names; the others are counted."""


VALUES = "Values in force"
"""The title of the values that a plan was made with."""

LONGEST_VALUE = 120
"""Characters that are shown of a value."""


def value_rows(planfile: PlanFile) -> list[tuple[str, str, str]]:
    """Returns of each value of the stack, by name: name, value as in YAML, and where it comes from."""
    rows = []
    written = {path[0]: text for path, text in planfile.value_texts if len(path) == 1}
    for name, value in sorted(planfile.values.items()):
        text = value if isinstance(value, str) else written.get(name) or json.dumps(value, ensure_ascii=False)
        shown = text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
        rows.append((name, shown, planfile.value_origins.get(name, "the stack")))
    return rows


def refused_by_rule(refusals: Refusals) -> str:
    """Returns how many nodes each rule refused: `2 by labels, 1 by cpu`."""
    return ", ".join(f"{count} by {rule}" for rule, count in refusals.by_rule)


def reason(placement: Placement, undone: Collection[str] = (), slowdowns: Mapping[str, str] = NOT_SLOWED) -> str:
    """Returns why a replica is where it is, and where it was before if it moved.

    Args:
        placement: The replica and its node.
        undone: Addresses that the last apply did not make as planned, so that nothing of them is anywhere yet.
        slowdowns: By address of a replica, how its neighbours slow it down.
    """
    slower = f"; {slowdowns[placement.replica]}" if placement.replica in slowdowns else ""
    if placement.reason == STAYS and placement.replica in undone:
        return "stays where it was planned; the last apply did not make it"
    moved = f"moved from {placement.was}; " if placement.was and placement.was != placement.node else ""
    return moved + placement.reason + slower


def pending_work(planfile: PlanFile, undone: Collection[str] = ()) -> str:
    """Returns what apply would do, such as `Nothing is applied yet. 3 resources to create: 1 stack, 2 replicas`.

    Args:
        planfile: The plan.
        undone: Addresses that the last apply did not make as planned.
    """
    counts = Counter(
        "repair" if action.verb == "keep" and action.address in undone else action.verb for action in planfile.actions
    )
    if planfile.against is None:
        created = f"{counted(counts['create'], 'resource')} to create"
        return f"Nothing is applied yet. {created}{': ' if planfile.manifests else ''}{_by_kind(planfile)}"
    verbs = ", ".join(f"{counts[verb]} to {VERBS.get(verb, verb)}" for verb in ORDER if counts[verb]) or "nothing to do"
    if planfile.against.serial == NOT_APPLIED:
        return f"Against a plan file, not what is applied: {verbs}"
    return f"Against the applied record {planfile.against.serial}: {verbs}"


def unfinished_work(analysed: AnalysedPlan, most: int) -> Iterator[str]:
    """Yields what the last apply left undone: a sentence on it, and a line for each of the first `most` addresses."""
    if not analysed.undone and not analysed.incomplete:
        return
    yield "The last apply is not complete; `rohe apply` continues it."
    for address, why in list(analysed.undone.items())[:most]:
        yield f"{address}: {why}"
    if len(analysed.undone) > most:
        yield f"... and {counted(len(analysed.undone) - most, 'more resource')}"


def _by_kind(planfile: PlanFile) -> str:
    """Returns how many manifests there are of each kind of address, or of document where addresses have several."""
    addresses = Counter(manifest.address for manifest in planfile.manifests)
    if len(addresses) == len(planfile.manifests):
        kinds = Counter(address.partition("/")[0] for address in addresses)
    else:
        kinds = Counter(manifest.kind for manifest in planfile.manifests)
    named = sorted(kinds.items(), key=lambda item: (KINDS.index(item[0]) if item[0] in KINDS else len(KINDS), item[0]))
    return ", ".join(counted(count, kind) for kind, count in named)


def core_amounts(placement: Placement) -> list[tuple[int, str]]:
    """Returns the cores of a replica, by number, with what it gets of each, all in one unit."""
    amounts = cpu_alike(*(use.amount for use in placement.cores)) if placement.cores else ()
    return [(use.core, amount) for use, amount in zip(placement.cores, amounts, strict=True)]


def agent_need(need: AgentNeed) -> str:
    """Returns `agent/p: limit 128Mi, needs 72Mi = 64Mi + 1.4 x (...) at 10/s; store up to 2Gi`."""
    memory = need.memory
    return (
        f"agent/{memory.pipeline}: limit {shown_bytes(need.given)}, needs {shown_bytes(memory.needed)} ="
        f" {memory.formula}; store up to {shown_bytes(need.max_store)}"
    )


def outbox_bound() -> str:
    """Returns how large the outbox of a replica may become, with its write-ahead log."""
    return f"each replica that reports: outbox up to {shown_bytes(MAX_BYTES + MAX_LOG_BYTES)}"


def shown_percentage(points: int, best: int) -> str:
    """Returns a score as a percentage of the best one, with decimals only where it would look like the best: `93 %`."""
    if points == best or best <= 0:
        return "100 %"
    for decimals in range(MAX_DECIMALS + 1):
        text = f"{points * 100 / best:.{decimals}f}"
        if float(text) != 100:
            break
    return f"{text} %"


OUTWEIGHING = ("wishes", "taints", "interference")
"""Scorers that can weigh more than all others together."""

OUTWEIGHED = 50
"""How many times the points of all others are fewer where their shares of the whole score would say nothing."""


def shown_parts(parts: Sequence[ScorePart], best: int) -> str:
    """Returns what each scorer adds to a score, in percent of the best score: `cpu 24 %, memory 12 %`.

    Where preferences or interference outweigh all others, these are shown as parts of what they come to together.
    """
    heavy = [part for part in parts if part.scorer in OUTWEIGHING]
    light = [part for part in parts if part.scorer not in OUTWEIGHING]
    rest = sum(part.points for part in light)
    if rest and sum(part.points for part in heavy) > OUTWEIGHED * rest:
        return f"{shown_parts(heavy, best)}; of the rest: {shown_parts(light, rest)}"
    return ", ".join(f"{part.scorer} {_part(part.points, best)}" for part in parts)


def score_words(placement: Placement) -> str:
    """Returns the score of a replica's node with what each scorer adds, in percent of the best; "" for no score."""
    if not placement.parts:
        return ""
    best = _best_score(placement)
    return f"{shown_percentage(placement.points, best)} ({shown_parts(placement.parts, best)})"


def best_other_node(placement: Placement) -> str:
    """Returns the other node with the highest score when the replica was placed: `pi-2 with 93 %`; "" for none."""
    second = placement.runner_up
    if second is None:
        return ""
    return f"{second.node} with {shown_percentage(second.points, _best_score(placement))}"


def _best_score(placement: Placement) -> int:
    """Returns the higher one of the score of the node and that of the best other node."""
    return max(placement.points, placement.runner_up.points if placement.runner_up is not None else 0)


def _part(points: int, best: int) -> str:
    return f"{points * 100 / best:.0f} %" if best > 0 else "0 %"


def unplaced_alike(unplaced: Iterable[Unplaced]) -> list[tuple[Unplaced, int]]:
    """Returns the first of each group of replicas that differ in their number alone, and how many others it has."""
    groups: dict[tuple[str, tuple[Rejection, ...]], list[Unplaced]] = {}
    for item in unplaced:
        groups.setdefault((item.workload, item.closest), []).append(item)
    return [(items[0], len(items) - 1) for items in groups.values()]


def replica_and_others(item: Unplaced, others: int) -> str:
    """Returns `replica/shop:detect/0`, or `replica/shop:detect/0 and 30 more`."""
    return f"{item.replica} and {others} more" if others else item.replica
