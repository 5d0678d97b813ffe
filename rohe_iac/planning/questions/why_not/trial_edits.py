"""Trial edits: smaller edits than the arithmetic suggests, found by planning again.

What refuses a replica says which edits let it on while all other replicas stay where they are. When everything is
planned again other replicas may move, so that less may suffice. In small problems, combinations of one or two fields
are tried in the order of their total change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from rohe_iac.foundation.errors import UsageError
from rohe_iac.planning.model.problem import Problem
from rohe_iac.planning.placement.state.amounts import EXTRAS
from rohe_iac.planning.questions.what_if.apply import apply_edits
from rohe_iac.planning.questions.what_if.edit import parse_edits
from rohe_iac.planning.questions.why_not.amounts import AMOUNTS, Amount, lower_request, raise_capacity
from rohe_iac.planning.questions.why_not.cores import core_edits
from rohe_iac.planning.questions.why_not.devices import device_edits
from rohe_iac.planning.questions.why_not.network import link_edits
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase, raise_priority
from rohe_iac.planning.questions.why_not.rules import preference_steps, rule_edits

SMALL = 32
"""Nodes times workloads up to which edits are tried."""

MAX_TRIED = 150
"""Combinations of one field, and of two, that are tried, the smallest first."""

SEARCHED, ITERATIONS = 24, 20
"""How many combinations are planned with a local search, and the iterations of that search."""

MAX_VALUES = 16
"""Values of one amount that are tried, the nearest to the present value first."""

MAX_SUMS = 256
"""Sums of requests that are computed."""

EIGHTHS = 8
"""An amount that no sums of requests tell of is tried in so many steps."""

PARTS = (16, 8, 4, 2, 1)
"""An amount is tried with such parts of it more or less: scores change gradually, and with them the placements."""

Suffices = Callable[[EditSet, int], bool]
"""Checks whether the edits place the replica, planned with at most so many iterations of a search."""


@dataclass(frozen=True, slots=True)
class Adjustable:
    """A step that can be made smaller.

    Attributes:
        step: the step as it is tried first.
        by: how much the amount changes in that step.
        at: gives the step for a smaller change; None where the step has no amount.
    """

    step: EditStep
    by: int = 0
    at: Callable[[int], EditStep] | None = None


def edited_problem(problem: Problem, steps: EditSet) -> Problem | None:
    """Returns the problem with all steps applied, or None where one step makes another void.

    A request for no device has no models that could be edited any more, and a rule that is removed for one service is
    removed for all services that it names. Each step alone can always be applied.
    """
    alone = [apply_edits(problem, parse_edits(step.edit)) for step in steps]
    if len(steps) < 2:
        return alone[0] if alone else problem
    try:
        edited = apply_edits(problem, [edit for step in steps for edit in parse_edits(step.edit)])
    except UsageError:
        return None
    return None if edited in alone else edited


def smaller_edits(case: RefusalCase, below: int | None, suffices: Suffices) -> EditSet | None:
    """Returns the smallest edits found that suffice, or None.

    Args:
        below: the total change, in millionths, that the edits have to stay below; None for any.
    """
    if len(case.indexed.nodes) * len(case.indexed.demands) > SMALL:
        return None
    options = [
        option for option in _options(case) if not option.step.drastic and (below is None or option.step.change < below)
    ]
    if not options or suffices((), ITERATIONS):
        # Other replicas make room without any edit, so that no edit can be credited with it.
        return None
    best = None
    pairs = [pair for pair in combinations(options, 2) if pair[0].step.edited_field != pair[1].step.edited_field]
    for choices in ([(option,) for option in options], pairs):
        found = _smallest(choices, below, suffices)
        if found is not None:
            best, below = found, sum(step.change for step in found)
    return best


def _smallest(choices: Iterable[tuple[Adjustable, ...]], below: int | None, suffices: Suffices) -> EditSet | None:
    smaller = [choice for choice in choices if below is None or _change(choice) < below]
    smaller.sort(key=lambda choice: (_change(choice), _texts(choice)))
    for number, choice in enumerate(smaller[:MAX_TRIED]):
        iterations = ITERATIONS if number < SEARCHED else 0
        if suffices(tuple(option.step for option in choice), iterations):
            return _reduced(choice, suffices, iterations)
    return None


def _change(choice: Iterable[Adjustable]) -> int:
    return sum(option.step.change for option in choice)


def _texts(choice: Iterable[Adjustable]) -> list[str]:
    return [option.step.edit for option in choice]


def _reduced(choice: tuple[Adjustable, ...], suffices: Suffices, iterations: int) -> EditSet:
    """Returns the edits with each amount, one after another, as near to its present value as still suffices."""
    steps = [option.step for option in choice]
    for position, option in enumerate(choice):
        low, high = 0, option.by
        while option.at is not None and high - low > 1:
            middle = (low + high) // 2
            step = option.at(middle)
            if suffices((*steps[:position], step, *steps[position + 1 :]), iterations):
                high, steps[position] = middle, step
            else:
                low = middle
    return tuple(steps)


def _options(case: RefusalCase) -> list[Adjustable]:
    known: dict[str, Adjustable] = {}
    edits = [*core_edits(case), *device_edits(case), *rule_edits(case), *link_edits(case)]
    steps = [step for edit_sets in edits for edit_set in edit_sets for step in edit_set]
    for step in (*steps, *preference_steps(case), *_priority_steps(case)):
        known.setdefault(step.edit, Adjustable(step))
    for amount in AMOUNTS:
        for option in _amount_options(case, amount):
            known.setdefault(option.step.edit, option)
    return list(known.values())


def _priority_steps(case: RefusalCase) -> Iterator[EditStep]:
    """Yields steps to the priority of each other workload, and to one above that."""
    others = [demand for demand in case.indexed.problem.demands if not demand.system and demand is not case.written]
    yield from raise_priority(case, {demand.priority for demand in others})


def critical_amounts(case: RefusalCase, step: EditStep) -> set[int]:
    """Returns amounts of the step's field at which other replicas may begin to fit beside each other."""
    for amount in AMOUNTS:
        name = amount[1]
        asked, offered = getattr(case.asked, name), getattr(case.supply, name)
        if asked is not None and step.edited_field == f"{case.request_owner}.{name}":
            return {asked - less for less in _reductions(case, name)}
        if offered is not None and step.edited_field == f"{case.address}.{name}":
            return {offered + more for more in _increases(case, name)}
    adjustable = step.adjustable
    if adjustable is None:
        return set()
    return {
        adjustable.present + (adjustable.value - adjustable.present) * part // EIGHTHS for part in range(1, EIGHTHS)
    }


