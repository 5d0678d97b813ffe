"""Core fixing: smaller chunks of cores, larger cores or more of them, where distinct cores are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod

from rohe_iac.foundation.quantities import shown_cpu
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase

MOST_CUTS = 4000
"""Ways to cut the chunks that are looked at; of more only those to what is free now."""

MOST_STEPS = 500
"""Chunks that are put on cores to see whether replicas of cut chunks can stand closer."""

KEPT = 8
"""Ways out that are told, the smallest first."""

Row = tuple[int, ...]


def core_ways(case: RefusalCase) -> Iterator[list[EditSet]]:
    """The ways out of missing cores; nothing where the cores do."""
    if not case.asked.cores or not sum(_lacks(case.asked.cores, case.ledger.cores[case.node])):
        return
    ways = []
    for kept in _cuts(case):
        # Where its own replicas are on the cores, smaller chunks make room there too.
        free = _free(case, kept)
        lacks = [] if kept != case.asked.cores and case.held and _closer(case, kept) else _lacks(kept, free)
        smaller = [_smaller(case, kept)] if kept != case.asked.cores else []
        ways.append((*smaller, *([_larger(case, free, lacks)] if sum(lacks) else [])))
    ways.sort(key=lambda way: (sum(step.change for step in way), len(way), [step.words for step in way]))
    # Of each kind the smallest comes along, for what is proved to be no way out is no reason to try others like it.
    first = [next((way for way in ways if fits(way)), None) for fits in (_is_smaller, _is_larger)]
    yield list(dict.fromkeys([*ways[:KEPT], *(way for way in first if way is not None)]))


def _is_smaller(way: EditSet) -> bool:
    return len(way) == 1 and way[0].words.startswith("service/")


def _is_larger(way: EditSet) -> bool:
    return len(way) == 1 and way[0].words.startswith("node/")


def _cuts(case: RefusalCase) -> list[Row]:
    """The chunks as they are, and cut to what cores can hold; chunks of which nothing is left are gone."""
    chunks, free = case.asked.cores, case.ledger.cores[case.node]
    rooms = _rooms(case)
    parts = {room // part for room in rooms for part in range(1, len(case.held) + 2)} | {*free, 0}
    values = [sorted({one for one in parts if one < chunk} | {chunk, 1}) for chunk in chunks]
    if prod(map(len, values)) > MOST_CUTS:
        best = sorted(free, reverse=True)
        cut = [max(0, chunk - lack) for chunk, lack in zip(chunks, _lacks(chunks, best), strict=True)]
        return [chunks, *([one] if (one := _sorted(cut)) else [])]
    return sorted({one for one in map(_sorted, product(*values)) if one})


def _rooms(case: RefusalCase) -> list[int]:
    """What is free of each core, were the demand's own replicas gone."""
    rooms = list(case.ledger.cores[case.node])
    for held in case.held:
        for core, amount in held:
            rooms[core] += amount
    return rooms


def _free(case: RefusalCase, kept: Row) -> list[int]:
    """What is free of each core once the replicas that are there ask for no more than that."""
    free = list(case.ledger.cores[case.node])
    for held in case.held:
        had = sorted(held, key=lambda use: -use[1])
        for (core, amount), now in zip(had, (*kept, *(0,) * len(had)), strict=False):
            free[core] += amount - now
    return free


def _closer(case: RefusalCase, kept: Row) -> bool:
    """Whether the replicas that are there and one more can be put on the cores anew, as far as is looked."""
    rooms, steps = _rooms(case), 0

    def put(replica: int, chunk: int, used: frozenset[int]) -> bool:
        nonlocal steps
        if chunk == len(kept):
            return replica == len(case.held) or put(replica + 1, 0, frozenset())
        for core in sorted(range(len(rooms)), key=rooms.__getitem__):
            if steps < MOST_STEPS and core not in used and rooms[core] >= kept[chunk]:
                steps += 1
                rooms[core] -= kept[chunk]
                if put(replica, chunk + 1, used | {core}):
                    return True
                rooms[core] += kept[chunk]
        return False

    return put(0, 0, frozenset())


def _lacks(chunks: Row, free: Sequence[int]) -> list[int]:
    """What each chunk, largest first, lacks of the core that it would get; of cores that are not there all of it."""
    best = sorted(free, reverse=True)
    return [max(0, chunk - one) for chunk, one in zip(chunks, [*best, *(0,) * len(chunks)], strict=False)]


def _larger(case: RefusalCase, free: Sequence[int], lacks: Sequence[int]) -> EditStep:
    best = sorted(range(len(free)), key=lambda core: (-free[core], core))
    sizes = list(case.supply.cores)
    for core, lack in zip(best, lacks, strict=False):
        sizes[core] += lack
    larger = (*sizes, *lacks[len(free) :])
    change = sum(lacks) * MILLION // max(sum(case.supply.cores), 1)
    edit = f"{case.where}.cores={_written(larger, case.supply.cores)}"
    return EditStep(f"{case.where}.cores up to [{', '.join(map(shown_cpu, larger))}]", edit, change)


def _smaller(case: RefusalCase, kept: Sequence[int]) -> EditStep:
    asked = sum(case.asked.cores)
    edit = f"{case.asking}.cores={_written(kept, case.asked.cores)}"
    words = f"{case.service}.cores down to [{', '.join(map(shown_cpu, kept))}]"
    return EditStep(words, edit, (asked - sum(kept)) * MILLION // asked)


def _written(cores: Sequence[int], had: Sequence[int]) -> str:
    """One core in place of several is written with one of nothing: a single amount would be that of every core."""
    return "+".join([*map(shown_cpu, cores), *(["0"] if len(cores) == 1 < len(had) else [])])


def _sorted(chunks: Iterable[int]) -> Row:
    return tuple(sorted((one for one in chunks if one > 0), reverse=True))
