"""Checks scores, reasons, refusals and losses that a plan states against the problem and against each other.

A score belongs to the state of the nodes when the replica was placed, which a plan does not keep; checked is what must
hold whatever that state was.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from rohe_iac.planning.model.demand import Demand, Resources
from rohe_iac.planning.model.plan import Placement, Plan, Rejection
from rohe_iac.planning.model.plugins.protocols import Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.supply import Supply
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.verification.fault import Fault
from rohe_iac.planning.verification.gangs import gang_message
from rohe_iac.planning.verification.requests import amounts_by_head, label_faults, repels, requested
from rohe_iac.planning.verification.shown_amount import bounds_of

SHOWN = 5
"""Closest refused nodes that a plan lists for each workload."""

STATIC_RULES = ("status", "labels", "taints", "architecture")
"""Rules about the node alone, in the order in which they are asked."""

COUPLING = ("ports", "spread", "skew", "avoid", "near", "latency", "bandwidth", "budget")
"""Rules about what else is placed, in the order in which they are asked; none has an amount."""

HEADS = {
    "cpu": "cpu", "cores": "cores", "rss": "memory.rss", "vms": "memory.vms", "disk": "disk", "network": "network",
    "accelerators": "accelerators",
}  # fmt: skip
"""Rules with an amount, and how their messages begin."""

MAX_NODES = 200
"""Nodes up to which a plan lists what failures break."""

BUILT_IN_SCORERS = {"cpu", "memory", "accelerator", "open", "wishes", "taints", "interference", "fragmentation"}

STAYS = "stays where it was"
"""The reason of a replica that keeps its node."""

LATE_WORDS = ", when all others had had their turn"
"""How the reason of a late replica ends."""

BY_NAME_WORDS = ", first by name of equal scores"
"""How the reason ends where the name decided between nodes with the same score."""

DECIDED_BY = ("", "search", "previous")
"""What can decide a placement: one pass of the strategy, a search, the previous plan."""

SEARCHED_PLACE = re.compile(
    r"here because moving it to (?P<node>\S+) would (?P<consequence>need an? \S+ node"
    r"|raise the cost of the nodes from \S+ to \S+ an hour|spread the load less evenly"
    r"|slow sensitive services down by \d+ % more of one replica's time"
    r"|lower the least slack from \S+ % to \S+ % of the limit|meet fewer preferences of services and nodes"
    r"|be a further move|be one move more than allowed|be worse by the term `[a-z]+`)"
    r"|one of several nodes that are as good by every term of the objective \((?P<equal>\S+) too\)"
    # The words of older plan files.
    r"|(?P<as_well>\S+) would do as well, by every term of the objective"
    r"|placed by the search; moving it alone to (?P<gain>\S+) would (?:free a node|lower the cost of the nodes"
    r"|slow sensitive services down less|spread the load more evenly|raise the least slack"
    r"|meet more preferences of services and nodes|be a move less"
    r"|be better by the term `[a-z]+`)"
    r"|(?P<none>no other node can take it beside the other replicas)"
    r"|placed by the search; in a plan of this size other nodes are not compared"
    r"|near services whose reports agents hear \(near: services\), after all else had its node"
    r"|(?P<shared>on a node that others use as well, so that no further one is needed)"
)
"""The reasons of replicas that a search placed."""

UNEXPLAINED = "chosen by the search"
"""The reason of a replica that a search placed, in a plan without explanations."""

PREFERRED_WORDS = "most preferences met, then "
"""How the reason of a replica begins of which preferences chose the node before all else."""

UNDISTURBED_WORDS = "least interference with neighbours, then "
"""How the reason of a replica begins for which the node was chosen that slows it and its neighbours down least."""

_SENTENCE = re.compile(
    r"stays where it was|the only suitable node|chosen by the search"
    rf"|(?P<preferred>{PREFERRED_WORDS})?(?P<undisturbed>{UNDISTURBED_WORDS})?"
    r"(?:first by name|(?:tightest|loosest) fit|best match of requested and free amounts"
    r"|least fragmentation of accelerators, then tightest fit,|chosen by .+"
    r"|chosen by the search together with the other replicas,) among (?P<number>\d+) suitable nodes"
    rf"(?P<tie>{BY_NAME_WORDS})?"
    # The words of older plan files.
    r"|the only node that fits"
    r"|(?:the first by name|the (?:least|most) left over|the best match of what is asked and what is free"
    r"|the least loss of what others will use of accelerators, then the least left over,|chosen by .+"
    r"|chosen with the other replicas by the search, one) of (?P<count>\d+) nodes that fit"
)
"""Every reason, in the words of this version and of the plan files before it."""

_ONLY_ONE = ("the only suitable node", "the only node that fits")
"""How the reason of a replica begins that fitted on one node alone."""

_BY_SEARCH = ("chosen by the search", "chosen with the other replicas")
"""How the reason of a replica begins whose node a search chose."""

_NEEDS = re.compile(r": needs (?P<needed>\S+), (?:only \S+|none) is free$| of (?P<whole>\S+) missing$")
"""What a refusal by an amount says of the request, in the words of this version and of the plan files before it."""

_FORMS = {
    "cores": re.compile(
        r"cores: (?:needs \d+ distinct cores, the node has \d+"
        r"|needs \S+ on (?:\d+ distinct cores|one core), \S+ of it does not fit"
        r"|\S+ of \S+ (?:(?:on \d+ )?distinct cores|on one core) missing)"
    ),
    "accelerators": re.compile(
        r"accelerators: (?:the node has no .+|needs \d+ whole .+ devices?, (?:none|only \d+) is idle"
        r"|(?:needs \S+ .+, \S+ of it does not fit, and )?\S+ memory: \S+ asked, \S+ free on \S+"
        r"|needs \S+ .+, \S+ of it (?:is missing|does not fit)"
        r"|\S+ of \S+ .+ missing(?: in one device)?)"
    ),
}


def reason_faults(problem: Problem, plan: Plan, plugins: Plugins) -> Iterator[Fault]:
    """Yields a fault for each score, reason, refusal or loss that cannot be.

    Args:
        plugins: the plug-ins of the problem; with a plug-in strategy scores need not be ordered.
    """
    nodes = {node.name: node for node in problem.nodes}
    demands = {demand.workload: demand for demand in problem.demands}
    plugged = plugins.strategy is not None or ":" in problem.settings.strategy
    # A search takes nodes for the sake of others, whatever their points.
    searched = any(item.decided == "search" for item in plan.placements)
    one_pass = not (plugged or searched or plan.strategy in ("portfolio", "exact"))
    for item in plan.placements:
        if item.workload in demands:
            for message in _score_faults(
                item, nodes, has_plugged_scorers=bool(problem.settings.scorers), one_pass=one_pass
            ):
                yield Fault("reasons", item.replica, message)
            for message in _reason_faults(item, demands[item.workload], len(nodes)):
                yield Fault("reasons", item.replica, message)
    for workload, message in _refusal_faults(problem, plan, demands):
        yield Fault("refusals", workload, message)
    yield from _loss_faults(problem, plan)


def _score_faults(
    item: Placement, nodes: Mapping[str, Supply], *, has_plugged_scorers: bool, one_pass: bool
) -> Iterator[str]:
    names = [part.scorer for part in item.parts]
    if len(set(names)) < len(names) or any(part.points < 0 for part in item.parts):
        yield "a score is listed twice, or is below 0"
    if not has_plugged_scorers and not set(names) <= BUILT_IN_SCORERS:
        yield f"no scorer is called {', '.join(sorted(set(names) - BUILT_IN_SCORERS))}"
    if item.parts and sum(part.points for part in item.parts) != item.points:
        yield f"{item.points} points, of parts that come to {sum(part.points for part in item.parts)}"
    second = item.runner_up
    if second is None:
        return
    if second.node == item.node or second.node not in nodes:
        yield f"the next node would have been {second.node}"
    if one_pass and item.parts and second.points > item.points:
        yield f"the next node would have had {second.points} points, this one has {item.points}"


def _reason_faults(item: Placement, demand: Demand, number: int) -> Iterator[str]:
    ending = f" ({demand.note})" if demand.note else ""
    reason = item.reason.removesuffix(ending)
    if not item.reason.endswith(ending):
        yield f"the reason does not say: {demand.note}"
    if item.late and not reason.endswith(LATE_WORDS):
        yield f"'{reason}', of a replica that had its turn last"
    found = _SENTENCE.fullmatch(reason.removesuffix(LATE_WORDS))
    if SEARCHED_PLACE.fullmatch(reason):
        if item.decided != "search":
            yield f"'{reason}', of a replica that no search placed"
        return
    if reason == UNEXPLAINED and item.parts:
        yield f"'{reason}', and the plan explains its placements"
    if found is None:
        yield f"'{item.reason}' is no reason"
    elif (stated := found["number"] or found["count"]) and not 1 < int(stated) <= number:
        yield f"'{reason}', of {number} nodes in all"
    if found is not None and found["tie"] and not _is_first_of_equals(item):
        yield f"'{reason}', and no node after it has the same score"
    if found is not None and item.parts:
        scorers = {part.scorer for part in item.parts}
        if found["preferred"] and scorers.isdisjoint(("wishes", "taints")):
            yield f"'{reason}', and preferences do not score"
        if found["undisturbed"] and "interference" not in scorers:
            yield f"'{reason}', and interference does not score"
    if item.decided not in DECIDED_BY:
        yield f"nothing that decides is called '{item.decided}'"
    elif found is not None and item.decided and item.decided not in _deciders(reason):
        # A plan file that is older than the field leaves it out, which says nothing.
        yield f"'{reason}', of a replica that the {item.decided} decided"
    if reason == STAYS and item.was != item.node:
        yield f"'{reason}', it was on {item.was or 'no node'} and is on {item.node}"
    if reason.startswith(_ONLY_ONE) and item.runner_up is not None:
        yield f"'{reason}', but {item.runner_up.node} is listed as the next"


def _is_first_of_equals(item: Placement) -> bool:
    second = item.runner_up
    return second is not None and second.points == item.points and item.node < second.node


def _deciders(reason: str) -> tuple[str, ...]:
    """Returns what, beside one pass of the strategy, can have decided a placement with this reason."""
    if reason.startswith(STAYS):
        return ("previous", "search")
    searched = reason.startswith((*_ONLY_ONE, *_BY_SEARCH))
    return ("search",) if searched else ()


def _requests(plan: Plan, demands: Mapping[str, Demand]) -> dict[str, Resources]:
    """Returns what a replica asks for, by workload; workloads with variants of which none runs are left out."""
    chosen = {item.workload: item.variant for item in plan.placements}
    return {
        workload: requested(demand, chosen.get(workload, ""))
        for workload, demand in demands.items()
        if not demand.variants or any(variant.name == chosen.get(workload) for variant in demand.variants)
    }


def _refusal_faults(problem: Problem, plan: Plan, demands: Mapping[str, Demand]) -> Iterator[tuple[str, str]]:
    requests = _requests(plan, demands)
    counts = {refusals.workload: dict(refusals.by_rule) for refusals in plan.refusals}
    closest = {refusals.workload: refusals.closest for refusals in plan.refusals}
    nodes = {node.name: node for node in problem.nodes}
    static = _StaticRefusals(problem)
    # A solver weighs moves against places, so that an unplaced replica may fit on a node.
    solved = plan.strategy == "exact" or problem.settings.max_moves is not None
    left_out = {gang.pipeline for gang in plan.left_out}
    # Those of a pipeline that was tried beside the others: it is not left out there.
    tried = [(refusals, False) for gang in plan.left_out for refusals in gang.refusals]
    for refusals, as_decided in [*((refusals, True) for refusals in plan.refusals), *tried]:
        workload = refusals.workload
        if workload not in demands:
            continue
        demand, stated = demands[workload], dict(refusals.by_rule)
        out = as_decided and demand.pipeline in left_out and not demand.system
        refused = sum(stated.values())
        if len(refusals.closest) != min(SHOWN, refused):
            yield workload, f"{len(refusals.closest)} nodes are listed of {refused} that refuse"
        order = [(rejection.shortfall, rejection.node) for rejection in refusals.closest]
        if order != sorted(order) or any(shortfall < 0 for shortfall, _ in order):
            yield workload, "the closest nodes are not ordered by what they lack"
        expected = static.counts(demand)
        if plan.spare in nodes and not first_static_rule(demand, nodes[plan.spare]):
            expected["spare"] = 1
        expected["gang"] = expected[""] - expected["spare"] if out else 0
        for rule in (*STATIC_RULES, "spare", "gang") if plan.spare else (*STATIC_RULES, "gang"):
            if expected[rule] != stated.get(rule, 0):
                yield workload, f"{expected[rule]} nodes refuse by {rule}, not {stated.get(rule, 0)}"
        for rejection in refusals.closest:
            if rejection.node in nodes:
                for message in _rejection_faults(rejection, nodes[rejection.node], demand, requests.get(workload)):
                    yield workload, message
    for item in plan.unplaced:
        # Plans made without explanations have no counts; plan files always have them.
        if item.workload in demands and item.closest != closest.get(item.workload):
            yield item.workload, f"{item.replica} lists other closest nodes"
        elif not solved and sum(counts.get(item.workload, {}).values()) not in (0, len(nodes)):
            yield item.workload, f"{item.replica} has no place, but not every node refuses it"


def _rejection_faults(rejection: Rejection, node: Supply, demand: Demand, request: Resources | None) -> Iterator[str]:
    """Yields a message for each part of a rejection that is not so: its rule, what is missing, its shortfall.

    Args:
        request: what a replica asks for; None where that is unknown, and amounts are then not checked.
    """
    rule = first_static_rule(demand, node)
    if (rejection.rule in STATIC_RULES or rule) and rejection.rule != rule:
        yield f"{rejection.node} refuses by {rule or 'no static rule'}, not {rejection.rule}"
    known = rejection.rule in (*STATIC_RULES, *COUPLING, "spare", "gang", *HEADS)
    if known and not rejection.missing.startswith(f"{HEADS.get(rejection.rule, rejection.rule)}: "):
        yield f"{rejection.node} refuses by {rejection.rule}, and lacks '{rejection.missing}'"
    texts = rejection.missing.split("; ")
    if rejection.rule == "gang" and texts[0] != gang_message(demand):
        yield f"{rejection.node} lacks '{texts[0]}', and that is {gang_message(demand)}"
    if rule and texts[0] != static_message(rule, demand, node):
        yield f"{rejection.node} lacks '{texts[0]}', and that is {static_message(rule, demand, node)}"
    without_amount = all(text.partition(": ")[0] not in HEADS.values() for text in texts)
    if known and without_amount and rejection.shortfall != MILLION * len(texts):
        yield f"{rejection.node} falls short by {rejection.shortfall} millionths, of rules without an amount"
    for text in texts:
        form = _FORMS.get(text.partition(": ")[0])
        if form is not None and not form.fullmatch(text):
            yield f"{rejection.node} lacks '{text}', which has no meaning"
    if request is None:
        return
    amounts = amounts_by_head(request)
    for text in texts:
        head = text.partition(": ")[0]
        if head not in amounts:
            continue
        found = _NEEDS.search(text)
        bounds = bounds_of(found["needed"] or found["whole"], cpu=head == "cpu") if found is not None else None
        if bounds is None or not bounds[0] <= amounts[head] <= bounds[1]:
            yield f"{rejection.node} lacks '{text}', asked is {amounts[head]}"


class _StaticRefusals:
    """Counts of nodes that static rules refuse; equal nodes and equal workloads are evaluated once."""

    def __init__(self, problem: Problem) -> None:
        classes: dict[tuple[object, ...], list[Supply]] = defaultdict(list)
        by_name = any(match.key == "node" for demand in problem.demands for match in demand.matches)
        for node in problem.nodes:
            name = node.name if by_name else ""
            classes[node.status, node.labels, node.taints, node.arch, name].append(node)
        self._classes = [(nodes[0], len(nodes)) for nodes in classes.values()]
        self._counts: dict[tuple[object, ...], Counter[str]] = {}

    def counts(self, demand: Demand) -> Counter[str]:
        """Returns the number of nodes that each static rule refuses."""
        key = (demand.selector, demand.matches, demand.tolerations, demand.arch)
        if key not in self._counts:
            found: Counter[str] = Counter()
            for node, number in self._classes:
                found[first_static_rule(demand, node)] += number
            self._counts[key] = found
        return Counter(self._counts[key])


def static_message(rule: str, demand: Demand, node: Supply) -> str:
    """Returns the message of one of STATIC_RULES about the node."""
    if rule == "status":
        return f"status: the node is {node.status}"
    if rule == "labels":
        absent, excluded = label_faults(demand, node)
        parts = [f"{', '.join(absent)} missing"] * bool(absent) + [f"{', '.join(excluded)} excluded"] * bool(excluded)
        return f"labels: {', '.join(parts)}"
    if rule == "taints":
        repelling = [taint for taint in node.taints if repels(taint, demand)]
        names = [f"{taint.key}={taint.value}" if taint.value else taint.key for taint in repelling]
        return f"taints: {', '.join(names)} not tolerated"
    return f"architecture: the node is {node.arch}, asked is {' or '.join(demand.arch)}"


def first_static_rule(demand: Demand, node: Supply) -> str:
    """Returns the first of STATIC_RULES that refuses the node, or an empty string."""
    if node.status != "running":
        return "status"
    if any(label_faults(demand, node)):
        return "labels"
    if any(repels(taint, demand) for taint in node.taints):
        return "taints"
    return "architecture" if demand.arch and node.arch and node.arch not in demand.arch else ""


def _loss_faults(problem: Problem, plan: Plan) -> Iterator[Fault]:
    """Yields a fault for each stated loss that cannot be, and each outage that follows from the plan and is missing."""
    settings = problem.settings
    zones = {node.name: f"zone/{label}" for node in problem.nodes if (label := dict(node.labels).get("zone"))}
    places = (
        [] if settings.survive_zones and not settings.survive else [{node.name: node.name for node in problem.nodes}]
    )
    places += [zones] if settings.survive_zones else []
    by_place: dict[str, set[str]] = defaultdict(set)
    outages: dict[str, set[str]] = defaultdict(set)
    for place_of in places:
        by_workload: dict[str, set[str]] = defaultdict(set)
        for item in plan.placements:
            place = place_of.get(item.node, f"outside/{item.node}")
            by_workload[item.workload].add(place)
            by_place[place].add(item.replica)
        for demand in problem.demands:
            if demand.replicas > 1 and not demand.room and len(by_workload[demand.workload]) == 1:
                outages[next(iter(by_workload[demand.workload]))].add(demand.workload)
    near = any(rule.required for demand in problem.demands for rule in demand.near)
    if (plan.losses and not settings.survive and not settings.survive_zones) or (plan.spare and not settings.survive):
        yield Fault("losses", problem.stack, "the stack asks to survive no failure")
    if plan.spare and plan.spare not in {node.name for node in problem.nodes if node.status == "running"}:
        yield Fault("losses", f"node/{plan.spare}", "is kept free, and no node of that name runs")
    for replica in sorted(by_place.get(plan.spare, ())):
        yield Fault("spare", replica, f"node {plan.spare} is kept free")
    for loss in plan.losses:
        where = loss.node if loss.node.startswith("zone/") else f"node/{loss.node}"
        if set(loss.outages) != outages[loss.node]:
            yield Fault("losses", where, f"outages are {', '.join(sorted(outages[loss.node])) or 'none'}")
        elsewhere = not near and not set(loss.unplaceable) <= by_place[loss.node]
        if elsewhere or not (loss.unplaceable or loss.outages):
            yield Fault("losses", where, f"replicas without another place are {', '.join(loss.unplaceable) or 'none'}")
    if not (settings.survive or settings.survive_zones) or len(problem.nodes) > MAX_NODES:
        return
    listed = {loss.node for loss in plan.losses}
    for name in sorted(name for name, workloads in outages.items() if workloads and name not in listed):
        if not name.startswith("outside/"):
            where = name if name.startswith("zone/") else f"node/{name}"
            yield Fault("losses", where, f"its failure leaves no replica of {', '.join(sorted(outages[name]))}")
