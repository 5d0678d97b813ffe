"""Edits of cores: smaller chunks of the request, larger cores or more of them, where distinct cores are missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from math import prod

from rohe_iac.foundation.quantities import cpu_alike, shown_cpu
from rohe_iac.planning.model.units import MILLION
from rohe_iac.planning.questions.why_not.refusal_case import EditSet, EditStep, RefusalCase

MAX_CUTS = 4000
"""Combinations of chunk sizes up to which all are tried; of more, only those cut to what is free now."""

MAX_STEPS = 500
"""Assignments of chunks to cores that the repacking of smaller chunks may try."""

KEPT = 8
"""Edits that are kept, the smallest first."""

Row = tuple[int, ...]


def core_edits(case: RefusalCase) -> Iterator[list[EditSet]]:
    """Yields the edits that cover missing cores; nothing where the cores suffice."""
    if not case.asked.cores or not sum(_shortages(case.asked.cores, case.ledger.cores[case.node])):
        return
    edits = []
    for chunks in _chunk_options(case):
        # Smaller chunks of the replicas on the node make room there too.
        free = _free_with(case, chunks)
        repacked = chunks != case.asked.cores and case.core_uses and _can_repack(case, chunks)
        shortages = [] if repacked else _shortages(chunks, free)
        smaller = [_smaller_chunks(case, chunks)] if chunks != case.asked.cores else []
        edits.append((*smaller, *([_larger_cores(case, free, shortages)] if sum(shortages) else [])))
    edits.sort(key=lambda steps: (sum(step.change for step in steps), len(steps), [step.words for step in steps]))
    # The smallest edit of each kind is kept as well: that one kind fails says nothing about the other.
    first = [next((steps for steps in edits if is_kind(steps)), None) for is_kind in (_is_smaller, _is_larger)]
    yield list(dict.fromkeys([*edits[:KEPT], *(steps for steps in first if steps is not None)]))


def _is_smaller(steps: EditSet) -> bool:
    return len(steps) == 1 and steps[0].words.startswith("service/")


def _is_larger(steps: EditSet) -> bool:
    return len(steps) == 1 and steps[0].words.startswith("node/")


def _chunk_options(case: RefusalCase) -> list[Row]:
    """Returns the chunks of the request, and smaller ones that the cores can hold; empty chunks are left out."""
    chunks, free = case.asked.cores, case.ledger.cores[case.node]
    rooms = _rooms_without(case)
    parts = {room // part for room in rooms for part in range(1, len(case.core_uses) + 2)} | {*free, 0}
    values = [sorted({size for size in parts if size < chunk} | {chunk, 1}) for chunk in chunks]
    if prod(map(len, values)) > MAX_CUTS:
        best = sorted(free, reverse=True)
        cut = [max(0, chunk - shortage) for chunk, shortage in zip(chunks, _shortages(chunks, best), strict=True)]
        return [chunks, *([option] if (option := _descending(cut)) else [])]
    return sorted({option for option in map(_descending, product(*values)) if option})


def _rooms_without(case: RefusalCase) -> list[int]:
    """Returns what each core would have free without the replicas of the demand."""
    rooms = list(case.ledger.cores[case.node])
    for uses in case.core_uses:
        for core, amount in uses:
            rooms[core] += amount
    return rooms


def _free_with(case: RefusalCase, chunks: Row) -> list[int]:
    """Returns what each core has free once the replicas of the demand on the node have these chunks."""
    free = list(case.ledger.cores[case.node])
    for uses in case.core_uses:
        largest_first = sorted(uses, key=lambda use: -use[1])
        for (core, amount), chunk in zip(largest_first, (*chunks, *(0,) * len(uses)), strict=False):
            free[core] += amount - chunk
    return free


def _can_repack(case: RefusalCase, chunks: Row) -> bool:
    """Checks within MAX_STEPS whether the replicas on the node and one more fit on the cores, all assigned anew."""
    rooms, steps = _rooms_without(case), 0

    def assign(replica: int, chunk: int, used: frozenset[int]) -> bool:
        nonlocal steps
        if chunk == len(chunks):
            return replica == len(case.core_uses) or assign(replica + 1, 0, frozenset())
        for core in sorted(range(len(rooms)), key=rooms.__getitem__):
            if steps < MAX_STEPS and core not in used and rooms[core] >= chunks[chunk]:
                steps += 1
                rooms[core] -= chunks[chunk]
                if assign(replica, chunk + 1, used | {core}):
                    return True
                rooms[core] += chunks[chunk]
        return False

    return assign(0, 0, frozenset())


def _shortages(chunks: Row, free: Sequence[int]) -> list[int]:
    """Returns what each chunk, largest first, lacks of the core that it would get; a missing core lacks all of it."""
    best = sorted(free, reverse=True)
    return [max(0, chunk - room) for chunk, room in zip(chunks, [*best, *(0,) * len(chunks)], strict=False)]


def _larger_cores(case: RefusalCase, free: Sequence[int], shortages: Sequence[int]) -> EditStep:
    best = sorted(range(len(free)), key=lambda core: (-free[core], core))
    sizes = list(case.supply.cores)
    for core, shortage in zip(best, shortages, strict=False):
        sizes[core] += shortage
    larger = (*sizes, *shortages[len(free) :])
    change = sum(shortages) * MILLION // max(sum(case.supply.cores), 1)
    edit = f"{case.address}.cores={_written(larger, case.supply.cores)}"
    return EditStep(f"{case.address}.cores up to [{', '.join(cpu_alike(*larger))}]", edit, change)


def _smaller_chunks(case: RefusalCase, chunks: Sequence[int]) -> EditStep:
    asked = sum(case.asked.cores)
    edit = f"{case.request_owner}.cores={_written(chunks, case.asked.cores)}"
    words = f"{case.service}.cores down to [{', '.join(cpu_alike(*chunks))}]"
    return EditStep(words, edit, (asked - sum(chunks)) * MILLION // asked, lowers=True)


def _written(cores: Sequence[int], before: Sequence[int]) -> str:
    """Returns the cores as edits write them; a lone core that replaces several gets a second of 0."""
    return "+".join([*map(shown_cpu, cores), *(["0"] if len(cores) == 1 < len(before) else [])])


def _descending(chunks: Iterable[int]) -> Row:
    return tuple(sorted((chunk for chunk in chunks if chunk > 0), reverse=True))
