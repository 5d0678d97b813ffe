"""Answers why a service is not on a node, with edits of one or two fields that would place it there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.from_blueprint.node_counts import first_free_index
from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.rules.shortfall import shortage
from rohe_iac.planning.placement.state.from_plan import ledger_of
from rohe_iac.planning.questions.what_if.names import demands_named
from rohe_iac.planning.questions.why_not.amounts import total_change, undercut_edits
from rohe_iac.planning.questions.why_not.no_fix import MAX_FIELDS, why_no_fix
from rohe_iac.planning.questions.why_not.question import Question
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase, raise_priority
from rohe_iac.planning.questions.why_not.rules import left_without_neighbour
from rohe_iac.planning.questions.why_not.suggestions import suggestions
from rohe_iac.planning.questions.why_not.tightening import tightened
from rohe_iac.planning.questions.why_not.trial_edits import SMALL, critical_amounts, smaller_edits

MAX_EDIT_SETS = 60
"""Combinations of edits that are kept, the smallest first."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that place one more replica on the node, proven by planning again.

    Attributes:
        edits: the edits for people.
        change: the sum of the relative changes, in millionths.
        what_if: the edits as `rohe plan --what-if` takes them.
        smallest: whether no smaller edit of the same field suffices, which is proven by planning again with it.
        drastic: whether less than a tenth of an amount is left; given only where no other edit is proven.
    """

    edits: tuple[str, ...]
    change: int
    what_if: str
    smallest: bool = False
    drastic: bool = False


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer for one workload and node.

    Attributes:
        there: replicas on the node.
        rule, missing: why one more replica is refused; empty where one more fits.
        fixes: proven by planning again, the smallest change first; empty where no edit of one or two fields suffices.
        no_fix: why there is none, as the end of a sentence; empty where there are fixes, or one more fits.
        elsewhere: where one more fits, which replica is elsewhere and why; empty where all are there already.
    """

    workload: str
    node: str
    there: int
    rule: str
    missing: str
    fixes: tuple[Fix, ...]
    no_fix: str = ""
    elsewhere: str = ""


def why_not(
    problem: Problem, decided: Plan, service: str, node: str, plugins: Plugins = NO_PLUGINS, *, most: int = 3
) -> tuple[WhyNot, ...]:
    """Returns an answer for every workload of the service, with the other replicas where the plan has them.

    Args:
        plugins: the plug-ins that the plan was made with.
        most: fixes of an answer at most.

    Raises:
        UsageError: the stack has no such service or node.
    """
    demands = demands_named(problem, service)
    if not demands:
        services = {demand.service for demand in problem.demands}
        hint = did_you_mean(service, services) or "`rohe plan` lists the services"
        raise UsageError(f"the stack has no service/{service}", hint=hint)
    nodes = {supply.name for supply in problem.nodes}
    if node not in nodes:
        hint = did_you_mean(node, nodes) or "`rohe plan` lists the nodes"
        raise UsageError(f"the stack has no node/{node}", hint=hint)
    return tuple(
        _answer(Question(problem, decided, demand, node, _candidate(decided, demand, node), plugins), most)
        for demand in demands
    )


def _answer(question: Question, most: int) -> WhyNot:
    decided, wanted, name = question.decided, question.wanted, question.name
    case = _case(question, decided)
    rule, text = _refusal(case)
    if not rule:
        return WhyNot(wanted.workload, name, case.present, "", "", (), elsewhere=_place(question))
    refusals = suggestions(case)
    found, outcomes = _proven_edits(question, case, refusals, most)
    less = smaller_edits(case, _change_of(found), question.suffices)
    if less is not None:
        answer = question.plan_again(less)
        found = [less, *found] if answer.proven and answer.instead is None else found
    fixes = _fixes(question, case, found)[:most]
    why = why_no_fix(case, rule, refusals, outcomes) if not fixes else ""
    return WhyNot(wanted.workload, name, case.present, rule, text, tuple(fixes), why)


