"""Assigns the chunks of a request to the tightest free cores."""

from __future__ import annotations

from collections.abc import Sequence

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.placement.state.amounts import Row


def descending(row: Row) -> Row:
    """The row with the largest first."""
    return tuple(sorted(row, reverse=True))


def changed(row: Row, amounts: tuple[tuple[int, int], ...], sign: int) -> Row:
    """The row with each amount added (1) to its place, or taken away (-1)."""
    values = list(row)
    for place, amount in amounts:
        values[place] += sign * amount
    return tuple(values)


def tightest_cores(free: Sequence[int], chunks: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """Each chunk (largest first) on the core that it fills the most, cores distinct; by core number where equal.

    Largest first never fails where the request is dominated by the free cores: what holds a chunk holds every smaller.
    """
    taken: list[tuple[int, int]] = []
    used = 0
    for chunk in chunks:
        best, left = -1, UNLIMITED
        for core, amount in enumerate(free):
            if chunk <= amount < left and not used >> core & 1:
                best, left = core, amount
        if best < 0:
            raise ValueError(f"no distinct core holds {chunk} of {chunks} in {free}")
        used |= 1 << best
        taken.append((best, chunk))
    return tuple(taken)
