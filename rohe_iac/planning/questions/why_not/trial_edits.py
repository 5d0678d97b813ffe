"""Trying: edits that no arithmetic tells, where others compete for the room; values at which something may change.

What keeps a replica off a node says which edits let it on while all others stay where they are. Planned again they may
not, so that less is enough; in small problems choices of one or two fields are tried in the order of their change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.questions.why_not.amounts import AMOUNTS, Amount, down, up
from rohe_iac.planning.questions.why_not.cores import core_ways
from rohe_iac.planning.questions.why_not.devices import device_ways
from rohe_iac.planning.questions.why_not.network import link_ways
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase
from rohe_iac.planning.questions.why_not.rules import rule_ways, wishes

SMALL = 32
"""Nodes times workloads up to which edits are tried."""

MOST_TRIED = 150
"""Choices of one field, and of two, that are tried, the smallest first."""

SEARCHED, ITERATIONS = 24, 20
"""How many of them are planned with a search, and its iterations."""

MOST_VALUES = 16
"""Values of one amount that are tried, the nearest first."""

MOST_SUMS = 256
"""Sums of requests that are looked at."""

PARTS = (16, 8, 4, 2, 1)
"""An amount is tried with such parts of it more or less: points change gradually, and with them who goes where."""


Does = Callable[[EditSet, int], bool]
"""Whether the edits do it, planned with so many iterations of a search at most."""


@dataclass(frozen=True, slots=True)
class Adjustable:
    """An amount that can change by so much, and the step that it is then; None for a step that is what it is."""

    step: EditStep
    by: int = 0
    at: Callable[[int], EditStep] | None = None


def smaller_way(case: RefusalCase, below: int | None, does: Does) -> EditSet | None:
    """The smallest choice found that does, with a change of less than `below` (None: any); None where none is found."""
    if len(case.indexed.nodes) * len(case.indexed.demands) > SMALL:
        return None
    dials = [dial for dial in _dials(case) if below is None or dial.step.change < below]
    if not dials or does((), ITERATIONS):
        # Others make room without any edit: that with one they do as well says nothing of it.
        return None
    best = None
    pairs = [pair for pair in combinations(dials, 2) if pair[0].step.field != pair[1].step.field]
    for choices in ([(dial,) for dial in dials], pairs):
        found = _smallest(choices, below, does)
        if found is not None:
            best, below = found, sum(step.change for step in found)
    return best


def _smallest(choices: Iterable[tuple[Adjustable, ...]], below: int | None, does: Does) -> EditSet | None:
    left = [choice for choice in choices if below is None or _change(choice) < below]
    left.sort(key=lambda choice: (_change(choice), _texts(choice)))
    for number, choice in enumerate(left[:MOST_TRIED]):
        iterations = ITERATIONS if number < SEARCHED else 0
        if does(tuple(dial.step for dial in choice), iterations):
            return _turned_back(choice, does, iterations)
    return None


def _change(choice: Iterable[Adjustable]) -> int:
    return sum(dial.step.change for dial in choice)


def _texts(choice: Iterable[Adjustable]) -> list[str]:
    return [dial.step.edit for dial in choice]


def _turned_back(choice: tuple[Adjustable, ...], does: Does, iterations: int) -> EditSet:
    """The same with each amount as near to what it is now as it goes, one after another."""
    steps = [dial.step for dial in choice]
    for position, dial in enumerate(choice):
        low, high = 0, dial.by
        while dial.at is not None and high - low > 1:
            middle = (low + high) // 2
            step = dial.at(middle)
            if does((*steps[:position], step, *steps[position + 1 :]), iterations):
                high, steps[position] = middle, step
            else:
                low = middle
    return tuple(steps)


def _dials(case: RefusalCase) -> list[Adjustable]:
    known: dict[str, Adjustable] = {}
    ways = [*core_ways(case), *device_ways(case), *rule_ways(case), *link_ways(case)]
    steps = [step for found in ways for way in found for step in way]
    for step in (*steps, *wishes(case), *_sooner(case)):
        known.setdefault(step.edit, Adjustable(step))
    for amount in AMOUNTS:
        for dial in _amounts(case, amount):
            known.setdefault(dial.step.edit, dial)
    return list(known.values())


def _sooner(case: RefusalCase) -> Iterator[EditStep]:
    """A priority as large as that of any other, or larger."""
    mine = case.wanted.priority
    tops = {one.priority for one in case.indexed.problem.demands if not one.system and one is not case.written}
    for priority in sorted({step for top in tops for step in (top, top + 1) if step > mine}):
        field = f"{case.service}.priority"
        change = (priority - mine) * MILLION // max(abs(mine), 1)
        yield EditStep(f"{field} up to {priority}", f"{field}={priority}", change)


def _amounts(case: RefusalCase, amount: Amount) -> Iterator[Adjustable]:
    """What the node offers up, what the service asks for down, to where other replicas fit beside each other."""
    name, indexed = amount[1], case.indexed
    asked, offered = getattr(case.asked, name), getattr(case.supply, name)
    if asked is None or offered is None:
        return
    sums = _sums(case, name)
    used = getattr(case.supply, f"{name}_used")
    more = {used + total - offered for total in sums} | {offered // part for part in PARTS} | {1}
    for by in _nearest(more, 1 << 62):
        yield Adjustable(up(case, amount, by), by, lambda by: up(case, amount, by))
    sizes = {getattr(one, name) or 0 for one in indexed.resources}
    rooms = {
        (getattr(node, name) or 0) - getattr(node, f"{name}_used") - total for node in indexed.nodes for total in sums
    }
    shares = {room // number for room in rooms for number in range(1, min(case.wanted.replicas, 4) + 2)}
    less = {asked - size for size in (*sizes, *(size - 1 for size in sizes), *shares)}
    for by in _nearest(less | {asked // part for part in PARTS} | {1, asked - 1}, asked):
        yield Adjustable(down(case, amount, by), by, lambda by: down(case, amount, by))


def _nearest(values: Iterable[int], end: int) -> list[int]:
    return sorted(value for value in set(values) if 0 < value < end)[:MOST_VALUES]


def _sums(case: RefusalCase, name: str) -> set[int]:
    """What replicas that could share a node ask for together."""
    found = {0}
    for demand, asked in zip(case.indexed.demands, case.indexed.resources, strict=True):
        size = getattr(asked, name) or 0
        if size:
            found = {total + size * number for total in found for number in range(min(demand.replicas, 4) + 1)}
            found = set(sorted(found)[:MOST_SUMS])
    return found
