"""Packing: the chunks of several requests on the cores of one node, all at once."""

from __future__ import annotations

from collections.abc import Sequence


def pack_cores(
    free: Sequence[int], asked: Sequence[tuple[int, ...]], tries_left: int
) -> list[tuple[tuple[int, int], ...]] | None:
    """For each request its chunks on distinct cores, all requests at once; None where none is found.

    tries_left: chunks that may be set before it is given up.

    Chunks are set the largest first, each on the core that it fills the most; what fails is tried on others.
    """
    chunks = sorted(((amount, len(one), number) for number, one in enumerate(asked) for amount in one), reverse=True)
    if not chunks:
        return [() for _ in asked]
    if _hopeless(free, asked, chunks[-1][0]):
        return None
    left = list(free)
    # The requests that have a chunk on each core, as bits.
    on = [0] * len(left)
    chosen: list[int] = []
    # Of each chunk set or about to be the core tried last, as its room times their number and its own; and the cores
    # tried, by room and requests: what went wrong on one goes wrong on all like it.
    last: list[int] = []
    tried: list[list[tuple[int, int]]] = []
    size = len(left)
    # What may be left over where nothing fits any more, beside what is already.
    smallest, final = chunks[-1][0], len(chunks) - 1
    slack = sum(room for room in left if room >= smallest) - sum(amount for amount, _, _ in chunks)
    spent = position = 0
    while position < len(chunks):
        if len(last) == position:
            spent += 1
            if spent > tries_left:
                return None
            last.append(-1)
            tried.append([])
        amount, _, number = chunks[position]
        bit, after, marks = 1 << number, last[position], tried[position]
        best, least = -1, 1 << 62
        for core, room in enumerate(left):
            if room >= amount and not on[core] & bit and after < room * size + core < least:
                if marks and (room, on[core]) in marks:
                    continue
                if room - amount < smallest and room - amount > slack and position < final:
                    continue
                best, least = core, room * size + core
        if best >= 0:
            last[position] = least
            marks.append((left[best], on[best]))
            left[best] -= amount
            if left[best] < smallest:
                slack -= left[best]
            on[best] |= bit
            chosen.append(best)
            position += 1
            continue
        last.pop()
        tried.pop()
        position -= 1
        if position < 0:
            return None
        core = chosen.pop()
        amount, _, number = chunks[position]
        if left[core] < smallest:
            slack += left[core]
        left[core] += amount
        on[core] &= ~(1 << number)
    rows: list[list[tuple[int, int]]] = [[] for _ in asked]
    for (amount, _, number), core in zip(chunks, chosen, strict=True):
        rows[number].append((core, amount))
    return [tuple(row) for row in rows]


def _hopeless(free: Sequence[int], asked: Sequence[tuple[int, ...]], least: int) -> bool:
    """Whether counting alone shows that nothing can be found.

    A chunk beside which not even the least one fits has a core to itself; what is left of the cores has to hold all
    others, and those of one request on as many of them.
    """
    largest = max(free)
    most = largest - least
    left = len(free)
    others = wide = 0
    for chunks in asked:
        fitting = 0
        for amount in chunks:
            if amount > most:
                left -= 1
            else:
                fitting += 1
                others += amount
        wide = max(wide, fitting)
    return wide > left or others > left * largest