def _proven_edits(
    question: Question, case: RefusalCase, refusals: list[list[EditSet]] | None, most: int
) -> tuple[list[EditSet], Counter[str]]:
    """Returns edits that are proven by planning again, the smallest first, and how often edits were not, by why.

    Edits that leave less than a tenth of an amount are tried only where no others are proven, and so are given edits
    that hold only while all other replicas stay in place.
    """
    decided, found, in_place = question.decided, list[EditSet](), list[EditSet]()
    outcomes: Counter[str] = Counter()
    candidates, drastic = _without_drastic(_combined(refusals))
    tried: set[str] = set()
    while (candidates or (drastic and not found and not in_place)) and len(found) < most:
        if not candidates:
            candidates, drastic = drastic, []
        steps = candidates.pop(0)
        text_of_edits = _what_if_text(steps)
        if text_of_edits in tried or any(_covers(steps, other) for other in found):
            continue
        tried.add(text_of_edits)
        answer = question.plan_again(steps)
        if answer.proven:
            known, needed = (in_place if answer.instead is not None else found), _needed(question, steps)
            if all(_fields_of(needed) != _fields_of(other) for other in known):
                known.append(needed)
        else:
            outcomes[answer.why] += 1
        if answer.instead is not None:
            # Rivals in the queue take the room first: more room is needed, or an earlier turn.
            rivals = _rivals(decided, answer.instead)
            more = _edits_behind_rivals(question, answer.instead)
            more += [(*steps, step) for step in _priority_steps(case, rivals) if len(steps) < MAX_FIELDS]
            more += undercut_edits(case, rivals)
            gentle, rest = _without_drastic(more)
            candidates, drastic = sorted([*candidates, *gentle], key=_order), sorted([*drastic, *rest], key=_order)
    return found or in_place[:most], outcomes


def _without_drastic(edits: list[EditSet]) -> tuple[list[EditSet], list[EditSet]]:
    """Returns the edits without those that leave less than a tenth of an amount, and these."""
    gentle = [steps for steps in edits if not any(step.drastic for step in steps)]
    return gentle, [steps for steps in edits if any(step.drastic for step in steps)]


def _change_of(found: list[EditSet]) -> int | None:
    """Returns the change of the first edits, where those are not drastic; None for any change."""
    gentle = [steps for steps in found if not any(step.drastic for step in steps)]
    return total_change(gentle[0]) if gentle else None


def _fields_of(steps: EditSet) -> set[str]:
    return {step.edited_field for step in steps}


def _fixes(question: Question, case: RefusalCase, found: list[EditSet]) -> list[Fix]:
    """Returns the proven edits, each field once and with the smallest amount that is found to suffice."""
    small = len(case.indexed.nodes) * len(case.indexed.demands) <= SMALL
    fixes, seen = [], list[set[str]]()
    for steps in found:
        if _fields_of(steps) in seen:
            continue
        seen.append(_fields_of(steps))
        smallest = False
        if len(steps) == 1 and small:
            amounts = critical_amounts(case, steps[0])
            step, smallest = tightened(steps[0], amounts, question.proves, question.suffices_soon)
            steps = (step,)
        fixes.append(_fix(steps, smallest=smallest))
    gentle = [fix for fix in fixes if not fix.drastic]
    return sorted(gentle or fixes, key=lambda fix: (fix.change, fix.edits))


def _covers(steps: EditSet, other: EditSet) -> bool:
    """Checks whether edits contain all of others, or set the same fields to other values."""
    return set(other) <= set(steps) or _fields_of(steps) == _fields_of(other)


def _needed(question: Question, steps: EditSet) -> EditSet:
    """Returns the edits without those that the others do not need, of which each is proven by planning again."""
    for step in sorted(steps, key=lambda step: -step.change):
        others = tuple(other for other in steps if other != step)
        if others:
            answer = question.plan_again(others)
            if answer.proven and answer.instead is None:
                steps = others
    return steps


def _place(question: Question) -> str:
    """Returns where the replica is that could be on the node as well; nothing where all are there already."""
    place = next((item for item in question.decided.placements if item.replica == question.candidate), None)
    return f"{place.replica} is on {place.node}: {place.reason}" if place is not None else ""


def _refusal(case: RefusalCase) -> tuple[str, str]:
    """Returns the rule that refuses the replica, or that of a neighbour that it would leave, and what is missing."""
    rule = refusal(case.indexed, case.ledger, case.demand, case.node)
    if rule:
        return rule, shortage(case.indexed, case.ledger, case.demand, case.node)[1]
    for owner, near, node in left_without_neighbour(case):
        where = f"{case.indexed.demands[owner].workload} on {case.indexed.nodes[node].name}"
        return "near", f"near: {where} has to be in one {near.key} with it"
    return "", ""


