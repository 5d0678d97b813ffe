"""Core packing: the chunks of several requests on the cores of one node, all at once."""

from __future__ import annotations

from collections.abc import Sequence


def pack_cores(
    free: Sequence[int], requests: Sequence[tuple[int, ...]], max_tries: int
) -> list[tuple[tuple[int, int], ...]] | None:
    """Returns for each request its (core, millicores) on distinct cores; None where no packing is found.

    Depth-first search: chunks are set the largest first, each on the core that it fills the most; a chunk that fits
    nowhere makes the one before it try another core. One function with local variables, because the search calls it in
    its innermost loop.

    Args:
        free: What is free on each core, in millicores.
        requests: The chunks of each request, in millicores.
        max_tries: How many chunks may be set before the packing is given up.
    """
    chunks = sorted(
        ((amount, len(request), number) for number, request in enumerate(requests) for amount in request), reverse=True
    )
    if not chunks:
        return [() for _ in requests]
    if not free or _is_hopeless(free, requests, chunks[-1][0]):
        return None
    residual = list(free)
    # The requests that have a chunk on each core, as bits.
    requests_on = [0] * len(residual)
    chosen: list[int] = []
    # For each chunk that is set or about to be: the core tried last, as residual times number of cores plus core; and
    # the cores tried, as residual and requests: what failed on one core fails on all that are alike.
    last_tried: list[int] = []
    tried: list[list[tuple[int, int]]] = []
    size = len(residual)
    # How much of the residuals may be wasted, beside what is already too small for any chunk.
    smallest, final = chunks[-1][0], len(chunks) - 1
    slack = sum(room for room in residual if room >= smallest) - sum(amount for amount, _, _ in chunks)
    tries = position = 0
    while position < len(chunks):
        if len(last_tried) == position:
            tries += 1
            if tries > max_tries:
                return None
            last_tried.append(-1)
            tried.append([])
        amount, _, number = chunks[position]
        bit, after, failed = 1 << number, last_tried[position], tried[position]
        best, least = -1, 1 << 62
        for core, room in enumerate(residual):
            if room >= amount and not requests_on[core] & bit and after < room * size + core < least:
                if failed and (room, requests_on[core]) in failed:
                    continue
                if room - amount < smallest and room - amount > slack and position < final:
                    continue
                best, least = core, room * size + core
        if best >= 0:
            last_tried[position] = least
            failed.append((residual[best], requests_on[best]))
            residual[best] -= amount
            if residual[best] < smallest:
                slack -= residual[best]
            requests_on[best] |= bit
            chosen.append(best)
            position += 1
            continue
        last_tried.pop()
        tried.pop()
        position -= 1
        if position < 0:
            return None
        core = chosen.pop()
        amount, _, number = chunks[position]
        if residual[core] < smallest:
            slack += residual[core]
        residual[core] += amount
        requests_on[core] &= ~(1 << number)
    rows: list[list[tuple[int, int]]] = [[] for _ in requests]
    for (amount, _, number), core in zip(chunks, chosen, strict=True):
        rows[number].append((core, amount))
    return [tuple(row) for row in rows]


def _is_hopeless(free: Sequence[int], requests: Sequence[tuple[int, ...]], smallest: int) -> bool:
    """Checks whether counting alone shows that there is no packing.

    A chunk beside which not even the smallest one fits has a core to itself. The cores that are left have to hold all
    other chunks, and those of one request on as many cores.
    """
    largest = max(free)
    shareable = largest - smallest
    cores_left = len(free)
    others = widest = 0
    for chunks in requests:
        sharing = 0
        for amount in chunks:
            if amount > shareable:
                cores_left -= 1
            else:
                sharing += 1
                others += amount
        widest = max(widest, sharing)
    return widest > cores_left or others > cores_left * largest
