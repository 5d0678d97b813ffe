"""Reason verification: what a plan says of points, reasons and refused nodes is borne out by the problem and by itself.

Points are those of a moment that is gone; what can be held against the rest of the plan is.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rohe_iac.foundation.quantities import shown_bytes, shown_cpu
from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Placement, Plan, Rejection
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply, Taint
from rohe_iac.planning.model.units import MILLION

Told = tuple[str, str, str]
"""The rule, what breaks it, and how."""

SHOWN = 5
"""Closest nodes that a plan tells."""

BY_ITSELF = ("status", "labels", "taints", "architecture")
"""Rules that ask about the node alone, in their order."""

PLACED = ("ports", "spread", "avoid", "near", "latency", "bandwidth", "budget")
"""Rules that ask what else is placed, in their order; they have no amounts."""

HEADS = {"cpu": "cpu", "cores": "cores", "rss": "memory.rss", "vms": "memory.vms", "accelerators": "accelerators"}
"""Rules with an amount, and how their words begin."""

MOST_NODES = 200
"""Nodes up to which a plan tells what failures break."""

OWN_SCORERS = {"cpu", "memory", "accelerator", "open", "wishes", "taints", "interference", "fragmentation"}

STAYS = "stays where it was"

LATE_WORDS = ", when all others had had their turn"

DECIDED_BY = ("", "search", "previous")

_SENTENCE = re.compile(
    r"stays where it was|the only node that fits"
    r"|(?:the first by name|the (?:least|most) left over|the best match of what is asked and what is free"
    r"|the least loss of what others will use of accelerators, then the least left over,|chosen by .+"
    r"|chosen with the other replicas by the search, one) of (?P<number>\d+) nodes that fit"
)

_WORDS = {
    "cores": re.compile(r"cores: \S+ of \S+ (?:(?:on \d+ )?distinct cores|on one core) missing"),
    "accelerators": re.compile(r"accelerators: \S+ of \S+ .+ missing(?: in one device)?"),
}


def reason_faults(problem: Problem, plan: Plan, plugins: Plugins) -> Iterator[Told]:
    """What the plan says of reasons and refusals that cannot be."""
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    plugged = plugins.strategy is not None or ":" in problem.settings.strategy
    # A search takes nodes for the sake of others, whatever their points.
    searched = any(item.decided == "search" for item in plan.placements)
    one_pass = not (plugged or searched or plan.strategy in ("portfolio", "exact"))
    for item in plan.placements:
        if item.workload in demands:
            for words in _points(item, nodes, own_scorers=bool(problem.settings.scorers), one_pass=one_pass):
                yield "reasons", item.replica, words
            for words in _reason(item, demands[item.workload], len(nodes)):
                yield "reasons", item.replica, words
    asked = _asked(plan, demands)
    for workload, words in _refused(problem, plan, demands, asked):
        yield "refusals", workload, words
    yield from _lost(problem, plan)


def _points(item: Placement, nodes: Mapping[str, Supply], *, own_scorers: bool, one_pass: bool) -> Iterator[str]:
    names = [part.scorer for part in item.parts]
    if len(set(names)) < len(names) or any(part.points < 0 for part in item.parts):
        yield "a score is told twice, or below 0"
    if not own_scorers and not set(names) <= OWN_SCORERS:
        yield f"nobody scores {', '.join(sorted(set(names) - OWN_SCORERS))}"
    if item.parts and sum(part.points for part in item.parts) != item.points:
        yield f"{item.points} points, of parts that come to {sum(part.points for part in item.parts)}"
    second = item.runner_up
    if second is None:
        return
    if second.node == item.node or second.node not in nodes:
        yield f"the next node would have been {second.node}"
    if one_pass and item.parts and second.points > item.points:
        yield f"the next node would have had {second.points} points, this one has {item.points}"


def _reason(item: Placement, demand: Demand, number: int) -> Iterator[str]:
    ending = f" ({demand.note})" if demand.note else ""
    reason = item.reason.removesuffix(ending)
    if not item.reason.endswith(ending):
        yield f"the reason does not tell: {demand.note}"
    if item.late != reason.endswith(LATE_WORDS):
        yield f"'{reason}', of a replica that {'had its turn last' if item.late else 'had its turn in the queue'}"
    found = _SENTENCE.fullmatch(reason.removesuffix(LATE_WORDS))
    if found is None:
        yield f"'{item.reason}' is no reason"
    elif found["number"] and not 1 < int(found["number"]) <= number:
        yield f"'{reason}', of {number} nodes in all"
    if item.decided not in DECIDED_BY:
        yield f"nothing is called '{item.decided}' that decides"
    elif found is not None and not found["number"] and item.decided == "previous" and reason != STAYS:
        yield f"'{reason}', of a replica that the previous plan decided"
    elif reason.startswith("chosen with") and item.decided != "search":
        yield f"'{reason}', of a replica that no search decided"
    if reason == STAYS and item.was != item.node:
        yield f"'{reason}', it was on {item.was or 'no node'} and is on {item.node}"
    if reason.startswith("the only node that fits") and item.runner_up is not None:
        yield f"'{reason}', but {item.runner_up.node} is told as the next"


def _asked(plan: Plan, demands: Mapping[str, Demand]) -> dict[str, Resources]:
    """What a replica of each workload asks for, in the variant that runs; not told where none runs of several."""
    variants = {item.workload: item.variant for item in plan.placements}
    found = {}
    for workload, demand in demands.items():
        if not demand.variants:
            found[workload] = demand.resources
        for one in demand.variants:
            if one.name == variants.get(workload):
                found[workload] = one.resources
    return found


def _refused(
    problem: Problem, plan: Plan, demands: Mapping[str, Demand], asked: Mapping[str, Resources]
) -> Iterator[tuple[str, str]]:
    counts = {one.workload: dict(one.by_rule) for one in plan.refusals}
    closest = {one.workload: one.closest for one in plan.refusals}
    nodes = {node.name: node for node in problem.nodes}
    own = _OwnRules(problem)
    # A solver weighs moves against places: what is left out may fit on a node then.
    solved = plan.strategy == "exact" or problem.settings.max_moves is not None
    for one in plan.refusals:
        if one.workload not in demands:
            continue
        refused = sum(counts[one.workload].values())
        if len(one.closest) != min(SHOWN, refused):
            yield one.workload, f"{len(one.closest)} nodes are told of {refused} that refuse"
        order = [(near.shortfall, near.node) for near in one.closest]
        if order != sorted(order) or any(shortfall < 0 for shortfall, _ in order):
            yield one.workload, "the closest nodes are not told by what they lack"
        expected = own.counts(demands[one.workload])
        if plan.spare in nodes and not first_of(demands[one.workload], nodes[plan.spare]):
            expected["reserved"] = 1
        for rule in (*BY_ITSELF, "reserved") if plan.spare else BY_ITSELF:
            if expected[rule] != counts[one.workload].get(rule, 0):
                yield one.workload, f"{expected[rule]} nodes refuse by {rule}, not {counts[one.workload].get(rule, 0)}"
        for near in one.closest:
            if near.node in nodes:
                yield from (
                    (one.workload, words)
                    for words in _near(near, nodes[near.node], demands[one.workload], asked.get(one.workload))
                )
    for lost in plan.unplaced:
        # Plans that were not asked to explain tell no counts; plan files always do.
        if lost.workload in demands and lost.closest != closest.get(lost.workload):
            yield lost.workload, f"{lost.replica} tells other closest nodes"
        elif not solved and sum(counts.get(lost.workload, {}).values()) not in (0, len(nodes)):
            yield lost.workload, f"{lost.replica} has no place, but not every node refuses it"


def _near(near: Rejection, node: Supply, demand: Demand, asked: Resources | None) -> Iterator[str]:
    """A refused node: its rule is the first that the words tell, and is one that the node breaks."""
    rule = first_of(demand, node)
    if (near.rule in BY_ITSELF or rule) and near.rule != rule:
        yield f"{near.node} refuses by {rule or 'no rule of its own'}, not {near.rule}"
    known = near.rule in (*BY_ITSELF, *PLACED, "reserved", *HEADS)
    if known and not near.missing.startswith(f"{HEADS.get(near.rule, near.rule)}: "):
        yield f"{near.node} refuses by {near.rule}, and lacks '{near.missing}'"
    texts = near.missing.split("; ")
    if rule and texts[0] != own_words(rule, demand, node):
        yield f"{near.node} lacks '{texts[0]}', and that is {own_words(rule, demand, node)}"
    free = all(text.partition(": ")[0] not in HEADS.values() for text in texts)
    if known and free and near.shortfall != MILLION * len(texts):
        yield f"{near.node} falls short by {near.shortfall} millionths, of rules without an amount"
    for text in texts:
        words = _WORDS.get(text.partition(": ")[0])
        if words is not None and not words.fullmatch(text):
            yield f"{near.node} lacks '{text}', which says nothing"
    if asked is None:
        return
    amounts = {
        "cpu": shown_cpu(asked.cpu),
        "memory.rss": shown_bytes(asked.rss),
        "memory.vms": shown_bytes(asked.vms or 0),
    }
    for text in texts:
        whole = amounts.get(text.partition(": ")[0])
        if whole is not None and not text.endswith(f" of {whole} missing"):
            yield f"{near.node} lacks '{text}', asked is {whole}"


class _OwnRules:
    """How many nodes refuse by a rule of their own; nodes and workloads that are alike are asked once."""

    def __init__(self, problem: Problem) -> None:
        alike: dict[tuple[object, ...], list[Supply]] = defaultdict(list)
        for node in problem.nodes:
            alike[node.status, node.labels, node.taints, node.arch].append(node)
        self._alike = [(nodes[0], len(nodes)) for nodes in alike.values()]
        self._known: dict[tuple[object, ...], Counter[str]] = {}

    def counts(self, demand: Demand) -> Counter[str]:
        """By rule."""
        key = (demand.selector, demand.tolerations, demand.arch)
        if key not in self._known:
            found: Counter[str] = Counter()
            for node, number in self._alike:
                found[first_of(demand, node)] += number
            self._known[key] = found
        return self._known[key]


def own_words(rule: str, demand: Demand, node: Supply) -> str:
    """What a rule of BY_ITSELF says of the node."""
    if rule == "status":
        return f"status: the node is {node.status}"
    if rule == "labels":
        labels = dict(node.labels)
        lacks = [f"{key}={value}" for key, value in demand.selector if labels.get(key) != value]
        return f"labels: {', '.join(lacks)} missing"
    if rule == "taints":
        kept = [f"{one.key}={one.value}" if one.value else one.key for one in node.taints if _keeps_off(one, demand)]
        return f"taints: {', '.join(kept)} not tolerated"
    return f"architecture: the node is {node.arch}, asked is {' or '.join(demand.arch)}"


def _keeps_off(taint: Taint, demand: Demand) -> bool:
    tolerated = [
        one
        for one in demand.tolerations
        if one.effect in ("", taint.effect)
        and (one.key == taint.key or (one.operator == "Exists" and one.key == ""))
        and (one.operator == "Exists" or one.value == taint.value)
    ]
    return taint.effect != "PreferNoSchedule" and not tolerated


def first_of(demand: Demand, node: Supply) -> str:
    """The first rule of BY_ITSELF that the node breaks, or an empty word."""
    if node.status != "running":
        return "status"
    labels = dict(node.labels)
    if [key for key, value in demand.selector if labels.get(key) != value]:
        return "labels"
    if any(_keeps_off(taint, demand) for taint in node.taints):
        return "taints"
    return "architecture" if demand.arch and node.arch and node.arch not in demand.arch else ""


def _lost(problem: Problem, plan: Plan) -> Iterator[Told]:
    """Of the failures that the plan is said not to survive: who is silent then follows from where replicas are."""
    on: dict[str, Counter[str]] = defaultdict(Counter)
    for item in plan.placements:
        on[item.workload][item.node] += 1
    silent: dict[str, set[str]] = defaultdict(set)
    for demand in problem.demands:
        if demand.replicas > 1 and len(on[demand.workload]) == 1:
            silent[next(iter(on[demand.workload]))].add(demand.workload)
    there = defaultdict(set)
    for item in plan.placements:
        there[item.node].add(item.replica)
    near = any(rule.required for demand in problem.demands for rule in demand.near)
    if (plan.losses or plan.spare) and not problem.settings.survive:
        yield "losses", problem.stack, "the stack asks to survive no failure"
    if plan.spare and plan.spare not in {node.name for node in problem.nodes if node.status == "running"}:
        yield "losses", f"node/{plan.spare}", "is kept free, and no node of that name runs"
    for item in plan.placements:
        if item.node == plan.spare:
            yield "reserved", item.replica, f"node {plan.spare} is kept free"
    for loss in plan.losses:
        if set(loss.outages) != silent[loss.node]:
            yield "losses", f"node/{loss.node}", f"silent are {', '.join(sorted(silent[loss.node])) or 'none'}"
        if not (loss.unplaceable or loss.outages) or (not near and not set(loss.unplaceable) <= there[loss.node]):
            yield "losses", f"node/{loss.node}", f"homeless are {', '.join(loss.unplaceable) or 'none'}"
    told = {loss.node for loss in plan.losses}
    looked = problem.settings.survive and len(problem.nodes) <= MOST_NODES
    for name in sorted(name for name, services in silent.items() if services and name not in told and looked):
        yield "losses", f"node/{name}", f"its failure leaves no replica of {', '.join(sorted(silent[name]))}"