def _what_if_text(steps: EditSet) -> str:
    return ",".join(step.edit for step in steps)


def _fix(steps: EditSet, *, smallest: bool) -> Fix:
    drastic = any(step.drastic for step in steps)
    return Fix(tuple(step.words for step in steps), total_change(steps), _what_if_text(steps), smallest, drastic)


def _edits_behind_rivals(question: Question, instead: Plan) -> list[EditSet]:
    """Returns edits for what is missing once the rivals have taken their amounts of the node as well."""
    decided, name = question.decided, question.name
    had = {item.replica for item in decided.placements}
    node = next(node for node in question.problem.nodes if node.name == name)
    names = {device.name for device in node.devices}
    first = [item for item in instead.placements if item.replica not in had and item.node == name]
    # Cores and devices that the edits added are no part of the present node.
    known = [
        item
        for item in first
        if all(use.core < len(node.cores) for use in item.cores) and all(use.device in names for use in item.devices)
    ]
    if not known or len(known) < len(first):
        return []
    crowded = replace(decided, placements=(*decided.placements, *known))
    return _combined(suggestions(_case(question, crowded)))


def _case(question: Question, decided: Plan) -> RefusalCase:
    wanted, name, candidate = question.wanted, question.name, question.candidate
    indexed, ledger = ledger_of(question.problem, decided, candidate, question.plugins)
    present = [
        item
        for item in decided.placements
        if item.workload == wanted.workload and item.node == name and item.replica != candidate
    ]
    node, uses = indexed.node_index[name], Counter(use.device for item in present for use in item.devices)
    return RefusalCase(
        indexed,
        ledger,
        indexed.index[wanted.workload],
        node,
        [uses[device.name] for device in indexed.nodes[node].devices],
        [[(use.core, use.amount) for use in item.cores] for item in present],
    )


def _candidate(decided: Plan, wanted: Demand, name: str) -> str:
    """Returns the replica that would go to the node: an unplaced one, else the last on another node, else a new one.

    Of a service whose replicas the nodes count, each node has its own.
    """
    for item in decided.unplaced:
        if item.workload == wanted.workload:
            return item.replica
    if wanted.node_share:
        return f"{wanted.replica}/{first_free_index(wanted)}"
    elsewhere = [item for item in decided.placements if item.workload == wanted.workload and item.node != name]
    return elsewhere[-1].replica if elsewhere else f"{wanted.replica}/{wanted.replicas}"


def _order(steps: EditSet) -> tuple[int, list[str]]:
    """Returns the key that sorts edits by total change, then by their words."""
    return total_change(steps), [step.words for step in steps]


def _combined(refusals: list[list[EditSet]] | None) -> list[EditSet]:
    """Returns the combinations of one edit for each refusal with at most two fields, the smallest change first."""
    if not refusals:
        return []
    found: list[EditSet] = [()]
    for edits in refusals:
        # A combination never loses fields; a field that lifts two refusals counts once.
        found = [both for steps in found for more in edits if len(both := _joined(steps, more)) <= MAX_FIELDS]
        found = sorted(set(found), key=_order)[:MAX_EDIT_SETS]
    return found


def _joined(steps: EditSet, more: EditSet) -> EditSet:
    """Returns both edits as one, with the larger of two steps of one field."""
    fields = {step.edited_field: step for step in steps}
    for step in more:
        other = fields.get(step.edited_field)
        fields[step.edited_field] = step if other is None or step.change > other.change else other
    return tuple(fields.values())


def _rivals(decided: Plan, instead: Plan) -> set[str]:
    """Returns the workloads that took the room that the edits made."""
    had = {item.replica for item in decided.placements}
    return {item.workload for item in instead.placements if item.replica not in had}


def _priority_steps(case: RefusalCase, rivals: set[str]) -> list[EditStep]:
    """Returns the steps to the priority of each rival, and to one above that."""
    others = [demand for demand in case.indexed.problem.demands if demand.workload in rivals and not demand.system]
    return raise_priority(case, {demand.priority for demand in others if demand.workload != case.wanted.workload})
