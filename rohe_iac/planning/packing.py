"""Packing: the chunks of several requests on the cores of one node, all at once."""

from __future__ import annotations

from collections.abc import Sequence


def packed(
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
    tries: list[list[int]] = []
    spent = 0

    def choices(position: int) -> list[int]:
        amount, _, number = chunks[position]
        bit = 1 << number
        fitting = [(room, core) for core, room in enumerate(left) if room >= amount and not on[core] & bit]
        fitting.sort()
        found, seen = [], set()
        for room, core in fitting:
            mark = (room, on[core])
            if mark not in seen:
                seen.add(mark)
                found.append(core)
        found.reverse()
        return found

    position = 0
    while position < len(chunks):
        if len(tries) == position:
            spent += 1
            if spent > tries_left:
                return None
            tries.append(choices(position))
        if tries[position]:
            core = tries[position].pop()
            amount, _, number = chunks[position]
            left[core] -= amount
            on[core] |= 1 << number
            chosen.append(core)
            position += 1
            continue
        tries.pop()
        position -= 1
        if position < 0:
            return None
        core = chosen.pop()
        amount, _, number = chunks[position]
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
