"""Answers why a service is not on a node, with the smallest edits of one or two fields that would place it there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from msgspec import structs

from rohe_iac.blueprint.hints.nearest import did_you_mean
from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.model.demand import Demand
from rohe_iac.planning.model.plan import Placement, Plan
from rohe_iac.planning.model.plugins.protocols import NO_PLUGINS, Plugins
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.model.strategies import EXACT, PORTFOLIO
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.rules.shortfall import shortage
from rohe_iac.planning.placement.state.from_plan import ledger_of
from rohe_iac.planning.questions.what_if.names import demands_named
from rohe_iac.planning.questions.why_not.amounts import total_change, undercut_edits
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase, raise_priority
from rohe_iac.planning.questions.why_not.rules import left_without_neighbour
from rohe_iac.planning.questions.why_not.suggestions import suggestions
from rohe_iac.planning.questions.why_not.trial_edits import edited_problem, smaller_edits
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

MAX_FIELDS = 2
"""Fields that a suggestion edits at most."""

MAX_EDIT_SETS = 60
"""Combinations of edits that are kept, the smallest first."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits that place one more replica on the node, proven by planning again.

    Attributes:
        edits: the edits for people.
        change: the sum of the relative changes, in millionths.
        what_if: the edits as `rohe plan --what-if` takes them.
    """

    edits: tuple[str, ...]
    change: int
    what_if: str


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer for one workload and node.

    Attributes:
        there: replicas on the node.
        rule, missing: why one more replica is refused; empty where one more fits.
        fixes: the smallest first; empty where no edit of one or two fields suffices.
    """

    workload: str
    node: str
    there: int
    rule: str
    missing: str
    fixes: tuple[Fix, ...]


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
        _answer(_Question(problem, decided, demand, node, _candidate(decided, demand, node), plugins), most)
        for demand in demands
    )


def _answer(question: _Question, most: int) -> WhyNot:
    decided, wanted, name = question.decided, question.wanted, question.name
    case = _case(question, decided)
    rule, text = _refusal(case)
    if not rule:
        return WhyNot(wanted.workload, name, case.present, "", "", ())
    candidates = _combined(suggestions(case))
    tried: set[str] = set()
    fixes: list[Fix] = []
    fixes_in_place: list[Fix] = []
    while candidates and len(fixes) < most:
        steps = candidates.pop(0)
        text_of_edits = _what_if_text(steps)
        if text_of_edits in tried:
            continue
        tried.add(text_of_edits)
        answer = question.plan_again(steps)
        if answer.proven:
            (fixes_in_place if answer.instead is not None else fixes).append(_fix(steps))
        if answer.instead is not None:
            # Rivals in the queue take the room first: more room is needed, or an earlier turn.
            rivals = _rivals(decided, answer.instead)
            more = _edits_behind_rivals(question, answer.instead)
            more += [(*steps, step) for step in _priority_steps(case, rivals) if len(steps) < MAX_FIELDS]
            more += undercut_edits(case, rivals)
            candidates = sorted([*candidates, *more], key=_order)
    less = smaller_edits(case, fixes[0].change if fixes else None, question.suffices)
    if less is not None:
        answer, fix = question.plan_again(less), _fix(less)
        if answer.proven and answer.instead is None:
            fixes = [fix, *fixes][:most]
    # Edits that hold only while all other replicas stay in place are given where there are no better ones.
    return WhyNot(wanted.workload, name, case.present, rule, text, tuple(fixes or fixes_in_place[:most]))


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


def _fix(steps: EditSet) -> Fix:
    return Fix(tuple(step.words for step in steps), total_change(steps), _what_if_text(steps))


def _edits_behind_rivals(question: _Question, instead: Plan) -> list[EditSet]:
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


def _case(question: _Question, decided: Plan) -> RefusalCase:
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
    """Returns the replica that would go to the node: an unplaced one, else the last on another node, else a new one."""
    for item in decided.unplaced:
        if item.workload == wanted.workload:
            return item.replica
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
    fields = {step.field: step for step in steps}
    for step in more:
        other = fields.get(step.field)
        fields[step.field] = step if other is None or step.change > other.change else other
    return tuple(fields.values())


def _rivals(decided: Plan, instead: Plan) -> set[str]:
    """Returns the workloads that took the room that the edits made."""
    had = {item.replica for item in decided.placements}
    return {item.workload for item in instead.placements if item.replica not in had}


