"""Why not: what keeps a service off a node, and the smallest edits of one or two fields that would let it on."""

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
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.placement.rules.filters import refusal
from rohe_iac.planning.placement.rules.shortfall import shortage
from rohe_iac.planning.placement.state.from_plan import ledger_of
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.what_if.names import demands_named
from rohe_iac.planning.questions.why_not.amounts import below
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase
from rohe_iac.planning.questions.why_not.rules import left_without_neighbour
from rohe_iac.planning.questions.why_not.trial_edits import smaller_way
from rohe_iac.planning.questions.why_not.ways_out import suggestions
from rohe_iac.planning.solvers.planner import plan
from rohe_iac.planning.verification.verify import verify

MOST_FIELDS = 2
"""Fields that a suggestion edits."""

MOST_WAYS = 60
"""Choices that are looked at, the smallest first."""


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits as people read them and the sum of their relative changes in millionths; planning again has proven them.

    what_if: the same for `rohe plan --what-if`, which then places one replica more where one had no place.
    """

    edits: tuple[str, ...]
    change: int
    what_if: str


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


def why_not(
    problem: Problem, decided: Plan, service: str, node: str, plugins: Plugins = NO_PLUGINS, *, most: int = 3
) -> tuple[WhyNot, ...]:
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
    return tuple(
        _answer(_Asked(problem, decided, demand, node, _candidate(decided, demand, node), plugins), most)
        for demand in demands
    )


def _answer(asked: _Asked, most: int) -> WhyNot:
    decided, wanted, name = asked.decided, asked.wanted, asked.name
    case = _case(asked, decided)
    rule, text = _refused(case)
    if not rule:
        return WhyNot(wanted.workload, name, case.there, "", "", ())
    open_ways = _combined(suggestions(case))
    tried: set[str] = set()
    fixes: list[Fix] = []
    standing: list[Fix] = []
    while open_ways and len(fixes) < most:
        steps = open_ways.pop(0)
        whole = _edits(steps)
        if whole in tried:
            continue
        tried.add(whole)
        answer = asked.planned(whole)
        if answer.proven:
            (standing if answer.instead is not None else fixes).append(_fix(steps))
        if answer.instead is not None:
            # Others in the queue take the room first: it takes more of it, or an earlier turn.
            more = _ahead(asked, answer.instead)
            more += [(*steps, step) for step in _sooner(case, decided, answer.instead) if len(steps) < MOST_FIELDS]
            more += below(case, _first(decided, answer.instead))
            open_ways = sorted([*open_ways, *more], key=_size)
    less = smaller_way(case, fixes[0].change if fixes else None, asked.quick)
    if less is not None:
        answer, fix = asked.planned(_edits(less)), _fix(less)
        if answer.proven and answer.instead is None:
            fixes = [fix, *fixes][:most]
    # Edits that place it only while all others stay where they are come where there are no better ones.
    return WhyNot(wanted.workload, name, case.there, rule, text, tuple(fixes or standing[:most]))


def _refused(case: RefusalCase) -> tuple[str, str]:
    """The rule that refuses it there, its own or that of a neighbour that it would leave, and what is missing."""
    rule = refusal(case.indexed, case.ledger, case.demand, case.node)
    if rule:
        return rule, shortage(case.indexed, case.ledger, case.demand, case.node)[1]
    for owner, asked, node in left_without_neighbour(case):
        where = f"{case.indexed.demands[owner].workload} on {case.indexed.nodes[node].name}"
        return "near", f"near: {where} has to be in one {asked.key} with it"
    return "", ""


def _edits(steps: EditSet) -> str:
    return ",".join(step.edit for step in steps)


def _fix(steps: EditSet) -> Fix:
    return Fix(tuple(step.words for step in steps), sum(step.change for step in steps), _edits(steps))


def _ahead(asked: _Asked, instead: Plan) -> list[EditSet]:
    """Returns edits for what is missing once the replicas that come first have taken their amounts as well."""
    decided, name = asked.decided, asked.name
    had = {item.replica for item in decided.placements}
    node = next(node for node in asked.problem.nodes if node.name == name)
    names = {device.name for device in node.devices}
    first = [item for item in instead.placements if item.replica not in had and item.node == name]
    # What they got of cores and devices that are not there yet says nothing of those that are.
    known = [
        item
        for item in first
        if all(use.core < len(node.cores) for use in item.cores) and all(use.device in names for use in item.devices)
    ]
    if not known or len(known) < len(first):
        return []
    crowded = replace(decided, placements=(*decided.placements, *known))
    return _combined(suggestions(_case(asked, crowded)))


def _case(asked: _Asked, decided: Plan) -> RefusalCase:
    wanted, name, candidate = asked.wanted, asked.name, asked.candidate
    indexed, ledger = ledger_of(asked.problem, decided, candidate, asked.plugins)
    mine = [item for item in decided.placements if item.workload == wanted.workload and item.node == name]
    mine = [item for item in mine if item.replica != candidate]
    node, uses = indexed.node_index[name], Counter(use.device for item in mine for use in item.devices)
    return RefusalCase(
        indexed,
        ledger,
        indexed.index[wanted.workload],
        node,
        [uses[device.name] for device in indexed.nodes[node].devices],
        [[(use.core, use.amount) for use in item.cores] for item in mine],
    )


def _candidate(decided: Plan, wanted: Demand, name: str) -> str:
    """The replica that would go there: one without a place, else the last that is elsewhere."""
    for item in decided.unplaced:
        if item.workload == wanted.workload:
            return item.replica
    elsewhere = [item for item in decided.placements if item.workload == wanted.workload and item.node != name]
    return elsewhere[-1].replica if elsewhere else f"{wanted.replica}/{wanted.replicas}"


def _size(way: EditSet) -> tuple[int, list[str]]:
    return sum(step.change for step in way), [step.words for step in way]


def _combined(wrong: list[list[EditSet]] | None) -> list[EditSet]:
    """Every choice of one way out for each wrong thing that takes at most two fields, the smallest change first."""
    if not wrong:
        return []
    found: list[EditSet] = [()]
    for ways in wrong:
        # What is more than two fields already stays so; one field that mends two things counts once.
        found = [way for one in found for more in ways if len(way := _joined(one, more)) <= MOST_FIELDS]
        found = sorted(set(found), key=_size)[:MOST_WAYS]
    return found


def _joined(one: EditSet, more: EditSet) -> EditSet:
    """Both, with the larger of two steps of one field."""
    fields = {step.field: step for step in one}
    for step in more:
        had = fields.get(step.field)
        fields[step.field] = step if had is None or step.change > had.change else had
    return tuple(fields.values())


def _first(decided: Plan, instead: Plan) -> set[str]:
    """The workloads that took what the edits made room for."""
    had = {item.replica for item in decided.placements}
    return {item.workload for item in instead.placements if item.replica not in had}


def _sooner(case: RefusalCase, decided: Plan, instead: Plan) -> list[EditStep]:
    """A priority as large as that of those who came first, or larger."""
    first = _first(decided, instead) - {case.wanted.workload}
    tops = {one.priority for one in case.indexed.problem.demands if one.workload in first and not one.system}
    mine = case.wanted.priority
    found = []
    for priority in sorted({step for top in tops for step in (top, top + 1) if step > mine}):
        field = f"{case.service}.priority"
        change = (priority - mine) * MILLION // max(abs(mine), 1)
        found.append(EditStep(f"{field} up to {priority}", f"{field}={priority}", change))
    return found


@dataclass(frozen=True, slots=True)
class _Outcome:
    """proven: the edits do it, as the plan stands. instead: a plan in which others took what the edits made room for,

    as the plan stands or, where they are proven, from scratch.
    """

    proven: bool
    instead: Plan | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked about: a workload and a node in a problem and its plan, and the replica that would go there."""

    problem: Problem
    decided: Plan
    wanted: Demand
    name: str
    candidate: str
    plugins: Plugins

    def planned(self, text: str) -> _Outcome:
        """Plans the edited problem again: as `rohe plan --what-if` does, from scratch, and with the replica there."""
        problem = apply_edits(self.problem, parse_edits(text)) if text else self.problem
        lacked, again = self._lacking(self.decided), plan(problem, self.decided, self.plugins, explain=False)
        if self._harms(again):
            return _Outcome(False, again)
        if not lacked:
            return _Outcome(self._stays(problem))
        if self._lacking(again) >= lacked:
            return _Outcome(False, again)
        if self._on(again) <= self._on(self.decided) and not self._stays(problem):
            return _Outcome(False)
        afresh = plan(problem, None, self.plugins, explain=False)
        lost = self._lacking(afresh) >= lacked or self._harms(afresh)
        return _Outcome(True, afresh if lost else None)

    def quick(self, steps: EditSet, most: int) -> bool:
        """The same with so many iterations of a search at most; whether the edits do it, from scratch as well."""
        own = self.problem.settings.iterations
        settings = replace(self.problem.settings, iterations=most if own is None else min(own, most))
        if settings.strategy == EXACT:
            settings = replace(settings, strategy=PORTFOLIO)
        known = replace(self, problem=replace(self.problem, settings=settings)).planned(_edits(steps))
        return known.proven and known.instead is None

    def _lacking(self, found: Plan) -> int:
        return sum(item.workload == self.wanted.workload for item in found.unplaced)

    def _on(self, found: Plan) -> int:
        return sum(item.workload == self.wanted.workload and item.node == self.name for item in found.placements)

    def _harms(self, found: Plan) -> bool:
        """Whether more replicas of any workload are without a place."""
        had = Counter(item.workload for item in self.decided.unplaced)
        return any(number > had[name] for name, number in Counter(item.workload for item in found.unplaced).items())

    def _stays(self, problem: Problem) -> bool:
        """Whether planning again, with the replica there, keeps it there and breaks nothing."""
        decided, wanted, replica = self.decided, self.wanted, self.candidate
        index = int(replica.rpartition("/")[2])
        if index >= wanted.replicas:
            more = tuple(
                replace(one, replicas=index + 1) if one.workload == wanted.workload else one for one in problem.demands
            )
            problem = replace(problem, demands=more)
        present = next((item for item in decided.placements if item.replica == replica), None)
        model = present or next((item for item in decided.placements if item.workload == wanted.workload), None)
        moved = structs.replace(
            model or _stand_in(wanted, replica, index, self.name),
            replica=replica, index=index, node=self.name, ports=present.ports if present else (),
        )  # fmt: skip
        kept = tuple(item for item in decided.placements if item.replica != replica)
        # That a search would have it elsewhere, to make room for others, does not mean that it cannot stay.
        problem = replace(problem, settings=replace(problem.settings, max_moves=0))
        again = plan(problem, replace(decided, placements=(*kept, moved)), self.plugins, explain=False)
        placed = {item.replica: item.node for item in again.placements}
        there = placed.get(replica) == self.name and self._on(again) > self._on(decided)
        return there and not self._harms(again) and not verify(problem, again, self.plugins)


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