def _amount_options(case: RefusalCase, amount: Amount) -> Iterator[Adjustable]:
    """Yields larger capacities and smaller requests at which other replicas may fit beside each other."""
    name = amount[1]
    asked, offered = getattr(case.asked, name), getattr(case.supply, name)
    if asked is None or offered is None or (name in EXTRAS and not asked):
        return
    for by in _nearest(_increases(case, name), 1 << 62):
        yield Adjustable(raise_capacity(case, amount, by), by, lambda by: raise_capacity(case, amount, by))
    for by in _nearest(_reductions(case, name), asked):
        yield Adjustable(lower_request(case, amount, by), by, lambda by: lower_request(case, amount, by))


def _increases(case: RefusalCase, name: str) -> set[int]:
    """Returns by how much more of an amount the node holds other sums of requests, and some parts of it."""
    offered, used = getattr(case.supply, name), getattr(case.supply, f"{name}_used")
    sums = {used + total - offered for total in _request_sums(case, name)}
    return sums | {offered // part for part in PARTS} | {1}


def _reductions(case: RefusalCase, name: str) -> set[int]:
    """Returns by how much less of an amount the request fits beside other sums of requests, and some parts of it."""
    indexed, asked = case.indexed, getattr(case.asked, name)
    sums = _request_sums(case, name)
    sizes = {getattr(request, name) or 0 for request in indexed.resources}
    rooms = {
        (getattr(node, name) or 0) - getattr(node, f"{name}_used") - total for node in indexed.nodes for total in sums
    }
    shares = {room // number for room in rooms for number in range(1, min(case.wanted.replicas, 4) + 2)}
    less = {asked - size for size in (*sizes, *(size - 1 for size in sizes), *shares)}
    return less | {asked // part for part in PARTS} | {1, asked - 1}


def _nearest(values: Iterable[int], end: int) -> list[int]:
    return sorted(value for value in set(values) if 0 < value < end)[:MAX_VALUES]


def _request_sums(case: RefusalCase, name: str) -> set[int]:
    """Returns sums of requests of replicas that could share a node; at most MAX_SUMS after each workload."""
    found = {0}
    for demand, asked in zip(case.indexed.demands, case.indexed.resources, strict=True):
        size = getattr(asked, name) or 0
        if size:
            found = {total + size * number for total in found for number in range(min(demand.replicas, 4) + 1)}
            found = set(sorted(found)[:MAX_SUMS])
    return found