def _priority_steps(case: RefusalCase, rivals: set[str]) -> list[EditStep]:
    """Returns the steps to the priority of each rival, and to one above that."""
    others = [demand for demand in case.indexed.problem.demands if demand.workload in rivals and not demand.system]
    return raise_priority(case, {demand.priority for demand in others if demand.workload != case.wanted.workload})


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What planning again with edits gave.

    Attributes:
        proven: whether the edits place the replica, with all others where the plan has them.
        instead: a plan in which rivals took the room that the edits made: from the present plan or, where the edits are
            proven, from scratch; None where there are no rivals.
    """

    proven: bool
    instead: Plan | None = None


@dataclass(frozen=True, slots=True)
class _Question:
    """A workload and a node in a problem and its plan, and the replica that would go to the node."""

    problem: Problem
    decided: Plan
    wanted: Demand
    name: str
    candidate: str
    plugins: Plugins

    def plan_again(self, steps: EditSet) -> _Outcome:
        """Plans the edited problem as `rohe plan --what-if` does, from scratch, and with the replica on the node."""
        problem = edited_problem(self.problem, steps)
        if problem is None:
            return _Outcome(False)
        unplaced, again = self._unplaced(self.decided), plan(problem, self.decided, self.plugins, explain=False)
        if self._harms(again):
            return _Outcome(False, again)
        if not unplaced:
            return _Outcome(self._stays(problem))
        if self._unplaced(again) >= unplaced:
            return _Outcome(False, again)
        if self._on(again) <= self._on(self.decided) and not self._stays(problem):
            return _Outcome(False)
        afresh = plan(problem, None, self.plugins, explain=False)
        lost = self._unplaced(afresh) >= unplaced or self._harms(afresh)
        return _Outcome(True, afresh if lost else None)

    def suffices(self, steps: EditSet, most: int) -> bool:
        """Checks whether the edits place the replica, also from scratch, with at most `most` iterations of a search."""
        own = self.problem.settings.iterations
        settings = replace(self.problem.settings, iterations=most if own is None else min(own, most))
        if settings.strategy == EXACT:
            settings = replace(settings, strategy=PORTFOLIO)
        known = replace(self, problem=replace(self.problem, settings=settings)).plan_again(steps)
        return known.proven and known.instead is None

    def _unplaced(self, found: Plan) -> int:
        return sum(item.workload == self.wanted.workload for item in found.unplaced)

    def _on(self, found: Plan) -> int:
        return sum(item.workload == self.wanted.workload and item.node == self.name for item in found.placements)

    def _harms(self, found: Plan) -> bool:
        """Checks whether more replicas of any workload are without a place than in the present plan."""
        had = Counter(item.workload for item in self.decided.unplaced)
        return any(number > had[name] for name, number in Counter(item.workload for item in found.unplaced).items())

    def _stays(self, problem: Problem) -> bool:
        """Checks whether planning again, with the replica on the node, keeps it there and breaks no constraint."""
        decided, wanted, replica = self.decided, self.wanted, self.candidate
        index = int(replica.rpartition("/")[2])
        if index >= wanted.replicas:
            more = tuple(
                replace(demand, replicas=index + 1) if demand.workload == wanted.workload else demand
                for demand in problem.demands
            )
            problem = replace(problem, demands=more)
        present = next((item for item in decided.placements if item.replica == replica), None)
        model = present or next((item for item in decided.placements if item.workload == wanted.workload), None)
        moved = structs.replace(
            model or _new_placement(wanted, replica, index, self.name),
            replica=replica, index=index, node=self.name, ports=present.ports if present else (),
        )  # fmt: skip
        kept = tuple(item for item in decided.placements if item.replica != replica)
        # A search might move the replica to make room for others; that does not mean that it cannot stay.
        problem = replace(problem, settings=replace(problem.settings, max_moves=0))
        again = plan(problem, replace(decided, placements=(*kept, moved)), self.plugins, explain=False)
        placed = {item.replica: item.node for item in again.placements}
        stayed = placed.get(replica) == self.name and self._on(again) > self._on(decided)
        return stayed and not self._harms(again) and not verify(problem, again, self.plugins)


def _new_placement(wanted: Demand, replica: str, index: int, node: str) -> Placement:
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
