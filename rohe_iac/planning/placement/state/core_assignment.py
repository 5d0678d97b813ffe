"""Assigns the chunks of a request to the tightest free cores."""

from __future__ import annotations

from collections.abc import Sequence
from operator import le

from rohe_iac.planning.model.keys import UNLIMITED
from rohe_iac.planning.placement.state.amounts import Row, Share


def descending(row: Row) -> Row:
    """Returns the row with the largest first."""
    return tuple(sorted(row, reverse=True))


def changed(row: Row, shares: tuple[Share, ...], sign: int) -> Row:
    """Returns the row with each amount added (sign 1) at its position, or taken away (-1)."""
    values = list(row)
    for position, amount in shares:
        values[position] += sign * amount
    return tuple(values)


def cores_fit(chunks: Row, cores: Row) -> bool:
    """Checks whether distinct cores hold the chunks; both are in millicores, the largest first.

    Largest against largest decides: a core that holds a chunk holds every smaller one.
    """
    return len(chunks) <= len(cores) and all(map(le, chunks, cores))


def tightest_cores(free: Sequence[int], chunks: tuple[int, ...]) -> tuple[Share, ...]:
    """Returns distinct cores for the chunks: each on the core that it fills the most, the lower number where equal.

    Taking the largest chunk first never fails where `cores_fit`: a core that holds a chunk holds every smaller one.

    Args:
        free: Free millicores by core number.
        chunks: Millicores, the largest first.

    Raises:
        ValueError: The cores do not hold the chunks.
    """
    taken: list[Share] = []
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
